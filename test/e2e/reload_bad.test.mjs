// What of a changed file counts while `pawl serve` runs, whichever way the node comes to read it:
// the deployment file with a mistake, and a role's policy that is broken, laxer or accepted.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Gatehouse, clerk } from './api_world.mjs';
import { read } from './served.mjs';
import { fixture, pawl, sleep } from './world.mjs';

// A gatehouse whose role has a server, so that both doors are open.
class House extends Gatehouse {
  constructor(policy) {
    super(policy);
    const served = JSON.stringify(['node', fixture, this.record]);
    const text = readFileSync(this.config, 'utf8').replace(
      /clerk: \{file: (.*)\}/,
      'clerk: {file: $1, servers: [crm]}',
    );
    writeFileSync(this.config, `${text}servers: {crm: {command: ${served}}}\n`);
  }
  post(token, message, session) {
    return fetch(`${this.address}/mcp/clerk`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(session ? { 'mcp-session-id': session } : {}),
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  }
  hello(token) {
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'raw', version: '1' },
    };
    return this.post(token, { id: 1, method: 'initialize', params });
  }
  // A new session; how a call of it ends, as `result` or the code of its denial.
  async calls(token, ...names) {
    const opened = await this.hello(token);
    const session = opened.headers.get('mcp-session-id');
    const first = (await read(opened)).at(-1);
    if (!session || first.error) return [opened.status, first.error?.message];
    await this.post(token, { method: 'notifications/initialized' }, session);
    const ends = [];
    for (const [i, name] of names.entries()) {
      const params = { name, arguments: { customer_id: 'c' } };
      const answer = await this.post(token, { id: 10 + i, method: 'tools/call', params }, session);
      const { result } = (await read(answer)).at(-1);
      ends.push(result?.isError ? /\bnot_granted\b/.exec(JSON.stringify(result))?.[0] : 'result');
    }
    return ends;
  }
  async effect(run, tool) {
    return (await this.propose(run, tool, {})).json.effect;
  }
  // A client of this machine, which no agent speaks through: how its joining ends.
  join() {
    const words = ['mcp', '--policy', this.policy, '--server', 'crm', '--state-dir', this.state];
    const all = [...words, '--', 'node', fixture, this.record];
    return new Promise((resolve) => {
      const child = execFile(pawl, all, { env: this.env, timeout: 20_000 }, (error, out, err) => {
        resolve({ status: error ? error.code : 0, out, err });
      });
      child.stdin.end();
    });
  }
  prefix(name) {
    return this.keys[name].slice(5, 13);
  }
}
const reads = `${clerk.trim().replace('allowed:\n', 'allowed:\n    - {name: read_customer_record, class: read_only}\n')}\n`;
const laxer = reads.replace('allowed:\n', 'allowed:\n    - {name: read_big, class: read_only}\n');

async function house(t, policy = reads) {
  const h = new House(policy);
  t.after(() => h.end());
  return h.serve();
}

test('a deployment file with a mistake gets in by no way, and takes its keys back', async (t) => {
  const h = await house(t);
  const twin = path.join(h.dir, 'twin.yaml');
  writeFileSync(twin, reads.replace('id: clerk', 'id: twin'));
  const good = readFileSync(h.config, 'utf8');
  const made = JSON.parse(h.make('keys', 'create', 'double', '--json'));
  // Two roles with one identity, and an agent of the second.
  const bad = good
    .replace('roles:\n', `roles:\n  twin: {file: "${twin}", servers: [crm]}\n`)
    .replace('agents:\n', `agents:\n  double: {role: twin, keys: ["${made.keep}"]}\n`);
  writeFileSync(h.config, bad, { mode: 0o600 });
  const open = async (token) => (await h.ask(token, 'POST', '/v1/runs', {})).status;
  assert.equal(await open(h.keys.other), 201);

  const revoked = await h.later('keys', 'revoke', h.prefix('other'));
  assert.equal(revoked.status, 0, revoked.err);
  assert.match(revoked.out, /opens nothing any more/);
  assert.match(revoked.err, /no other line of the file is in force.*is the identity of the role/s);
  assert.equal(await open(h.keys.other), 401, 'what only tightens counts');
  assert.equal(await open(h.keys.orchestrator), 201, 'what was in force stays');
  assert.equal(await open(made.key), 401, 'and nothing else of the file is');

  const added = await h.later('reviewers', 'add', 'bob', '--as', 'ada');
  assert.notEqual(added.status, 0, added.out);
  assert.match(added.err, /does not count until this is put right.*identity of the role/s);
  writeFileSync(h.config, readFileSync(h.config, 'utf8').replace(/\n.*\bbob\b.*/, ''));

  // A client of this machine joins: the file is read anew for that.
  const joined = await h.join();
  assert.notEqual(joined.status, 0);
  assert.match(joined.err, /identity of the role/, 'no client joins under a file with a mistake');
  assert.equal(await open(made.key), 401);
  h.node.kill('SIGHUP');
  for (let i = 0; i < 100 && !/what was in force stays/.test(h.said); ++i) await sleep(50);
  assert.match(h.said, /the deployment file has a mistake; what was in force stays/);
  assert.equal(await open(made.key), 401);
  const noted = h.records('noted').filter((one) => /does not load/.test(one.topic));
  assert.ok(noted.length >= 1, 'it is in the journal');

  // A policy that does not load is a mistake of the deployment too.
  const text = readFileSync(h.config, 'utf8').replace(`"${twin}"`, '"nowhere.yaml"');
  writeFileSync(h.config, text);
  const second = await h.later('keys', 'revoke', h.prefix('spokesman'));
  assert.equal(second.status, 0, second.err);
  assert.match(second.err, /nowhere\.yaml: there is no such file/);
  assert.equal(await open(h.keys.spokesman), 401);
  assert.equal(await open(h.keys.orchestrator), 201);

  // Nothing can be taken back in a file that cannot be read, and that is said.
  const both = readFileSync(h.config, 'utf8');
  writeFileSync(h.config, `${both}lisen: {}\n`);
  const third = await h.later('keys', 'revoke', h.prefix('orchestrator'));
  assert.notEqual(third.status, 0);
  assert.match(third.err, /no key is taken back/);
  assert.equal(await open(h.keys.orchestrator), 201);

  // Put right, all of it counts, and what was taken back stays so.
  writeFileSync(twin, reads.replace('id: clerk, identity: clerk', 'id: twin, identity: twin'));
  writeFileSync(h.config, both.replace('"nowhere.yaml"', `"${twin}"`));
  h.node.kill('SIGHUP');
  for (let i = 0; i < 100 && !/was read again/.test(h.said); ++i) await sleep(50);
  assert.equal(await open(made.key), 201);
  for (const name of ['other', 'spokesman']) assert.equal(await open(h.keys[name]), 401, name);
});

test('revoking where the node reads another file says that it did not count', async (t) => {
  const h = await house(t);
  const copy = path.join(h.dir, 'copy.yaml');
  writeFileSync(copy, readFileSync(h.config, 'utf8'), { mode: 0o600 });
  const done = await h.later('keys', 'revoke', h.prefix('other'), '--config', copy);
  assert.equal(done.status, 1, done.out);
  assert.match(done.err, /did not take it: it reads another file/);
  assert.equal((await h.ask(h.keys.other, 'POST', '/v1/runs', {})).status, 201);
});

test('the journal says which deployment file counted, and whose word it is', async (t) => {
  const h = await house(t);
  const digest = () =>
    `sha256:${createHash('sha256').update(readFileSync(h.config)).digest('hex')}`;
  const notes = () => h.records('noted').filter((one) => one.topic === 'deployment file');
  const first = digest();
  const before = readFileSync(h.config, 'utf8');
  assert.match(h.said, /pawl\.yaml can be written by the user that this node runs as/);
  assert.match(notes().at(-1).text, new RegExp(`${first}, and can be written by the user`));
  const known = notes().length;
  writeFileSync(h.config, `${before}lisen: {}\n`);
  h.node.kill('SIGHUP');
  for (let i = 0; i < 100 && !/what was in force stays/.test(h.said); ++i) await sleep(50);
  assert.equal(notes().length, known, 'what does not count is not said to count');
  writeFileSync(h.config, `${before}# another one\n`);
  for (const times of [1, 2]) {
    h.node.kill('SIGHUP');
    const read = () => h.said.split('was read again').length - 1;
    for (let i = 0; i < 100 && read() < times; ++i) await sleep(50);
  }
  assert.deepEqual(
    notes()
      .slice(known)
      .map((one) => one.text.includes(digest())),
    [true],
    'once, however often it is read',
  );
});

test('a role goes on as accepted while its file is broken or laxer', async (t) => {
  const h = await house(t);
  assert.deepEqual(await h.calls(h.keys.orchestrator, 'read_customer_record', 'read_big'), [
    'result',
    'not_granted',
  ]);
  const before = await h.run({ key: 'k' });
  const both = ['read_customer_record', 'read_big'];
  for (const [name, text] of [
    ['broken', 'version: 7\n'],
    ['laxer', laxer],
  ]) {
    writeFileSync(h.policy, text);
    // The run that is open, a run of a caller who has none yet, and runs at the API.
    const as = name === 'broken' ? 'other' : 'spokesman';
    assert.deepEqual(await h.calls(h.keys.orchestrator, ...both), ['result', 'not_granted'], name);
    assert.deepEqual(await h.calls(h.keys[as], ...both), ['result', 'not_granted'], name);
    assert.equal((await h.run({ key: 'k' })).run, before.run, name);
    const fresh = await h.run({}, as);
    assert.notEqual(fresh.run, before.run);
    assert.equal(await h.effect(fresh, 'read_note'), 'allow', name);
    assert.equal(await h.effect(fresh, 'read_big'), 'deny', name);
    const person = await h.later('runs', 'create', '--role', 'clerk', '--json');
    assert.equal(person.status, 0, person.err);
  }
  const status = await h.later('status', '--json');
  assert.match(status.out, /"policies_waiting":\[\{"agent":"clerk"/);

  // Accepted: runs that are open keep theirs, and every session still opens; new runs have it.
  const accepted = await h.later('accept', '--policy', h.policy, '--as', 'ada');
  assert.equal(accepted.status, 0, accepted.err);
  assert.deepEqual(await h.calls(h.keys.orchestrator, ...both), ['result', 'not_granted']);
  assert.equal((await h.run({ key: 'k' })).run, before.run);
  assert.equal(await h.effect(before, 'read_big'), 'deny');
  const wider = await h.run();
  assert.equal(await h.effect(wider, 'read_big'), 'allow');

  // What was accepted outlives the file, and the node.
  writeFileSync(h.policy, 'version: 7\n');
  assert.equal(await h.effect(await h.run(), 'read_big'), 'allow');
  await h.stop();
  writeFileSync(h.policy, laxer.replace('read_big,', '[read_big, read_slow],'));
  await h.serve();
  const later = await h.run();
  assert.equal(await h.effect(later, 'read_big'), 'allow');
  assert.equal(await h.effect(later, 'read_slow'), 'deny');
  // A stricter one is in force at once.
  writeFileSync(h.policy, reads);
  assert.equal(await h.effect(await h.run(), 'read_big'), 'deny');
});

test('a credential ends with its run’s time, and with its own, at both doors', async (t) => {
  const h = await house(t, reads.replace('execution: {', 'execution: {max_wall_clock: 1m, '));
  const left = (answer) => (Date.parse(answer.expires) - Date.now()) / 1000;
  const run = await h.run({ lasts_seconds: 3600 });
  assert.ok(left(run) > 30 && left(run) <= 60, run.expires);
  const created = await h.later('runs', 'create', '--role', 'clerk', '--lasts', '1h', '--json');
  assert.ok(left(JSON.parse(created.out)) <= 60, created.out);
  for (const lasts of [3600, 20]) {
    const body = { agent: 'scout', tools: ['read_note'], lasts_seconds: lasts };
    const sub = await h.ask(run.credential, 'POST', '/v1/runs', body);
    assert.equal(sub.status, 201, JSON.stringify(sub.json));
    assert.ok(left(sub.json) <= Math.min(lasts, 60), sub.json.expires);
  }

  const brief = async (door) => {
    const words = ['runs', 'create', '--role', 'clerk', '--lasts', '8s', '--for', door, '--json'];
    return JSON.parse((await h.later(...words)).out);
  };
  const [short, mcp] = [await brief('api'), await brief('mcp')];
  assert.equal(await h.effect(short, 'read_note'), 'allow');
  assert.deepEqual(await h.calls(mcp.credential, 'read_customer_record'), ['result']);
  await sleep(Date.parse(mcp.expires) - Date.now() + 600);
  assert.equal((await h.propose(short, 'read_note', {})).status, 401);
  assert.equal((await h.hello(mcp.credential)).status, 401);
  const refused = h.records('noted').filter((one) => /expired|is over/.test(one.text));
  assert.ok(refused.length >= 2, 'both are in the journal');
});

test('a run whose time is used up gets no further credential', async (t) => {
  const h = await house(t, reads.replace('execution: {', 'execution: {max_wall_clock: 4s, '));
  const run = await h.run({ key: 'k' });
  // Its time begins with its first call.
  assert.equal(await h.effect(run, 'read_note'), 'allow');
  await sleep(Date.parse(run.expires) - Date.now() + 1500);
  assert.equal((await h.propose(run, 'read_note', {})).status, 401);
  const again = await h.ask(h.keys.orchestrator, 'POST', '/v1/runs', { key: 'k' });
  assert.equal(again.status, 409, JSON.stringify(again.json));
  assert.match(again.json.reason, /has no time left/);
  assert.notEqual((await h.run()).run, run.run, 'another run has its own time');
});
