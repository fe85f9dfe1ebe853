// Several tool servers behind one endpoint: names, lists, resources, questions, and servers that
// are slow, end or refuse. Ids as in docs/reference/cases.md.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { at, begin, deploy, grant, granted, names, several } from './endpoint.mjs';
import { text, tools, until } from './endpoint.mjs';
import { Session, kits, program } from './twice.mjs';
import { World, code, pawl, sleep } from './world.mjs';

for (const [which, kit] of Object.entries({ 'an older': kits[0], 'a modern': kits[1] })) {
  test(`${which} SDK client uses two servers from npm behind one endpoint`, async (t) => {
    const w = new World('');
    t.after(() => w.end());
    w.env.MEMORY_FILE_PATH = path.join(w.dir, 'memory');
    const allowed = [
      'everything/echo',
      'everything/get-sum',
      'memory/create_entities',
      'memory/read_graph',
    ];
    writeFileSync(w.policy, grant(allowed));
    const servers = {
      everything: ['node', program('server-everything'), 'stdio'],
      memory: ['node', program('server-memory')],
    };
    deploy(w, servers);
    const modern = which === 'a modern';
    const session = new Session(
      modern ? { ...kit, options: { versionNegotiation: { mode: 'auto' } } } : kit,
      {},
    );
    t.after(() => session.close());
    const through = ['mcp', '--policy', w.policy, '--state-dir', w.state, ...names(servers)];
    await session.open(pawl, through, w.env);
    const { client } = session;
    assert.equal(client.getServerVersion().name, 'pawl');
    assert.match(client.getInstructions(), /Server `everything` says:\n> /);
    assert.deepEqual(tools(await client.listTools()), [...allowed].sort());
    assert.match(text(await session.call('everything/echo', { message: 'hey' })), /hey/);
    assert.match(text(await session.call('everything/get-sum', { a: 2, b: 3 })), /5/);
    const entity = { name: 'ada', entityType: 'person', observations: ['first'] };
    assert.match(text(await session.call('memory/create_entities', { entities: [entity] })), /ada/);
    assert.match(text(await session.call('memory/read_graph', {})), /ada/);
    const prompts = (await client.listPrompts()).prompts.map((prompt) => prompt.name);
    assert.ok(prompts.length > 0 && prompts.every((name) => name.startsWith('everything/')));
    assert.ok((await client.getPrompt({ name: 'everything/simple-prompt' })).messages.length > 0);
    const { resources } = await client.listResources();
    const read = await client.readResource({ uri: resources[0].uri });
    assert.equal(read.contents[0].uri, resources[0].uri);
    const denied = await session.call('memory/delete_entities', { entityNames: ['ada'] });
    assert.equal(code(denied), 'not_granted');
  });
}

test('what two servers say is one answer, and says whose it is', async (t) => {
  const [w, client] = await begin(t, { crm: 'old', bank: 'bare' });
  const { result } = client.server;
  assert.equal(result.protocolVersion, '2024-11-05');
  assert.deepEqual(Object.keys(result.capabilities).sort(), [
    'completions',
    'logging',
    'prompts',
    'resources',
    'tools',
  ]);
  assert.equal(result.capabilities.tools.listChanged, true);
  assert.match(result.instructions, /\n\nServer `crm` says:\n> Be kind to crm\.\n> Server `other`/);
  const list = (await client.request('tools/list', {})).result;
  // The first slash parts server and tool: another one belongs to the tool's own name.
  const own = ['ask', 'log', 'read', 'read/deep', 'read_link', 'wait'];
  const expected = [...own.map((tool) => `bank/${tool}`), ...own.map((tool) => `crm/${tool}`)];
  assert.deepEqual(tools(list), [...expected, 'crm/die'].sort());
  assert.deepEqual(list._meta['pawl/list'], { granted: 13, offered: 14 });
  assert.notEqual((await client.call('crm/read/deep', { id: '1' })).isError, true);
  assert.equal(text(await client.call('crm/read', { id: '1' })), 'read of crm');
  assert.equal(text(await client.call('bank/read', { id: '1' })), 'read of bank');
  assert.deepEqual(
    w.calls().map((line) => [line.server, line.params.name]),
    [
      ['crm', 'read/deep'],
      ['crm', 'read'],
      ['bank', 'read'],
    ],
  );
  // A server that has no prompts is not an error of a list.
  const prompts = (await client.request('prompts/list', {})).result;
  assert.deepEqual(prompts.prompts, [{ name: 'crm/hello' }, { name: 'bank/hello' }]);
  const prompt = (await client.request('prompts/get', { name: 'bank/hello' })).result;
  assert.equal(prompt.messages[0].content.text, 'hellobank');
  const ref = { type: 'ref/prompt', name: 'crm/hello' };
  const argument = { name: 'a', value: 'b' };
  const completed = (await client.request('completion/complete', { ref, argument })).result;
  assert.deepEqual(completed.completion.values, ['hello']);
});

test('S12 S14 a grant for one server is none for another', async (t) => {
  const [w, client] = await begin(t);
  const wrong = ['bank/die', 'BANK/read', 'bank//read', 'other/read', 'read', 'crm', 'bank/'];
  for (const name of wrong) {
    assert.equal(code(await client.call(name, {})), 'not_granted', name);
  }
  assert.equal(code(await client.request('prompts/get', { name: 'hello' })), 'not_granted');
  const task = await client.request('tasks/get', { taskId: '1' });
  assert.equal(code(task), 'ambiguous_request');
  assert.equal(w.calls().length, 0);
  assert.equal(at(w, 'crm', 'tasks/get').length, 0);
  const records = w.pawl('audit', 'query', '--json').out;
  for (const name of ['other/read', 'bank//read']) assert.ok(records.includes(name), name);
  assert.equal((await client.call('bank/read', {})).isError, undefined);
});

test('lists of several servers go on from page to page', async (t) => {
  const [w, client] = await begin(t, { crm: 'pages', bank: '' });
  // The pages of tools are pawl's to read: a client gets them together.
  const { result: all } = await client.request('tools/list', {});
  assert.equal(all.nextCursor, undefined);
  assert.equal(new Set(tools(all)).size, 13);
  assert.equal(at(w, 'crm', 'tools/list').length, 7);
  const found = [];
  let cursor;
  let pages = 0;
  do {
    const { result } = await client.request('prompts/list', cursor ? { cursor } : {});
    found.push(...result.prompts.map(({ name }) => name));
    cursor = result.nextCursor;
    ++pages;
  } while (cursor);
  assert.equal(pages, 3);
  assert.deepEqual(found, ['crm/hello 1', 'bank/hello', 'crm/hello 2', 'crm/hello 3']);
  for (const method of ['tools/list', 'prompts/list']) {
    for (const wrong of ['1', 'pawl-AAAA', cursorOf([['crm', '77']]), cursorOf([['other', '1']])]) {
      const { error, result } = await client.request(method, { cursor: wrong });
      assert.equal(error?.code, -32602, JSON.stringify(result));
    }
  }
});
const cursorOf = (cursors) => 'pawl-' + Buffer.from(JSON.stringify(cursors)).toString('base64');

test('a resource is read where it was listed, and from no server where two list it', async (t) => {
  const [w, client] = await begin(t);
  const read = async (uri) => {
    const answer = await client.request('resources/read', { uri });
    return answer.result?.contents[0].text ?? answer.error.message;
  };
  assert.match(await read('crm://own'), /list the resources first/);
  const { resources } = (await client.request('resources/list', {})).result;
  assert.equal(resources.length, 4);
  await client.request('resources/templates/list', {});
  assert.equal(await read('crm://own'), 'read by crm');
  assert.equal(await read('bank://own'), 'read by bank');
  assert.equal(await read('bank://rows/7'), 'read by bank');
  // D03: a link says where it is.
  assert.match(await read('bank://linked'), /list the resources first/);
  await client.call('bank/read_link', {});
  assert.equal(await read('bank://linked'), 'read by bank');
  assert.match(await read('both://same'), /`crm` and `bank` both offer it/);
  const before = at(w, 'crm', 'resources/read').length;
  assert.match(await read('file:///etc/passwd'), /list the resources first/);
  assert.equal(at(w, 'crm', 'resources/read').length, before);
  const ref = { type: 'ref/resource', uri: 'bank://rows/{id}' };
  await client.request('completion/complete', { ref, argument: { name: 'id', value: '1' } });
  assert.equal(at(w, 'bank', 'completion/complete').length, 1);
  assert.equal(at(w, 'crm', 'completion/complete').length, 0);
});

test('questions of two servers with one id get their own answers', async (t) => {
  const capabilities = { elicitation: {} };
  const [w, client] = await begin(t, undefined, { capabilities });
  const calls = ['crm', 'bank'].map((server) => client.call(`${server}/ask`, {}));
  const questions = await until(() => {
    const asked = client.heard.filter((message) => message.method === 'elicitation/create');
    return asked.length === 2 && asked;
  });
  assert.notEqual(questions[0].id, questions[1].id);
  for (const question of [...questions].reverse()) {
    const who = /tool server `(\w+)` asks/.exec(question.params.message)[1];
    const result = { action: 'accept', content: { to: `${who}-people` } };
    client.line(JSON.stringify({ jsonrpc: '2.0', id: question.id, result }));
  }
  const said = await Promise.all(calls);
  assert.deepEqual(said.map(text), ['crm heard crm-people', 'bank heard bank-people']);
  // An answer without a question reaches no server, nor does one that is two answers.
  const result = { action: 'accept', content: { to: 'x' } };
  client.line(JSON.stringify({ jsonrpc: '2.0', id: 77, result }));
  const again = client.call('bank/ask', {});
  const third = await until(() => client.heard.filter((m) => m.method === 'elicitation/create')[2]);
  client.line(`{"jsonrpc":"2.0","id":${third.id},"result":${JSON.stringify(result)},"Result":{}}`);
  assert.doesNotMatch(text(await again), /heard x/);
  assert.equal(w.seen().filter((line) => line.result?.content?.to === 'x').length, 0);
});

test('progress, log messages and their levels say whose they are', async (t) => {
  const [w, client] = await begin(t);
  await client.request('logging/setLevel', { level: 'error' });
  assert.deepEqual(
    w.seen('logging/setLevel').map((line) => line.server).sort(),
    ['bank', 'crm'],
  );
  await Promise.all([
    client.call('crm/read', {}, { progressToken: 'p' }),
    client.call('bank/read', {}, { progressToken: 'q' }),
  ]);
  const progress = client.heard.filter((m) => m.method === 'notifications/progress');
  const told = progress.map((m) => [m.params.progressToken, m.params.message]).sort();
  assert.deepEqual(told, [
    ['p', 'crm'],
    ['q', 'bank'],
  ]);
  await client.call('bank/log', {});
  const logs = client.heard.filter((m) => m.method === 'notifications/message');
  assert.deepEqual(
    logs.map((m) => [m.params.logger, m.params.data]),
    [['bank/db', 'of bank']],
  );
});

test('a list that is cancelled is cancelled at every server, a call at its own', async (t) => {
  const [w, client] = await begin(t, { crm: 'bare', bank: 'bare' });
  await client.request('tools/list', {});
  client.line('{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"bank/wait"}}');
  await until(() => at(w, 'bank', 'tools/call').length === 1);
  const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } };
  client.line(JSON.stringify(cancel));
  const [told] = await until(() => {
    const lines = at(w, 'bank', 'notifications/cancelled');
    return lines.length === 1 && lines;
  });
  assert.equal(told.params.requestId, at(w, 'bank', 'tools/call')[0].id);
  assert.equal(at(w, 'crm', 'notifications/cancelled').length, 0);
  // The id is free again, and its holder is answered.
  const again = await client.request('tools/call', { name: 'crm/read' }, 7);
  assert.equal(text(again.result), 'read of crm');
  // Two open requests of one id: the second has no id to be answered with.
  client.line('{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"crm/wait"}}');
  client.line('{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"bank/read"}}');
  await until(() => client.heard.some((m) => m.id === null && m.error));
  assert.equal(at(w, 'bank', 'tools/call').length, 1);
});

test('a server that ends takes no other along, and is started again where it was', async (t) => {
  const [w, client] = await begin(t);
  const waiting = client.call('crm/wait', {});
  await until(() => at(w, 'crm', 'tools/call').length === 1);
  await client.call('crm/die', {});
  assert.equal(code(await waiting), 'upstream_failed');
  assert.equal((await client.call('bank/read', {})).isError, undefined);
  assert.equal(text(await client.call('crm/read', {})), 'read of crm');
  assert.deepEqual([at(w, 'crm', 'initialize').length, at(w, 'bank', 'initialize').length], [2, 1]);
  const list = (await client.request('tools/list', {})).result;
  assert.equal(list._meta['pawl/list'].absent, undefined);
  assert.ok(tools(list).includes('crm/read'));
  assert.match(client.err, /server `crm` ended with/);
  assert.ok(w.pawl('audit', 'query', '--json').out.includes('server ended'));
  assert.equal(w.children(client).length, 2);
  assert.equal(await client.close(), 0);
  await until(() => w.children(client)[0] === '');
});

test('a server that refuses to start, or says nothing, is absent until it answers', async (t) => {
  const [, client] = await begin(t, { crm: '', bank: 'late', dead: 'refuses' });
  const { result } = client.server;
  assert.match(result.instructions, /Not listed until they answer: `bank`, `dead`\./);
  const before = Date.now();
  const list = (await client.request('tools/list', {})).result;
  assert.deepEqual(list._meta['pawl/list'].absent, ['bank', 'dead']);
  assert.ok(tools(list).includes('crm/read'));
  // What is asked of it waits, and nothing else waits with it.
  const called = client.call('bank/read', {});
  assert.equal(text(await client.call('crm/read', {})), 'read of crm');
  assert.ok(Date.now() - before < 8_000);
  const refused = text(await client.call('dead/read', {}));
  assert.match(refused, /server `dead` is not there yet: .*; nothing was sent/);
  assert.equal(text(await called), 'read of bank');
  await until(() => client.heard.some((m) => m.method === 'notifications/tools/list_changed'));
  const later = (await client.request('tools/list', {})).result;
  assert.ok(tools(later).includes('bank/read'));
  assert.deepEqual(later._meta['pawl/list'].absent, ['dead']);
});

test('servers that cannot stand beside each other do not start', async (t) => {
  const w = new World(granted);
  t.after(() => w.end());
  const command = ['node', several, w.record, 'x'];
  deploy(w, { fs: command, fs_read: command });
  const start = (...words) => w.pawl('mcp', '--policy', w.policy, ...words);
  const twins = start('--server', 'fs', '--server', 'fs_read');
  assert.notEqual(twins.status, 0);
  assert.match(twins.err, /`fs` and `fs_read` cannot stand behind one endpoint/);
  const unknown = start('--server', 'fs', '--server', 'other');
  assert.match(unknown.err, /no command for server `other`/);
  const both = start('--server', 'fs', '--server', 'crm', '--', ...command);
  assert.equal(both.status, 2);
  assert.match(both.err, /one command is one server/);
  assert.equal(w.seen('tools/call').length, 0);
});

test('the kill switch and the end of the client reach every server', async (t) => {
  const [w, client] = await begin(t);
  const calls = ['crm/wait', 'bank/wait'].map((name) => client.call(name, {}));
  await until(() => w.calls('wait').length === 2);
  assert.equal(w.pawl('kill', 'all', '--reason', 'drill').status, 0);
  await until(() => w.seen('notifications/cancelled').length >= 2);
  const servers = w.children(client);
  assert.equal(servers.length, 2);
  assert.equal(await client.close(), 0);
  await Promise.allSettled(calls.map((call) => Promise.race([call, sleep(10)])));
  await until(() => w.children(client)[0] === '');
});

const process_of = (w, server) => {
  const words = ['-f', `several.mjs ${w.record} ${server}`];
  return Number(spawnSync('pgrep', words, { encoding: 'utf8' }).stdout.trim().split('\n')[0]);
};

test('when every server has ended, each is there again for its next call', async (t) => {
  const [w, client] = await begin(t);
  process.kill(process_of(w, 'crm'), 'SIGKILL');
  const waiting = client.call('bank/wait', {});
  await until(() => at(w, 'bank', 'tools/call').length === 1);
  process.kill(process_of(w, 'bank'), 'SIGKILL');
  assert.equal(code(await waiting), 'upstream_failed');
  assert.equal(text(await client.call('bank/read', {})), 'read of bank');
  assert.equal(text(await client.call('crm/read', {})), 'read of crm');
  assert.match(client.err, /server `bank` ended with/);
  assert.equal(await client.close(), 0);
});

test('a server that does not read is refused more, and the other is served', async (t) => {
  const [w, client] = await begin(t);
  await client.request('tools/list', {});
  const pid = process_of(w, 'crm');
  process.kill(pid, 'SIGSTOP');
  t.after(() => process.kill(pid, 'SIGKILL'));
  const big = 'x'.repeat(16_000);
  const calls = [];
  for (let i = 0; i < 1800; ++i) calls.push(client.call('crm/read', { id: big }));
  const errors = calls.map((call) => call.then((r) => assert.ok(r.isError) ?? r));
  const refused = await Promise.any(errors);
  assert.equal(code(refused), 'upstream_failed');
  assert.match(text(refused), /server `crm` takes no more; nothing was sent/);
  assert.equal(text(await client.call('bank/read', {})), 'read of bank');
  const list = (await client.request('tools/list', {})).result;
  assert.ok(tools(list).includes('bank/read'));
  process.kill(pid, 'SIGCONT');
  const all = await Promise.all(calls);
  const answered = all.filter((result) => !result.isError);
  assert.ok(answered.length > 0);
  assert.equal(w.calls('read').filter((line) => line.server === 'crm').length, answered.length);
});

test('a role of the deployment file brings its policy and its servers', async (t) => {
  const w = new World(granted);
  t.after(() => w.end());
  const servers = Object.fromEntries(
    ['crm', 'bank', 'other'].map((name) => [name, ['node', several, w.record, name]]),
  );
  deploy(w, servers);
  const config = path.join(w.dir, 'config', 'pawl', 'pawl.yaml');
  const roles = `roles:
  tester: {file: "${w.policy}", servers: [crm, bank]}
  lone: {file: lone.yaml}
`;
  appendFileSync(config, roles);
  const role = (name, ...words) =>
    w.pawl('mcp', '--config', config, '--role', name, ...words);
  assert.match(role('unknown').err, /the deployment file has no role `unknown`/);
  assert.match(role('lone').err, /role `lone` has no `servers`/);
  assert.match(role('tester', '--server', 'crm').err, /a role brings its policy and its servers/);
  assert.equal(w.seen().length, 0);
  const through = [pawl, 'mcp', '--state-dir', w.state, '--config', config, '--role', 'tester'];
  const client = new Session(kits[0], {});
  t.after(() => client.close());
  await client.open(through[0], through.slice(1), w.env);
  const list = tools(await client.client.listTools());
  assert.ok(list.includes('crm/read') && list.includes('bank/read'));
  assert.equal(text(await client.call('bank/read', { id: '1' })), 'read of bank');
  assert.equal(at(w, 'other', 'initialize').length, 0);
});
