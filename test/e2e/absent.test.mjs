// Sessions of `pawl serve` of whose servers one cannot be started: what there is without it, what
// its calls are told, and how it comes. For clients of both eras.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { text, tools, until } from './endpoint.mjs';
import { Served, events, read } from './served.mjs';
import { code, sleep } from './world.mjs';

const mortal = path.join(path.dirname(fileURLToPath(import.meta.url)), 'mortal.mjs');
const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: [crm/read, bank/read, read], class: read_only}
    - {name: "mcp:*", class: read_only}
accept_risk:
  - {rule: "tools/mcp:*/class", reason: t, owner: t@example, until: 2030-01-01}
`;

// `crm` is a program that is not there: `appears` puts it in its place.
async function served(t, { servers = ['crm', 'bank'], shared = '' } = {}) {
  const w = new Served(policy);
  t.after(() => w.end());
  w.lie = path.join(w.dir, 'lie');
  const program = path.join(w.dir, 'crm-server');
  const words = (name) => [mortal, w.record, name, w.lie];
  writeFileSync(
    `${program}.new`,
    `#!/bin/sh\nexec ${[process.execPath, ...words('crm')].map((word) => `'${word}'`).join(' ')}\n`,
  );
  chmodSync(`${program}.new`, 0o755);
  w.appears = () => renameSync(`${program}.new`, program);
  w.config = path.join(w.dir, 'pawl.yaml');
  const command = { crm: [program], bank: [process.execPath, ...words('bank')] };
  const said = servers.map(
    (name) => `${name}: {command: ${JSON.stringify(command[name])}${shared}}`,
  );
  writeFileSync(
    w.config,
    `version: 1
listen: {mcp: "127.0.0.1:0"}
roles: {tester: {file: policy.yaml, servers: [${servers.join(', ')}]}}
servers: {${said.join(', ')}}
`,
  );
  await w.serve();
  assert.ok(w.origin, w.log);
  assert.ok(!existsSync(program));
  return w;
}
const list = async (session) => (await read(await session.post('tools/list', {}))).at(-1).result;
const changed = (heard) =>
  heard.filter((m) => m.method === 'notifications/tools/list_changed').length;
async function hear(stream) {
  const heard = [];
  (async () => {
    for await (const { message } of events(stream)) if (message) heard.push(message);
  })().catch(() => {});
  return heard;
}

for (const [which, shared] of [['of its own', ''], ['that is shared', ', shared: true']]) {
  test(`an endpoint opens without a server ${which}, and hears it come`, async (t) => {
    const w = await served(t, { shared });
    const session = await w.open();
    assert.match(session.hello.result.instructions, /crm/);
    const heard = await hear(await session.listen());
    const without = await list(session);
    assert.deepEqual(tools(without), ['bank/read']);
    assert.deepEqual(without._meta['pawl/list'].absent, ['crm']);
    assert.equal(text(await session.call('bank/read', {})), 'read of bank 1');
    const refused = await session.call('crm/read', {});
    assert.equal(code(refused), 'upstream_failed');
    assert.match(text(refused), /server `crm` is not there yet: .*; nothing was sent/);
    assert.equal(changed(heard), 0);
    // No request asks for it, and it comes.
    w.appears();
    await until(() => changed(heard) === 1);
    assert.deepEqual(tools(await list(session)), ['bank/read', 'crm/read']);
    assert.equal(text(await session.call('crm/read', {})), 'read of crm 1');
    assert.equal(text(await session.call('bank/read', {})), 'read of bank 1');
    const journal = w.pawl('audit', 'query', '--json').out;
    assert.ok(journal.includes('server absent'));
    // A session that begins now has all of them at once.
    const next = await w.open();
    assert.deepEqual(tools(await list(next)), ['bank/read', 'crm/read']);
  });
}

test('a modern client hears of a server that was not there when it began to listen', async (t) => {
  const w = await served(t);
  const ask = async (method, params, id) =>
    (await read(await w.ask(method, params, { id }))).at(-1).result;
  const without = await ask('tools/list', {}, 1);
  assert.deepEqual(tools(without), ['bank/read']);
  const refused = await ask('tools/call', { name: 'crm/read', arguments: {} }, 2);
  assert.equal(code(refused), 'upstream_failed');
  const wanted = { notifications: { toolsListChanged: true } };
  const heard = await hear(await w.ask('subscriptions/listen', wanted, { id: 3 }));
  await until(() => heard.some((m) => m.method === 'notifications/subscriptions/acknowledged'));
  w.appears();
  await until(() => changed(heard) === 1);
  assert.deepEqual(tools(await ask('tools/list', {}, 4)), ['bank/read', 'crm/read']);
  const fine = await ask('tools/call', { name: 'crm/read', arguments: {} }, 5);
  assert.equal(text(fine), 'read of crm 1');
});

test('S10 what comes late is compared like what was there', async (t) => {
  const w = await served(t);
  w.appears();
  const first = await w.open();
  assert.equal(text(await first.call('crm/read', {})), 'read of crm 1');
  await first.close();
  // Another start describes the tool otherwise, and is late besides.
  const program = path.join(w.dir, 'crm-server');
  renameSync(program, `${program}.new`);
  writeFileSync(w.lie, 'crm');
  const session = await w.open();
  const heard = await hear(await session.listen());
  assert.deepEqual((await list(session))._meta['pawl/list'].absent, ['crm']);
  w.appears();
  await until(() => changed(heard) >= 1);
  assert.equal(code(await session.call('crm/read', {})), 'tool_changed');
  assert.ok(!tools(await list(session)).includes('crm/read'));
  assert.equal(w.calls('read').length, 1);
});

test('a server that ends as it starts does not keep the others from a session', async (t) => {
  const w = await served(t);
  w.appears();
  writeFileSync(`${w.lie}.dead`, 'crm');
  for (let i = 0; i < 4; ++i) {
    const session = await w.open();
    assert.equal(text(await session.call('bank/read', {})), `read of bank ${i + 1}`, w.log);
    assert.equal(code(await session.call('crm/read', {})), 'upstream_failed');
    await session.close();
  }
  // All of them together did not start it again and again.
  const starts = () => w.seen('started').filter((line) => line.server === 'crm').length;
  assert.ok(starts() <= 8, `${starts()}`);
});

test('a session without any server is refused', async (t) => {
  const w = await served(t, { servers: ['crm'] });
  const session = await w.open();
  assert.ok(session.hello.error ?? session.hello.code, JSON.stringify(session.hello));
  w.appears();
  // What could not be started is not tried again at once.
  let next = session;
  for (let i = 0; i < 50 && !next.hello.result; ++i) {
    await sleep(200);
    next = await w.open();
  }
  assert.equal(text(await next.call('read', {})).slice(0, 4), 'read');
});
