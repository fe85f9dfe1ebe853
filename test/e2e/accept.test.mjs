// A person accepts what a server of the deployment file offers, over HTTP with its credential: in
// production nothing of it is callable before.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { World, code, fixture, modules } from './world.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const secret = 'zq-accept-upstream-secret-4410';
const production = `
version: 1
environment: production
agent: {id: tester, identity: tester@example, owner: owner@example}
tools:
  allowed:
    - {name: notes/read_note, class: read_only}
autonomy: {default: established}
execution: {max_steps: 50, max_wall_clock: 10m}
escalation: {contacts: [{name: Owner, via: "command:/bin/true"}]}
`;

async function notes(t, w, file, args) {
  const child = spawn('node', [path.join(here, file), ...args], { env: { ...w.env, PORT: '0' } });
  t.after(() => child.kill('SIGKILL'));
  const [bytes] = await new Promise((resolve) =>
    child.stdout.once('data', (chunk) => resolve([chunk])),
  );
  return `http://127.0.0.1:${Number(bytes)}/mcp`;
}
const seen = (w) => w.seen().map((one) => ({ ...one, body: one.body && JSON.parse(one.body) }));

// The deployment file where the node looks for it by itself.
function deploy(w, text) {
  const folder = path.join(w.dir, 'config', 'pawl');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'notes.secret'), `${secret}\n`, { mode: 0o600 });
  writeFileSync(path.join(folder, 'pawl.yaml'), `version: 1\n${text}`);
}
async function world(t, file, args, hosts = '127.0.0.1') {
  const w = new World(production);
  t.after(() => w.end());
  const url = await notes(t, w, file, args(w));
  deploy(w, `roles: {tester: {file: "${w.policy}"}}
servers: {notes: {url: "${url}", credential: reader}}
credentials: {reader: {file: notes.secret, roles: [tester], hosts: [${hosts}]}}
`);
  if (hosts === '127.0.0.1') w.enrol();
  return w;
}
const named = ['--server', 'notes'];
const accept = (w) =>
  w.pawl('accept', '--policy', w.policy, '--yes', '--as', 'ada', '--json', ...named);

for (const [era, file, args] of [
  ['the older era', 'remote.mjs', (w) => [w.record, 'json']],
  ['the newer era alone', 'stateless_http.mjs', (w) => [modules, w.record, 'reject']],
]) {
  test(`a server over HTTP is accepted with its credential, then callable (${era})`, async (t) => {
    const w = await world(t, file, args);
    const before = await w.client({ args: named, command: [] });
    assert.equal(code(await before.call('read_note', { id: 'a' })), 'tool_changed');
    await before.close();
    const done = accept(w);
    assert.equal(done.status, 0, done.err);
    const { accepted } = JSON.parse(done.out);
    assert.ok(accepted.some(({ tool }) => tool === 'notes/read_note'));
    for (const { headers } of seen(w)) assert.equal(headers.authorization, `Bearer ${secret}`);
    // The session that was opened for it is ended too, where the server keeps one.
    if (file === 'remote.mjs') assert.ok(seen(w).some(({ method }) => method === 'DELETE'));
    const after = await w.client({ args: named, command: [] });
    const said = await after.call('read_note', { id: 'a' });
    assert.equal(said.isError, undefined, JSON.stringify(said));
    assert.match(accept(w).out, /"accepted":\[\]/);
    const lock = readFileSync(path.join(w.dir, 'pawl.lock'), 'utf8');
    for (const text of [done.out, done.err, lock]) assert.ok(!text.includes(secret));
  });
}

test('check, classify and init ask the same server, and none without its credential', async (t) => {
  const w = await world(t, 'remote.mjs', (own) => [own.record, 'json']);
  const check = w.pawl('check', ...named, w.policy);
  assert.equal(check.status, 0, check.out + check.err);
  const classes = w.pawl('classify', ...named, '--policy', w.policy, '--json');
  assert.ok(JSON.parse(classes.out).some(({ tool }) => tool === 'notes/write_note'), classes.err);
  const made = path.join(w.dir, 'first.yaml');
  const init = w.pawl('init', ...named, '--role', 'tester', '--out', made);
  assert.equal(init.status, 0, init.err);
  assert.match(init.out, /--server notes/);
  assert.match(readFileSync(made, 'utf8'), /name: write_note/);
  const other = w.pawl('init', ...named, '--role', 'other', '--out', `${made}.2`);
  assert.notEqual(other.status, 0);
  assert.match(other.err, /`reader` is not for this role/);
  const unnamed = w.pawl('accept', '--policy', w.policy, '--server', 'crm');
  assert.equal(unnamed.status, 2);
  assert.match(unnamed.err, /has no server `crm`/);
});

test('a credential that is bound elsewhere is not sent to ask for tools', async (t) => {
  const w = await world(t, 'remote.mjs', (own) => [own.record, 'json'], 'api.example');
  const done = accept(w);
  assert.notEqual(done.status, 0);
  assert.match(done.err, /may not be sent to the host `127.0.0.1`/);
  assert.deepEqual(w.seen(), []);
});

for (const equipped of [false, true]) {
  const how = equipped ? ', with its secret' : '';
  test(`a server with a command is started as the node would${how}`, (t) => {
    const w = new World(production);
    t.after(() => w.end());
    // Without the variable it ends at once.
    const command = ['node', fixture, w.record, equipped ? 'dies' : 'plain'];
    const secretly = equipped ? ', credential: reader, variable: NEEDED_TOKEN' : '';
    deploy(w, `roles: {tester: {file: "${w.policy}", servers: [notes]}}
servers: {notes: {command: ${JSON.stringify(command)}${secretly}}}
credentials: {reader: {file: notes.secret, roles: [tester]}}
`);
    w.enrol();
    const done = accept(w);
    assert.equal(done.status, 0, done.err);
    assert.ok(JSON.parse(done.out).accepted.some(({ tool }) => tool === 'notes/read_slow'));
  });
}
