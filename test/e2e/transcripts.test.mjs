// What an unmodified client and an unmodified server say to each other, with nothing between them
// and with pawl between them under a policy that grants everything. Equal, but for what
// `differences` names.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { World, modules, pawl } from './world.mjs';

const sdk = path.join(modules, '@modelcontextprotocol/sdk/dist/esm');
const { Client } = await import(`${sdk}/client/index.js`);
const { StdioClientTransport } = await import(`${sdk}/client/stdio.js`);
const types = await import(`${sdk}/types.js`);

// Every difference there may be; each is applied to both transcripts before they are compared.
// Ids and progress tokens differ on the wire too, but a client never shows them.
const differences = {
  'capabilities that no grant stands for are not passed on': ({ opening }) => {
    for (const name of ['tasks', 'experimental']) delete opening.capabilities[name];
  },
  'a changed list of tools is announced once it was read again, and only where it was shown before':
    (said) => {
      said.heard = said.heard.filter(
        (notice) => notice.method !== 'notifications/tools/list_changed',
      );
    },
};

const program = (name) => path.join(modules, `@modelcontextprotocol/${name}/dist/index.js`);

const grantAll = (tools, scope = '') => `
version: 1
agent: {id: all, identity: all@example}
tools:
  allowed:
    - {name: [${tools.join(', ')}], class: read_only${scope}}
    - {name: "mcp:*", class: read_only}
accept_risk:
  - {rule: "tools/${tools.join('|')}/class", reason: a test, owner: tester@example, until: 2030-01-01}
  - {rule: "tools/mcp:*/class", reason: a test, owner: tester@example, until: 2030-01-01}
`;

class Session {
  constructor({ answers = false } = {}) {
    const capabilities = answers
      ? { sampling: {}, elicitation: {}, roots: { listChanged: true } }
      : {};
    this.client = new Client({ name: 'transcript', version: '1' }, { capabilities });
    this.heard = [];
    this.asked = [];
    this.client.fallbackNotificationHandler = async (notice) => {
      this.heard.push(notice);
    };
    if (answers) this.answer();
  }
  answer() {
    const reply = (schema, result) =>
      this.client.setRequestHandler(schema, async ({ method, params }) => {
        this.asked.push({ method, params });
        return result;
      });
    reply(types.CreateMessageRequestSchema, {
      role: 'assistant',
      model: 'm',
      content: { type: 'text', text: 'sampled' },
    });
    reply(types.ListRootsRequestSchema, { roots: [{ uri: 'file:///tmp/', name: 'tmp' }] });
  }
  async open(command, args, env) {
    this.transport = new StdioClientTransport({ command, args, env, stderr: 'pipe' });
    this.err = '';
    this.transport.stderr.on('data', (bytes) => {
      this.err += bytes;
    });
    await this.client.connect(this.transport).catch((error) => {
      throw new Error(`${error.message}: ${this.err}`);
    });
    return this;
  }
  // Results and errors alike, as the client hands them to its user.
  async say(steps) {
    const out = [];
    for (const [name, step] of steps) {
      try {
        out.push([name, await step(this.client)]);
      } catch (error) {
        out.push([name, { error: error.message, code: error.code }]);
      }
    }
    return out;
  }
  opening() {
    return {
      capabilities: { ...this.client.getServerCapabilities() },
      server: this.client.getServerVersion(),
      instructions: this.client.getInstructions(),
    };
  }
  close() {
    return this.client.close();
  }
}

const call = (name, args, options) => [
  `tools/call ${name} ${JSON.stringify(args)}`,
  (client) => client.callTool({ name, arguments: args }, undefined, options),
];

// Both transcripts of one server. `fresh` puts the world that the server works on back to its
// start.
async function both(t, { server, args = [], steps, env = {}, fresh = () => {}, answers = false }) {
  const w = new World('');
  t.after(() => w.end());
  const command = [program(server), ...args];
  const environment = { ...w.env, ...env };
  const seen = [];
  for (const way of ['direct', 'pawl']) {
    fresh();
    const through = [
      'mcp',
      '--policy',
      w.policy,
      '--state-dir',
      w.state,
      ...Object.keys(env).flatMap((name) => ['--env', name]),
      '--',
      'node',
    ];
    const session = new Session({ answers });
    t.after(() => session.close());
    if (way === 'direct') await session.open('node', command, environment);
    else await session.open(pawl, [...through, ...command], environment);
    const tools = await session.client.listTools();
    if (way === 'direct') writeFileSync(w.policy, grantAll(tools.tools.map((tool) => tool.name)));
    seen.push({
      opening: session.opening(),
      tools,
      said: await session.say(steps),
      heard: session.heard,
      asked: session.asked,
    });
    await session.close();
  }
  assert.ok(seen[1].opening.capabilities.tasks === undefined);
  for (const change of Object.values(differences)) seen.forEach((said) => change(said));
  return seen;
}

// The server asks for roots by a timer of its own, so their order among the others is left to
// chance.
const questions = (asked) =>
  [...new Set(asked.map((question) => JSON.stringify(sorted(question))))].sort();
const sorted = (value) =>
  value === null || typeof value !== 'object' || Array.isArray(value)
    ? Array.isArray(value)
      ? value.map(sorted)
      : value
    : Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((key) => [key, sorted(value[key])]),
      );

function assertEqual(direct, gated) {
  assert.deepEqual(gated.opening, direct.opening);
  assert.deepEqual(gated.tools, direct.tools);
  direct.said.forEach(([name, result], i) => {
    assert.equal(gated.said[i][0], name);
    assert.deepEqual(gated.said[i][1], result, name);
  });
  assert.equal(gated.said.length, direct.said.length);
  assert.deepEqual(gated.heard, direct.heard);
  assert.deepEqual(questions(gated.asked), questions(direct.asked));
}

const fails = (said) =>
  said.filter(([, result]) => result.error !== undefined || result.isError).map(([name]) => name);

test('server-everything says the same', async (t) => {
  const progress = [];
  const [direct, gated] = await both(t, {
    server: 'server-everything',
    args: ['stdio'],
    steps: [
      call('echo', { message: 'hello \u00e9 \u{1f600} "quoted" \\ line\nline' }),
      call('get-sum', { a: 2, b: 40 }),
      call('get-sum', { a: 0.1, b: -3 }),
      call('get-annotated-message', { messageType: 'error', includeImage: true }),
      call('get-resource-links', { count: 2 }),
      call('get-resource-reference', { resourceType: 'Text', resourceId: 1 }),
      call('get-structured-content', { location: 'Chicago' }),
      call('get-tiny-image', {}),
      call(
        'trigger-long-running-operation',
        { duration: 0.2, steps: 2 },
        { onprogress: (p) => progress.push(p) },
      ),
      ['ping', (client) => client.ping()],
      ['prompts/list', (client) => client.listPrompts()],
      ['prompts/get simple-prompt', (client) => client.getPrompt({ name: 'simple-prompt' })],
      [
        'prompts/get args-prompt',
        (client) =>
          client.getPrompt({ name: 'args-prompt', arguments: { city: 'Oslo', state: 'x' } }),
      ],
      [
        'prompts/get resource-prompt',
        (client) =>
          client
            .getPrompt({
              name: 'resource-prompt',
              arguments: { resourceType: 'Text', resourceId: '1' },
            })
            .then(untimed),
      ],
      ['prompts/get no-prompt', (client) => client.getPrompt({ name: 'no-prompt' })],
      ['resources/list', (client) => client.listResources()],
      ['resources/templates/list', (client) => client.listResourceTemplates()],
      [
        'resources/read features.md',
        (client) => client.readResource({ uri: 'demo://resource/static/document/features.md' }),
      ],
      [
        'resources/read text',
        (client) => client.readResource({ uri: 'demo://resource/dynamic/text/1' }).then(untimed),
      ],
      ['resources/read nothing', (client) => client.readResource({ uri: 'demo://nothing' })],
      [
        'completion/complete',
        (client) =>
          client.complete({
            ref: { type: 'ref/prompt', name: 'completable-prompt' },
            argument: { name: 'department', value: 'E' },
          }),
      ],
      ['logging/setLevel', (client) => client.setLoggingLevel('warning')],
      [
        'resources/subscribe',
        (client) => client.subscribeResource({ uri: 'demo://resource/dynamic/text/1' }),
      ],
      [
        'resources/unsubscribe',
        (client) => client.unsubscribeResource({ uri: 'demo://resource/dynamic/text/1' }),
      ],
    ],
  });
  direct.said.forEach(([, result]) => untimed(result));
  gated.said.forEach(([, result]) => untimed(result));
  assertEqual(direct, gated);
  assert.deepEqual(fails(direct.said), ['prompts/get no-prompt', 'resources/read nothing']);
  // The client drops progress that arrives in the turn of its answer, so the last one is a race,
  // with and without pawl; what is heard is the same.
  const steps = [1, 2].map((step) => ({ progress: step, total: 2 }));
  const heardTwice = progress.filter((step) => step.progress === 1).length === 2;
  assert.ok(heardTwice, JSON.stringify(progress));
  for (const step of progress) assert.deepEqual(step, steps[step.progress - 1]);
});

// The dynamic resources say what time it is.
function untimed(result) {
  const walk = (value) => {
    for (const [key, inner] of Object.entries(value ?? {})) {
      if (typeof inner === 'string')
        value[key] = inner.replace(/\d{1,2}:\d{2}:\d{2}( [AP]M)?/g, 'TIME');
      else if (typeof inner === 'object') walk(inner);
    }
    return value;
  };
  return walk(result);
}

test('server-everything asks its client the same questions', async (t) => {
  const [direct, gated] = await both(t, {
    server: 'server-everything',
    args: ['stdio'],
    answers: true,
    steps: [
      call('echo', { message: 'first' }),
      call('trigger-sampling-request', { prompt: 'say something', maxTokens: 20 }),
      call('get-roots-list', {}),
    ],
  });
  assertEqual(direct, gated);
  assert.deepEqual(fails(direct.said), []);
  assert.ok(direct.asked.some((request) => request.method === 'sampling/createMessage'));
  assert.ok(direct.asked.some((request) => request.method === 'roots/list'));
});

test('server-filesystem says the same', async (t) => {
  const outside = new World('');
  t.after(() => outside.end());
  const root = path.join(outside.dir, 'root');
  const fresh = () => {
    rmSync(root, { recursive: true, force: true });
    mkdirSync(path.join(root, 'folder'), { recursive: true });
    writeFileSync(path.join(root, 'a.txt'), 'one\ntwo\nthree\n');
    writeFileSync(path.join(root, 'image.png'), Buffer.from('89504e470d0a1a0a', 'hex'));
  };
  fresh();
  const at = (name) => path.join(root, name);
  const [direct, gated] = await both(t, {
    server: 'server-filesystem',
    args: [root],
    fresh,
    steps: [
      call('list_allowed_directories', {}),
      call('read_text_file', { path: at('a.txt') }),
      call('read_text_file', { path: at('a.txt'), head: 1 }),
      call('read_file', { path: at('a.txt'), tail: 1 }),
      call('read_media_file', { path: at('image.png') }),
      call('write_file', { path: at('b.txt'), content: 'zwei\u2028\t"\\' }),
      call('read_multiple_files', { paths: [at('a.txt'), at('b.txt'), at('none')] }),
      call('edit_file', {
        path: at('a.txt'),
        edits: [{ oldText: 'two', newText: 'TWO' }],
        dryRun: false,
      }),
      call('create_directory', { path: at('made/deep') }),
      call('list_directory', { path: root }),
      call('list_directory_with_sizes', { path: root, sortBy: 'size' }),
      call('directory_tree', { path: root }),
      call('move_file', { source: at('b.txt'), destination: at('made/c.txt') }),
      call('search_files', { path: root, pattern: '**/*.txt' }),
      call('read_text_file', { path: '/etc/hostname' }),
      call('read_text_file', { path: at('none') }),
    ],
  });
  assertEqual(direct, gated);
  assert.equal(fails(direct.said).length, 2);
});

test('server-memory says the same', async (t) => {
  const outside = new World('');
  t.after(() => outside.end());
  const file = path.join(outside.dir, 'memory.jsonl');
  const entity = { name: 'Ada', entityType: 'person', observations: ['counts'] };
  const relation = { from: 'Ada', to: 'Bob', relationType: 'knows' };
  const [direct, gated] = await both(t, {
    server: 'server-memory',
    env: { MEMORY_FILE_PATH: file },
    fresh: () => rmSync(file, { force: true }),
    steps: [
      call('create_entities', { entities: [entity, { ...entity, name: 'Bob' }] }),
      call('create_relations', { relations: [relation] }),
      call('add_observations', {
        observations: [{ entityName: 'Ada', contents: ['reads', 'writes'] }],
      }),
      call('add_observations', { observations: [{ entityName: 'Nobody', contents: ['x'] }] }),
      call('read_graph', {}),
      call('search_nodes', { query: 'ada' }),
      call('open_nodes', { names: ['Bob'] }),
      call('delete_observations', { deletions: [{ entityName: 'Ada', observations: ['reads'] }] }),
      call('delete_relations', { relations: [relation] }),
      call('delete_entities', { entityNames: ['Bob'] }),
      ['resources/list', (client) => client.listResources()],
      ['resources/read', (client) => client.readResource({ uri: 'memory://knowledge-graph' })],
    ],
  });
  assertEqual(direct, gated);
  assert.equal(fails(direct.said).length, 1);
});

// The client checks `structuredContent` against the schema that `tools/list` showed it.
test('a scope passes a client that validates output schemas', async (t) => {
  const w = new World(`
version: 1
agent: {id: scoped, identity: scoped@example}
tools:
  allowed:
    - {name: get-structured-content, class: read_only, scope: [temperature]}
`);
  t.after(() => w.end());
  const command = [program('server-everything'), 'stdio'];
  const direct = await new Session().open('node', command, w.env);
  t.after(() => direct.close());
  const gated = await new Session().open(
    pawl,
    ['mcp', '--policy', w.policy, '--state-dir', w.state, '--', 'node', ...command],
    w.env,
  );
  t.after(() => gated.close());
  const schema = async (session) =>
    (await session.client.listTools()).tools.find((tool) => tool.name === 'get-structured-content')
      .outputSchema;
  const [whole, scoped] = [await schema(direct), await schema(gated)];
  assert.ok(whole.required.length > 1 && whole.required.includes('temperature'));
  assert.deepEqual(scoped.required, ['temperature']);
  const ask = { name: 'get-structured-content', arguments: { location: 'Chicago' } };
  const all = await direct.client.callTool(ask);
  const some = await gated.client.callTool(ask);
  assert.deepEqual(some.structuredContent, { temperature: all.structuredContent.temperature });
  for (const field of whole.required.filter((name) => name !== 'temperature')) {
    assert.ok(!JSON.stringify(some.content).includes(`${field}\\":`), JSON.stringify(some.content));
  }
});
