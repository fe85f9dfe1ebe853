// `pawl serve`: MCP over Streamable HTTP in both eras, as clients from npm and as raw requests.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import path from 'node:path';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Served, envelope, events, modern, read } from './served.mjs';
import { open } from './tester.mjs';
import { code, modules, pawl, sleep } from './world.mjs';

const record = { name: 'read_customer_record', arguments: { customer_id: 'c' } };
const slow = (ms) => ({ name: 'read_slow', arguments: { ms } });
const everything = [
  process.execPath,
  path.join(modules, '@modelcontextprotocol/server-everything/dist/index.js'),
  'stdio',
];
const echoing = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: [echo, get-sum], class: read_only}
    - {name: trigger-long-running-operation, class: read_only}
accept_risk:
  - {rule: tools/trigger-long-running-operation/class, reason: t, owner: t@example, until: 2030-01-01}
`;

async function served(t, { policy = open, ...options } = {}) {
  const w = new Served(policy);
  t.after(() => w.end());
  return w.begin(options);
}
const last = async (answer) => (await read(await answer)).at(-1);
async function until(found) {
  for (let i = 0; i < 500; ++i) {
    if (await found()) return;
    await sleep(20);
  }
  throw new Error('it never came');
}
const status = async (answer) => (await answer).status;
const processes = (w) =>
  spawnSync('pgrep', ['-f', `fixture.mjs ${w.record}`], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter(Boolean).length;

test('the SDK of the older revisions and the newest SDK work through one address', async (t) => {
  const w = await served(t, { policy: echoing, command: everything });
  const sdk = path.join(modules, '@modelcontextprotocol/sdk/dist/esm/client');
  const { Client } = await import(`${sdk}/index.js`);
  const { StreamableHTTPClientTransport } = await import(`${sdk}/streamableHttp.js`);
  const first = new Client({ name: 'old', version: '1' }, { capabilities: {} });
  await first.connect(new StreamableHTTPClientTransport(new URL(w.url)));
  const { tools } = await first.listTools();
  assert.deepEqual(tools.map((tool) => tool.name).sort(), [
    'echo',
    'get-sum',
    'trigger-long-running-operation',
  ]);
  const steps = [];
  const long = { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 3 } };
  await first.callTool(long, undefined, { onprogress: (step) => steps.push(step.progress) });
  assert.deepEqual(steps, [1, 2, 3]);
  const newest = await import(path.join(modules, '@modelcontextprotocol/client/dist/index.mjs'));
  const second = new newest.Client(
    { name: 'new', version: '1' },
    { capabilities: {}, versionNegotiation: { mode: 'auto' } },
  );
  await second.connect(new newest.StreamableHTTPClientTransport(new URL(w.url)));
  assert.equal(second.getNegotiatedProtocolVersion(), modern);
  const said = await second.callTool({ name: 'echo', arguments: { message: 'hi' } });
  assert.equal(said.content[0].text, 'Echo: hi');
  const denied = await second.callTool({ name: 'get-env', arguments: {} }).catch((error) => error);
  assert.ok(denied instanceof Error || denied.isError);
  const more = [];
  await second.callTool(long, { onprogress: (step) => more.push(step.progress) });
  assert.deepEqual(more, [1, 2, 3]);
  await first.close();
  await second.close();
});

test('a session: what belongs to it, and what does not exist without it', async (t) => {
  const w = await served(t);
  const session = await w.open();
  assert.match(session.id, /^[0-9a-f]{32}$/);
  assert.equal(session.hello.result.protocolVersion, '2025-11-25');
  assert.equal(await status(session.tell('notifications/roots/list_changed')), 202);
  assert.equal((await session.call(record.name, record.arguments)).isError, undefined);
  const denied = await session.call('delete_customer_record', { customer_id: 'c' });
  assert.equal(code(denied), 'blocked');
  const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
  assert.equal(await status(w.post(list)), 400);
  assert.equal(await status(w.post(list, { 'mcp-session-id': 'unknown' })), 404);
  const wrong = { ...session.headers, 'mcp-protocol-version': '2024-01-01' };
  assert.equal(await status(w.post(list, wrong)), 400);
  const ping = { ...session.headers };
  assert.equal(await status(w.post(list, { ...ping, 'content-type': 'text/plain' })), 415);
  assert.equal(await status(w.post(list, { ...ping, accept: 'text/html' })), 406);
  const json = { ...session.headers, accept: 'application/json' };
  assert.equal(await status(fetch(w.url, { headers: json })), 406);
  assert.equal(await status(fetch(w.url, { method: 'PUT' })), 405);
  assert.equal(await status(fetch(`${w.origin}/mcp/unknown`, { method: 'POST' })), 404);
  assert.equal(await status(session.close()), 204);
  assert.equal(await status(session.post('tools/list')), 404);
  await until(() => processes(w) === 0);
});

test('a modern client hears log messages in the request that asked for them', async (t) => {
  const w = await served(t, { mode: 'flood' });
  const call = async (meta) => {
    const answer = await w.ask('tools/call', { ...record, _meta: { progressToken: 1, ...meta } });
    return (await read(answer)).map(({ method }) => method);
  };
  const level = { 'io.modelcontextprotocol/logLevel': 'info' };
  assert.ok((await call(level)).includes('notifications/message'));
  assert.ok(!(await call({})).includes('notifications/message'));
});

test('what is not a message is refused with 400, charged, and the session goes on', async (t) => {
  const w = await served(t);
  const session = await w.open();
  for (const text of [
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"ping"}',
    '[{"jsonrpc":"2.0","id":1,"method":"ping"}]',
    '{"jsonrpc":"2.0","id":1,"me',
    '{"jsonrpc":"2.0","id":1,"method":"a\nb"}',
  ]) {
    const answer = await w.post(text, session.headers);
    assert.equal(answer.status, 400, text);
    assert.ok((await answer.json()).error.message);
    assert.equal(await status(w.post(text)), 400);
  }
  const pretty = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'ping' }, null, 2);
  assert.equal((await last(w.post(pretty, session.headers))).id, 7);
  assert.equal((await session.call(record.name, record.arguments)).isError, undefined);
  const refused = w.pawl('audit', 'query', '--json').out;
  assert.ok(refused.includes('ambiguous_request'));
});

test('foreign hosts and pages get nothing; health is told to anybody', async (t) => {
  const w = await served(t);
  const port = new URL(w.origin).port;
  const raw = (lines) =>
    new Promise((resolve, reject) => {
      let text = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(`${lines}\r\n\r\n`));
      socket.on('data', (bytes) => (text += bytes));
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
  const get = (target, host, more = '') =>
    raw(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close${more}`);
  const evil = '\r\nOrigin: https://evil.example';
  assert.match(await get('/mcp/tester', 'evil.example'), /^HTTP\/1.1 421/);
  assert.match(await get('/mcp/tester', `127.0.0.1:${port}`, evil), /^HTTP\/1.1 403/);
  assert.match(await get('/healthz', '10.1.2.3'), /^HTTP\/1.1 200/);
  assert.match(await get('/readyz', '10.1.2.3', evil), /^HTTP\/1.1 403/);
  const own = { origin: `http://localhost:${port}` };
  const hello = await w.ask('server/discover', {}, { headers: own });
  assert.equal(hello.status, 200);
});

test('the stateless revision: fields and body say the same, or nothing is done', async (t) => {
  const w = await served(t);
  const refusal = async (answer, status, number) => {
    const done = await answer;
    assert.equal(done.status, status);
    const body = await done.json();
    assert.equal(body.error.code, number);
    return body;
  };
  const { result } = await last(w.ask('server/discover', {}, { id: 'probe' }));
  assert.deepEqual(result.supportedVersions, [modern]);
  const change = (headers) => w.ask('tools/call', record, { headers });
  await refusal(change({ 'mcp-name': 'read_big' }), 400, -32020);
  await refusal(change({ 'mcp-method': 'tools/list' }), 400, -32020);
  await refusal(change({ 'mcp-protocol-version': '2025-11-25' }), 400, -32020);
  const none = { jsonrpc: '2.0', id: 3, method: 'tools/list', params: { _meta: envelope() } };
  await refusal(w.post(none), 400, -32020);
  const bare = { jsonrpc: '2.0', id: 4, method: 'tools/list', params: {} };
  const fields = { 'mcp-protocol-version': modern, 'mcp-method': 'tools/list' };
  await refusal(w.post(bare, fields), 400, -32602);
  const later = { 'io.modelcontextprotocol/protocolVersion': '2027-01-01' };
  const unknown = w.ask(
    'tools/list',
    { _meta: later },
    { headers: { 'mcp-protocol-version': '2027-01-01' } },
  );
  assert.deepEqual((await refusal(unknown, 400, -32022)).error.data.supported, [modern]);
  for (const method of ['initialize', 'ping', 'logging/setLevel', 'no/such'])
    await refusal(w.ask(method), 404, -32601);
  assert.equal(w.calls().length, 0);
  const encoded = `=?base64?${Buffer.from(record.name).toString('base64')}?=`;
  const fine = await last(change({ 'mcp-name': encoded }));
  assert.equal(fine.result.resultType, 'complete');
  assert.equal(w.calls().length, 1);
  const listening = { 'mcp-protocol-version': modern, accept: 'text/event-stream' };
  assert.equal(await status(fetch(w.url, { headers: listening })), 405);
});

test('a stateless client need not say who it is, and binds no one by it', async (t) => {
  const w = await served(t, { policy: echoing, command: everything });
  const bare = envelope();
  delete bare['io.modelcontextprotocol/clientInfo'];
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: bare } };
  const fields = { 'mcp-protocol-version': modern, 'mcp-method': 'tools/list' };
  const listed = (await read(await w.post(body, fields))).at(-1);
  assert.ok(listed.result.tools.length > 0, JSON.stringify(listed));
  const wrong = { 'io.modelcontextprotocol/clientInfo': { name: 7 } };
  const odd = (await read(await w.ask('tools/list', { _meta: wrong }))).at(-1);
  assert.ok(odd.result.tools.length > 0, JSON.stringify(odd));
});

test('many stateless clients with the same ids never see each other’s answers', async (t) => {
  const w = await served(t);
  const calls = Array.from({ length: 40 }, (_, i) =>
    w.ask(
      'tools/call',
      { name: 'read_big', arguments: { bytes: i + 1 } },
      { id: i % 2 ? 1 : 'same' },
    ),
  );
  const answers = await Promise.all(calls.map(last));
  answers.forEach(({ id, result }, i) => {
    assert.equal(id, i % 2 ? 1 : 'same');
    assert.equal(result.content[0].text.length, i + 1);
  });
  assert.equal(processes(w), 1);
});

test('two sessions with the same ids and tokens never see each other’s messages', async (t) => {
  const w = await served(t, { policy: echoing, command: everything });
  const sessions = await Promise.all([w.open(), w.open()]);
  assert.notEqual(sessions[0].id, sessions[1].id);
  const long = (steps) => ({
    name: 'trigger-long-running-operation',
    arguments: { duration: 1, steps },
    _meta: { progressToken: 'same' },
  });
  const seen = await Promise.all(
    sessions.map(async (session, i) =>
      read(await session.post('tools/call', long(i ? 2 : 4), { id: 5 })),
    ),
  );
  seen.forEach((messages, i) => {
    const steps = messages.filter((message) => message.method === 'notifications/progress');
    assert.equal(steps.length, i ? 2 : 4);
    assert.ok(steps.every((step) => step.params.total === (i ? 2 : 4)));
    assert.equal(messages.at(-1).id, 5);
    assert.equal(messages.length, steps.length + 1);
  });
  const other = { ...sessions[0].headers, 'mcp-session-id': sessions[1].id };
  assert.equal(await status(sessions[1].close()), 204);
  assert.equal(await status(w.post({ jsonrpc: '2.0', id: 9, method: 'ping' }, other)), 404);
});

test('a broken connection cancels nothing, and its events are read again', async (t) => {
  const w = await served(t, { policy: echoing, command: everything });
  const session = await w.open();
  const stop = new AbortController();
  const call = {
    name: 'trigger-long-running-operation',
    arguments: { duration: 2, steps: 4 },
    _meta: { progressToken: 'p' },
  };
  const answer = await session.post('tools/call', call, { id: 3, signal: stop.signal });
  let seen;
  for await (const event of events(answer)) {
    seen = event.id;
    if (event.message?.params?.progress === 1) break;
  }
  stop.abort();
  await sleep(1000);
  const again = await session.listen(seen);
  const messages = [];
  for await (const { message } of events(again)) messages.push(message);
  assert.deepEqual(
    messages.slice(0, -1).map((message) => message.params.progress),
    [2, 3, 4],
  );
  assert.equal(messages.at(-1).id, 3);
  assert.ok(messages.at(-1).result);
  const over = await session.listen(seen);
  assert.equal((await read(over)).at(-1).id, 3);
  assert.equal((await session.listen('99-1')).status, 400);
  assert.equal((await session.listen('nonsense')).status, 400);
});

test('a stateless client that goes cancels its request, and no other', async (t) => {
  const w = await served(t);
  const stop = new AbortController();
  const leaves = w.ask('tools/call', slow(3000), { id: 1, signal: stop.signal });
  const stays = w.ask('tools/call', slow(1500), { id: 1 });
  await until(() => w.calls('read_slow').length === 2);
  stop.abort();
  await leaves.catch(() => {});
  const { result } = (await read(await stays)).at(-1);
  assert.equal(result.isError, undefined);
  const cancelled = w.seen('notifications/cancelled');
  assert.equal(cancelled.length, 1);
  const [first] = w.calls('read_slow').filter((call) => call.params.arguments.ms === 3000);
  assert.equal(cancelled[0].params.requestId, first.id);
});

test('the run is the caller’s: another session meets the same ceiling', async (t) => {
  const w = await served(t, { policy: `${open}execution: {max_steps: 3}\n` });
  const first = await w.open();
  for (let i = 0; i < 3; ++i) await first.call(record.name, record.arguments);
  assert.equal(code(await first.call(record.name, record.arguments)), 'ceiling');
  await first.close();
  const second = await w.open();
  assert.equal(code(await second.call(record.name, record.arguments)), 'run_halted');
  const modernly = await last(w.ask('tools/call', record));
  assert.equal(code(modernly.result), 'run_halted');
});

test('a server that ends takes no session along, not even its own', async (t) => {
  const w = await served(t);
  const [one, two] = await Promise.all([w.open(), w.open()]);
  const pids = spawnSync('pgrep', ['-f', `fixture.mjs ${w.record}`], { encoding: 'utf8' });
  process.kill(Number(pids.stdout.split('\n')[0]), 'SIGKILL');
  // A call that is under way when it ends is lost, the next one finds another.
  for (const session of [one, two]) {
    await until(async () => !(await session.call(record.name, record.arguments)).isError);
  }
  assert.equal(w.seen('initialize').length, 3);
});

test('the switch reaches calls over HTTP, and the session goes on', async (t) => {
  const w = await served(t);
  const session = await w.open();
  const call = session.post('tools/call', slow(20_000));
  await until(() => w.calls('read_slow').length === 1);
  assert.equal((await w.later('kill', 'all', '--reason', 'test')).status, 0);
  const { result } = (await read(await call)).at(-1);
  assert.equal(result.isError, true);
  assert.equal(code(await session.call(record.name, record.arguments)), 'killed');
  assert.equal(await status(fetch(`${w.origin}/healthz`)), 200);
});

test('it ends in order: what is under way is answered, nothing is left behind', async (t) => {
  const w = await served(t);
  const session = await w.open();
  const call = session.post('tools/call', slow(800));
  await until(() => w.calls('read_slow').length === 1);
  w.node.kill('SIGTERM');
  const { result } = (await read(await call)).at(-1);
  assert.equal(result.isError, undefined);
  assert.equal(await w.ended, 0);
  assert.equal(processes(w), 0);
  assert.equal(w.pawl('audit', 'verify').status, 0);
});

test('a bad deployment file starts nothing, and replaces nothing', async (t) => {
  const w = await served(t);
  const bad = path.join(w.dir, 'bad.yaml');
  const state = path.join(w.dir, 'never');
  const refused = (text) => {
    writeFileSync(bad, text);
    const words = ['serve', '--config', bad, '--state-dir', state];
    const done = spawnSync(pawl, words, { env: w.env, encoding: 'utf8', timeout: 10_000 });
    assert.equal(done.status, 2, done.stderr);
    assert.throws(() => readFileSync(state));
    return done.stderr;
  };
  assert.match(refused(w.deployment.replace('listen', 'lisen')), /bad.yaml:2:1: unknown key/);
  assert.match(refused(w.deployment.replace(/listen.*\n/, '')), /where to listen/);
  const anywhere = w.deployment.replace('127.0.0.1', '0.0.0.0');
  assert.match(refused(anywhere), /bad.yaml:2:.*other machines/);
  assert.match(refused(w.deployment.replace('policy.yaml', 'none.yaml')), /none.yaml: there is no/);
  writeFileSync(w.config, 'version: 7\n');
  w.node.kill('SIGHUP');
  await until(() => w.log.includes('what was in force stays'));
  const session = await w.open();
  assert.equal((await session.call(record.name, record.arguments)).isError, undefined);
});
