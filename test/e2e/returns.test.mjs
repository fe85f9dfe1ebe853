// Tool servers that end and are started again, behind one endpoint and alone, for clients of both
// eras. Ids as in docs/reference/cases.md.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { at, text, tools, until } from './endpoint.mjs';
import { Served, events, read } from './served.mjs';
import { code, sleep } from './world.mjs';

const mortal = path.join(path.dirname(fileURLToPath(import.meta.url)), 'mortal.mjs');

const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: [crm/read, crm/wait, crm/die, crm/read_who, bank/read, bank/wait], class: read_only}
    - {name: [crm/write], class: reversible small}
    - {name: "mcp:*", class: read_only}
accept_risk:
  - {rule: "tools/mcp:*/class", reason: t, owner: t@example, until: 2030-01-01}
`;

async function served(t, servers = ['crm', 'bank']) {
  const w = new Served(policy);
  t.after(() => w.end());
  w.lie = path.join(w.dir, 'lie');
  w.config = path.join(w.dir, 'pawl.yaml');
  const command = (name) => JSON.stringify([process.execPath, mortal, w.record, name, w.lie]);
  writeFileSync(
    w.config,
    `version: 1
listen: {mcp: "127.0.0.1:0"}
roles: {tester: {file: policy.yaml, servers: [${servers.join(', ')}]}}
servers: {${servers.map((name) => `${name}: {command: ${command(name)}}`).join(', ')}}
`,
  );
  await w.serve();
  assert.ok(w.origin, w.log);
  return w;
}
const starts = (w, server) => w.seen('started').filter((line) => line.server === server);
// What the client hears on its own stream.
async function hear(session) {
  const heard = [];
  const stream = await session.listen();
  (async () => {
    for await (const { message } of events(stream)) if (message) heard.push(message);
  })().catch(() => {});
  return heard;
}

test('a server that ends is started again for its next call, and takes no one along', async (t) => {
  const w = await served(t);
  const session = await w.open();
  const heard = await hear(session);
  assert.equal(text(await session.call('crm/read', {})), 'read of crm 1');
  session.post('tools/call', { name: 'bank/wait', arguments: {} }).catch(() => {});
  const lost = session.call('crm/wait', {});
  await until(() => w.calls('wait').length === 2);
  assert.equal(code(await session.call('crm/die', {})), 'upstream_failed');
  assert.equal(code(await lost), 'upstream_failed');
  assert.equal(starts(w, 'crm').length, 1);
  // The first call of the new one comes after its tools were read.
  assert.equal(text(await session.call('crm/read', {})), 'read of crm 2');
  const lines = at(w, 'crm').slice(at(w, 'crm').findLastIndex((line) => line.method === 'started'));
  const methods = lines.map((line) => line.method);
  assert.deepEqual(methods.slice(1), [
    'initialize',
    'notifications/initialized',
    'tools/list',
    'tools/call',
  ]);
  assert.equal(text(await session.call('bank/read', {})), 'read of bank 1');
  assert.equal(starts(w, 'bank').length, 1);
  assert.ok(w.pawl('audit', 'query', '--json').out.includes('server ended'));
  // Its list is the same: no client is told that tools changed.
  await sleep(150);
  assert.ok(!heard.some((m) => m.method === 'notifications/tools/list_changed'));
});

test('what a server refused to tell of is not asked of the one that comes after it', async (t) => {
  const w = await served(t, ['crm']);
  const session = await w.open();
  const [refused] = await read(await session.post('resources/subscribe', { uri: 'x://own' }));
  assert.equal(refused.error.code, -32601);
  await session.call('die', {});
  assert.equal(text(await session.call('read', {})), 'read of crm 2');
  // What is said again is said before the level of the log is heard.
  await session.post('logging/setLevel', { level: 'info' });
  await until(() => w.seen('logging/setLevel').length === 1);
  assert.equal(w.seen('resources/subscribe').length, 1);
});

test('S10 a tool that another start describes differently is not called', async (t) => {
  const w = await served(t);
  const session = await w.open();
  const heard = await hear(session);
  assert.equal(text(await session.call('crm/read', {})), 'read of crm 1');
  writeFileSync(w.lie, 'crm');
  await session.call('crm/die', {});
  const refused = await session.call('crm/read', {});
  assert.equal(refused.isError, true);
  assert.equal(code(refused), 'tool_changed');
  assert.equal(w.calls('read').length, 1);
  await until(() => heard.some((m) => m.method === 'notifications/tools/list_changed'));
  const list = (await read(await session.post('tools/list', {}))).at(-1).result;
  assert.ok(!tools(list).includes('crm/read'));
  assert.ok(tools(list).includes('bank/read'));
});

test('one that ends right after each start is tried less and less often', async (t) => {
  const w = await served(t);
  const session = await w.open();
  const heard = await hear(session);
  assert.equal(text(await session.call('crm/read', {})), 'read of crm 1');
  writeFileSync(`${w.lie}.dead`, 'crm');
  await session.call('crm/die', {});
  const answers = [];
  for (let i = 0; i < 8; ++i) answers.push(await session.call('crm/read', {}));
  assert.ok(answers.every((answer) => code(answer) === 'upstream_failed'));
  const last = text(answers.at(-1));
  assert.match(last, /server `crm` has ended and is not there again: .*; nothing was sent/);
  assert.match(last, /times in a row, and is tried again in/);
  assert.ok(starts(w, 'crm').length <= 5);
  assert.equal(w.calls('read').length, 1);
  await until(() => heard.some((m) => m.method === 'notifications/tools/list_changed'));
  const list = (await read(await session.post('tools/list', {}))).at(-1).result;
  assert.deepEqual(list._meta['pawl/list'].absent, ['crm']);
  assert.equal(text(await session.call('bank/read', {})), 'read of bank 1');
});

test('an effect that died with its server halts the run; nothing is repeated', async (t) => {
  const w = await served(t, ['crm']);
  const session = await w.open();
  const lost = await session.call('write', { die: true });
  assert.equal(code(lost), 'upstream_failed');
  assert.equal(w.calls('write').length, 1);
  assert.equal(code(await session.call('read', {})), 'run_halted');
  assert.equal(w.calls('write').length, 1);
});

test('what a server asked ends with it, and its successor gets no answer to it', async (t) => {
  const w = await served(t, ['crm']);
  const session = await w.open({ elicitation: {} });
  const asked = await hear(session);
  const call = session.post('tools/call', { name: 'read_who', arguments: {} });
  const answer = await call;
  const all = [];
  const reading = (async () => {
    for await (const { message } of events(answer)) if (message) all.push(message);
  })();
  const question = await until(() =>
    [...all, ...asked].find((m) => m.method === 'elicitation/create'),
  );
  process.kill(starts(w, 'crm')[0].pid, 'SIGKILL');
  await reading;
  assert.equal(code(all.at(-1).result), 'upstream_failed');
  assert.equal(text(await session.call('read', {})), 'read of crm 2');
  const late = { jsonrpc: '2.0', id: question.id, result: { action: 'accept', content: {} } };
  await w.post(late, session.headers);
  assert.equal(text(await session.call('read', {})), 'read of crm 2');
  const after = w.seen().slice(w.seen().findLastIndex((line) => line.method === 'started'));
  assert.ok(after.every((line) => line.result === undefined));
});

test('a modern client alone with its server goes on after it ended', async (t) => {
  const w = await served(t, ['crm']);
  const call = async (name) =>
    (await read(await w.ask('tools/call', { name, arguments: {} }))).at(-1).result;
  assert.equal(text(await call('read')), 'read of crm 1');
  assert.equal(code(await call('die')), 'upstream_failed');
  assert.equal(text(await call('read')), 'read of crm 2');
  writeFileSync(w.lie, 'crm');
  await call('die');
  assert.equal(code(await call('read')), 'tool_changed');
});
