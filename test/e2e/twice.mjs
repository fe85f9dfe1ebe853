// What an unmodified client and an unmodified server say to each other, with nothing between them
// and with pawl between them under a policy that grants everything: the same steps twice. Equal,
// but for what `differences` names.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { World, modules, pawl } from './world.mjs';

// Every difference there may be; each is applied to both transcripts before they are compared.
// Ids and progress tokens differ on the wire too, but a client never shows them; of our spelling of
// the arguments and of dropped `_meta` keys a client sees nothing either: wire.test.mjs has those.
export const differences = {
  'capabilities that no grant stands for are not passed on': ({ opening }) => {
    delete opening.capabilities.experimental;
  },
  'tasks are made of calls of tools, and are not listed': ({ opening }) => {
    const { tasks } = opening.capabilities;
    if (!tasks) return;
    const { tools } = tasks.requests;
    opening.capabilities.tasks = { cancel: tasks.cancel, requests: { tools } };
  },
  'a changed list of tools is announced once it was read again, and only where it was shown before':
    (said) => {
      said.heard = said.heard.filter(
        (notice) => notice.method !== 'notifications/tools/list_changed',
      );
    },
  'a person is told which server asks': ({ asked }) => {
    for (const { method, params } of asked) {
      if (method !== 'elicitation/create') continue;
      params.message = params.message.replace(/^the tool server asks: /, '');
    }
  },
};

export const program = (name) => {
  if (name === 'mcp-server-sqlite') return path.join(modules, name, 'dist/cli.js');
  return path.join(modules, `@modelcontextprotocol/${name}/dist/index.js`);
};

export const grantAll = (tools, scope = '') => `
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

// The two generations of the TypeScript SDK's client, made to look alike.
async function first() {
  const sdk = path.join(modules, '@modelcontextprotocol/sdk/dist/esm');
  const { Client } = await import(`${sdk}/client/index.js`);
  const { StdioClientTransport } = await import(`${sdk}/client/stdio.js`);
  const types = await import(`${sdk}/types.js`);
  const schemas = {
    'sampling/createMessage': types.CreateMessageRequestSchema,
    'elicitation/create': types.ElicitRequestSchema,
    'roots/list': types.ListRootsRequestSchema,
  };
  return {
    name: 'SDK 1',
    Client,
    StdioClientTransport,
    handle: (client, method, run) => client.setRequestHandler(schemas[method], run),
    call: (client, params, options) => client.callTool(params, undefined, options),
    options: {},
  };
}
async function second() {
  const sdk = path.join(modules, '@modelcontextprotocol/client/dist');
  const { Client } = await import(`${sdk}/index.mjs`);
  const { StdioClientTransport } = await import(`${sdk}/stdio.mjs`);
  return {
    name: 'SDK 2',
    Client,
    StdioClientTransport,
    handle: (client, method, run) => client.setRequestHandler(method, run),
    call: (client, params, options) => client.callTool(params, options),
    // Says `initialize`, like the servers here: with pawl between them it would find the stateless
    // revision, and the two transcripts would be of two eras. eras.test.mjs has those.
    options: { versionNegotiation: { mode: 'legacy' } },
  };
}
export const kits = [await first(), await second()];

const answers = {
  'sampling/createMessage': {
    role: 'assistant',
    model: 'm',
    content: { type: 'text', text: 'sampled' },
  },
  'roots/list': { roots: [{ uri: 'file:///tmp/', name: 'tmp' }] },
};

export class Session {
  constructor(kit, { asked = false, elicit = { action: 'decline' } } = {}) {
    const capabilities = asked
      ? { sampling: {}, elicitation: { form: {}, url: {} }, roots: { listChanged: true } }
      : {};
    this.kit = kit;
    this.client = new kit.Client(
      { name: 'transcript', version: '1' },
      { capabilities, ...kit.options },
    );
    this.heard = [];
    this.asked = [];
    this.client.fallbackNotificationHandler = async (notice) => {
      this.heard.push(structuredClone(notice));
    };
    if (!asked) return;
    for (const [method, result] of Object.entries({ ...answers, 'elicitation/create': elicit })) {
      kit.handle(this.client, method, async ({ params }) => {
        this.asked.push(structuredClone({ method, params }));
        return typeof result === 'function' ? result(params) : result;
      });
    }
  }
  async open(command, args, env) {
    const { StdioClientTransport } = this.kit;
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
  call(name, args, options) {
    return this.kit.call(this.client, { name, arguments: args }, options);
  }
  // Results and errors alike, as the client hands them to its user.
  async say(steps) {
    const out = [];
    for (const [name, step] of steps) {
      try {
        out.push([name, await step(this.client, this)]);
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

export const call = (name, args, options) => [
  `tools/call ${name} ${JSON.stringify(args)}`,
  (_, session) => session.call(name, args, options),
];

// Both transcripts of one server. `fresh` puts the world that the server works on back to its
// start.
export async function both(
  t,
  { kit = kits[0], server, args = [], steps, env = {}, fresh = () => {}, asked, elicit },
) {
  const w = new World('');
  t.after(() => w.end());
  const command = [program(server), ...args];
  const environment = { ...w.env, ...env };
  const seen = [];
  for (const way of ['direct', 'pawl']) {
    fresh();
    const through = ['mcp', '--policy', w.policy, '--state-dir', w.state];
    for (const name of Object.keys(env)) through.push('--env', name);
    const session = new Session(kit, { asked, elicit });
    t.after(() => session.close());
    if (way === 'direct') await session.open('node', command, environment);
    else await session.open(pawl, [...through, '--', 'node', ...command], environment);
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

export function assertEqual(direct, gated) {
  assert.deepEqual(gated.opening, direct.opening);
  assert.deepEqual(gated.tools, direct.tools);
  direct.said.forEach(([, result]) => untimed(result));
  gated.said.forEach(([, result]) => untimed(result));
  direct.said.forEach(([name, result], i) => {
    assert.equal(gated.said[i][0], name);
    assert.deepEqual(gated.said[i][1], result, name);
  });
  assert.equal(gated.said.length, direct.said.length);
  assert.deepEqual(gated.heard, direct.heard);
  assert.deepEqual(questions(gated.asked), questions(direct.asked));
}

export const fails = (said) =>
  said.filter(([, result]) => result.error !== undefined || result.isError).map(([name]) => name);

// Servers say what time it is.
export function untimed(result) {
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
