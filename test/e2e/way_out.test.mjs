// Where there is nothing for a client or a command, it is told why, and what to do: no policy, a
// lock that another node has, a file of another kind, a switch that stops everything.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { World, code, fixture, pawl, sleep } from './world.mjs';

const habits = path.join(path.dirname(fileURLToPath(import.meta.url)), 'habits.mjs');
const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools: {allowed: [{name: "read_*", class: read_only}]}
execution: {max_steps: 50}
`;
const ask = (w, ...words) => spawnSync(pawl, words, { env: w.env, encoding: 'utf8' });
function world(t, text = policy) {
  const w = new World(text);
  t.after(() => w.end());
  return w;
}

// E7. The client is served, and reads why each call is denied.
const node = ['node', fixture];
for (const [what, prepare, says] of [
  ['names no policy', () => ({ policy: '' }), /no policy governs/],
  ['names a file that is not there', () => ({ policy: '/nowhere/policy.yaml' }), /nowhere/],
  [
    'has a policy with a mistake',
    (w) => writeFileSync(w.policy, 'version: 1\nagnet: x\n'),
    /has no `agent`/,
  ],
  ['has a server that cannot be started', () => ({ command: ['/nowhere/server'] }), /nowhere/],
]) {
  test(`a client that ${what} is denied with the reason`, async (t) => {
    const w = world(t);
    const { policy: file = w.policy, command = [...node, w.record, ''] } = prepare(w) ?? {};
    const words = ['mcp', '--state-dir', w.state, ...(file ? ['--policy', file] : [])];
    const child = spawn(pawl, [...words, '--', ...command], { env: w.env });
    let said = '';
    child.stdout.on('data', (bytes) => (said += bytes));
    const over = new Promise((resolve) => child.on('exit', resolve));
    const line = (id, method, params) =>
      child.stdin.write(JSON.stringify({ jsonrpc: '2.0', id, method, params }) + '\n');
    line(1, 'initialize', { protocolVersion: '2025-06-18', capabilities: {} });
    child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    line(2, 'tools/list', {});
    line('three', 'tools/call', { name: 'read_note', arguments: {} });
    line(4, 'resources/list', {});
    line(5, 'ping');
    for (let i = 0; i < 400 && said.split('\n').length < 6; ++i) await sleep(50);
    child.stdin.end();
    assert.notEqual(await over, 0);
    const [opened, list, called, other, pong] = said.trim().split('\n').map(JSON.parse);
    assert.equal(opened.result.protocolVersion, '2025-06-18');
    assert.match(opened.result.instructions, says);
    assert.deepEqual(list.result.tools, []);
    assert.equal(called.id, 'three');
    assert.ok(called.result.isError);
    assert.match(code(called.result), /not_granted|audit_unavailable/);
    assert.match(called.result.content[0].text, says);
    assert.match(other.error.message, says);
    assert.deepEqual(pong.result, {});
  });
}

test('a call that waits where no reviewer is enrolled says how to enrol one', async (t) => {
  const asks = 'class: read_only, requires_approval: true}';
  const w = world(t, policy.replace('class: read_only}', asks));
  const client = await w.client({});
  client.call('read_customer_record', { customer_id: 'c' }).catch(() => {});
  for (let i = 0; i < 200 && !/waiting for a person/.test(client.err); ++i) await sleep(50);
  assert.match(client.err, /no reviewer is enrolled yet: pawl reviewers add NAME/);
});

// E10. The lock.
const served = (w) => {
  const config = path.join(w.dir, 'pawl.yaml');
  const port = 20000 + Math.floor(Math.random() * 20000);
  writeFileSync(
    config,
    `listen: {mcp: "127.0.0.1:${port}"}\nroles: {tester: {file: policy.yaml, servers: [s]}}\n` +
      `servers: {s: {command: [node, ${habits}, stdio, ${w.record}]}}\n`,
  );
  return config;
};
async function serving(w, config) {
  const words = ['serve', '--config', config, '--state-dir', w.state];
  const child = spawn(pawl, words, { env: w.env });
  const end = new Promise((resolve) => child.on('exit', resolve));
  let err = '';
  child.stderr.on('data', (bytes) => (err += bytes));
  child.stdout.on('data', (bytes) => (err += bytes));
  const up = async () => {
    for (let i = 0; i < 200 && !/\/mcp\/tester/.test(err); ++i) await sleep(50);
    return err;
  };
  return { child, end, up, said: () => err };
}

test('serve takes over from a node that has nothing to do, and from no other', async (t) => {
  const w = world(t);
  w.env.PAWL_NODE_IDLE = '60s';
  const config = served(w);
  const client = await w.client({});
  const busy = await serving(w, config);
  assert.equal(await busy.end, 1);
  assert.match(busy.said(), /process \d+.*for 1 clients.*until 1m after.*`pawl stop`/s);
  await client.close();
  for (let i = 0; i < 100; ++i) {
    const one = await serving(w, config);
    const said = await Promise.race([one.up(), one.end.then(() => '')]);
    if (!/\/mcp\/tester/.test(said)) {
      await sleep(100);
      continue;
    }
    t.after(() => one.child.kill('SIGKILL'));
    assert.match(said, /takes over from the background node \(process \d+\)/);
    const second = await serving(w, config);
    assert.equal(await second.end, 1);
    assert.match(second.said(), new RegExp(`process ${one.child.pid}.*pawl stop`));
    const stopped = await w.later('stop');
    assert.equal(stopped.status, 0, stopped.err);
    assert.match(stopped.out, /stopped +process/);
    assert.equal(await one.end, 0);
    assert.match((await w.later('stop')).out, /no node runs/);
    return;
  }
  assert.fail('it never served');
});

test('the process of a node in the background is called pawl', async (t) => {
  const w = world(t);
  await w.client({});
  const [pid] = w.nodes();
  assert.equal(readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), 'pawl');
});

test('check recognises a deployment file, and checks what it names', (t) => {
  const w = world(t);
  const config = served(w);
  const good = ask(w, 'check', config);
  assert.equal(good.status, 0, good.stdout + good.stderr);
  assert.match(good.stdout, /deployment file: 1 roles, 1 servers/);
  writeFileSync(w.policy, policy.replace('id: tester,', 'id: other,'));
  const named = ask(w, 'check', config);
  assert.equal(named.status, 1, named.stdout);
  assert.match(named.stdout, /other/);
  writeFileSync(config, 'roles: {tester: {fil: policy.yaml}}\n');
  const wrong = ask(w, 'check', config);
  assert.equal(wrong.status, 1);
  assert.match(wrong.stdout, /fil/);
  assert.doesNotMatch(wrong.stdout, /agent/);
});

test('an agent without a key gets its first one', (t) => {
  const w = world(t);
  const config = path.join(w.dir, 'pawl.yaml');
  const file = (agent) =>
    writeFileSync(config, `roles: {tester: {file: policy.yaml}}\nagents: {bot: ${agent}}\n`);
  file('{role: tester}');
  const made = ask(w, 'keys', 'create', '--config', config, 'bot');
  assert.equal(made.status, 0, made.stderr);
  const kept = made.stderr.match(/keys: \["([^"]+)"\]/)[1];
  assert.match(made.stderr, /entry of `bot`/);
  file(`{role: tester, keys: ["${kept}"]}`);
  assert.match(ask(w, 'keys', 'list', '--config', config).stdout, /bot/);
});

test('status says that the kill switch is set for everything', (t) => {
  const w = world(t);
  assert.match(w.pawl('status').out, /deciding +every call/);
  assert.equal(w.pawl('kill', 'all', '--reason', 'smoke').status, 0);
  const status = w.pawl('status');
  const set = /denying +every call: the kill switch is set for everything, by \S+: smoke/;
  assert.match(status.out, set);
  assert.doesNotMatch(status.out, /deciding +every call/);
  assert.equal(status.status, 1);
});

// E7. Several servers at once, of a role that is served.
test('init asks all servers of a role, and its file can be served', (t) => {
  const w = world(t);
  const tools = (...names) =>
    JSON.stringify({
      lists: { '': JSON.stringify({ tools: names.map((name) => ({ name, inputSchema: {} })) }) },
      capabilities: { tools: {}, resources: {} },
    });
  const server = (...names) => {
    const how = path.join(w.dir, `${names[0]}.json`);
    writeFileSync(how, tools(...names));
    return `{command: [node, ${habits}, stdio, ${w.record}, "@${how}"]}`;
  };
  const config = path.join(w.dir, 'pawl.yaml');
  writeFileSync(
    config,
    'listen: {mcp: "127.0.0.1:1"}\nroles: {helper: {file: first.yaml, servers: [crm, mail]}}\n' +
      `servers:\n  crm: ${server('read_customer', 'delete_customer')}\n` +
      `  mail: ${server('list_mails', 'create_draft', 'sequentialthinking')}\n`,
  );
  const out = path.join(w.dir, 'first.yaml');
  const made = ask(w, 'init', '--config', config, '--role', 'helper', '--out', out);
  assert.equal(made.status, 0, made.stderr);
  assert.match(made.stdout, /4 tools in entries: 2 only read, 1 ask .* 1 ask as long/);
  assert.match(made.stdout, new RegExp(`pawl mcp --policy ${out} `));
  const text = readFileSync(out, 'utf8');
  for (const name of ['crm/read_customer', 'crm/delete_customer', 'mail/create_draft'])
    assert.match(text, new RegExp(`- name: "${name}"`));
  assert.match(text, /# - name: "mail\/sequentialthinking"/);
  assert.match(text, /# - name: "crm\/mcp:resources\/read"/);
  assert.doesNotMatch(text, /max_steps/);
  assert.match(text, /calls_of_an_hour/);
  assert.equal(ask(w, 'check', config, out, '--config', config).status, 0);
});
