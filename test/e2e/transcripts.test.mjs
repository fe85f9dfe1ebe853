// The transcripts of four servers from npm and both generations of the TypeScript SDK's client,
// with and without pawl between them: see twice.mjs.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Session, assertEqual, both, call, fails, kits, program, untimed } from './twice.mjs';
import { World, pawl } from './world.mjs';

for (const kit of kits) {
  test(`server-everything says the same to ${kit.name}`, async (t) => {
    const progress = [];
    const [direct, gated] = await both(t, {
      kit,
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
    assertEqual(direct, gated);
    assert.deepEqual(fails(direct.said), ['prompts/get no-prompt', 'resources/read nothing']);
    // The client drops progress that arrives in the turn of its answer, so the last one is a race,
    // with and without pawl; what is heard is the same.
    const steps = [1, 2].map((step) => ({ progress: step, total: 2 }));
    const heardTwice = progress.filter((step) => step.progress === 1).length === 2;
    assert.ok(heardTwice, JSON.stringify(progress));
    for (const step of progress) assert.deepEqual(step, steps[step.progress - 1]);
  });

  test(`server-filesystem says the same to ${kit.name}`, async (t) => {
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
      kit,
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

  test(`server-memory says the same to ${kit.name}`, async (t) => {
    const outside = new World('');
    t.after(() => outside.end());
    const file = path.join(outside.dir, 'memory.jsonl');
    const entity = { name: 'Ada', entityType: 'person', observations: ['counts'] };
    const relation = { from: 'Ada', to: 'Bob', relationType: 'knows' };
    const [direct, gated] = await both(t, {
      kit,
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

  test(`mcp-server-sqlite says the same to ${kit.name}`, async (t) => {
    const outside = new World('');
    t.after(() => outside.end());
    const file = path.join(outside.dir, 'database.db');
    const [direct, gated] = await both(t, {
      kit,
      server: 'mcp-server-sqlite',
      env: { SQLITE_DB_PATH: file },
      fresh: () => {
        for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
      },
      steps: [
        call('execute', { sql: 'CREATE TABLE vault (id INTEGER PRIMARY KEY, secret TEXT)' }),
        call('execute', { sql: "INSERT INTO vault (secret) VALUES ('one'), ('zwei \u2028 \"\\\\')" }),
        call('query', { sql: 'SELECT id, secret FROM vault ORDER BY id' }),
        call('query', { sql: 'DELETE FROM vault' }),
        call('query', { sql: 'SELECT nothing FROM nowhere' }),
        call('list-tables', {}),
        call('describe-table', { tableName: 'vault' }),
        call('describe-table', { tableName: 'none' }),
        ['resources/list', (client) => client.listResources()],
        ['resources/templates/list', (client) => client.listResourceTemplates()],
        ['resources/read schema', (client) => client.readResource({ uri: 'schema://database' })],
        ['resources/read tables', (client) => client.readResource({ uri: 'tables://list' })],
        ['resources/read table', (client) => client.readResource({ uri: 'table-info://vault' })],
        ['prompts/list', (client) => client.listPrompts()],
        [
          'prompts/get analyze-schema',
          (client) =>
            client.getPrompt({ name: 'analyze-schema', arguments: { includeData: 'true' } }),
        ],
      ],
    });
    assertEqual(direct, gated);
    assert.equal(fails(direct.said).length, 3, JSON.stringify(fails(direct.said)));
    assert.match(JSON.stringify(direct.said), /zwei/);
  });
}

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
  const direct = await new Session(kits[0]).open('node', command, w.env);
  t.after(() => direct.close());
  const gated = await new Session(kits[0]).open(
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
