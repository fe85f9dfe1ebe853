// Who may loosen a deployment file: where the node's own user could write it, it is for
// production and a reviewer is enrolled, what is laxer waits for that person, by whichever way the
// node reads it; what is stricter counts at once.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Gatehouse, clerk } from './api_world.mjs';
import { sleep, turned_away, World } from './world.mjs';

const live = `${clerk}environment: production\n`;
const sha = (text) => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const root = process.getuid() === 0;

class House extends Gatehouse {
  constructor(policy = live) {
    super(policy);
    this.first = readFileSync(this.config, 'utf8');
    const made = JSON.parse(this.make('keys', 'create', 'late', '--json'));
    this.keys.late = made.key;
    // One agent more, in the line behind `agents:`.
    const line = `  late: {role: clerk, keys: ["${made.keep}"]}\n`;
    this.more = this.first.replace('agents:\n', `agents:\n${line}`);
    assert.notEqual(this.more, this.first);
    this.line = this.more.split('\n').findIndex((one) => one.includes('late:')) + 1;
  }
  put(text) {
    writeFileSync(this.config, text, { mode: 0o600 });
  }
  async hup() {
    const read = () => this.said.split('was read again').length - 1;
    const before = read();
    this.node.kill('SIGHUP');
    for (let i = 0; i < 400 && read() === before; ++i) await sleep(25);
    assert.equal(read(), before + 1, this.said);
  }
  async deploy(text) {
    this.put(text);
    await this.hup();
  }
  async opens(name) {
    return (await this.ask(this.keys[name], 'POST', '/v1/runs', {})).status;
  }
  waiting() {
    return this.json('status').deployments_waiting;
  }
  accept(...more) {
    return this.later('accept', '--deployment', '--as', 'ada', ...more);
  }
  // Without its key an agent has `PREFIX:revoked`.
  without(name, text = this.first) {
    const line = new RegExp(`(${name}: .*"[^":]+:)[0-9a-f]{64}`);
    assert.match(text, line);
    return text.replace(line, '$1revoked');
  }
  kept() {
    return readdirSync(this.state).filter((name) => /^deployment-.*\.yaml$/.test(name));
  }
  async again() {
    await this.stop();
    return this.serve();
  }
}

async function house(t, policy) {
  const h = new House(policy);
  t.after(() => h.end());
  return h.serve();
}

test('one agent more waits over a signal, a question and a restart, until a person accepts', async (t) => {
  const h = await house(t);
  assert.match(h.said, /can be written by .*: what it loosens waits for a reviewer/);
  const waits = async (how) => {
    assert.equal(await h.opens('late'), 401, how);
    assert.equal(await h.opens('orchestrator'), 201, how);
    const [one, ...others] = h.waiting();
    assert.deepEqual(others, []);
    assert.equal(one.digest, sha(h.more), how);
    assert.equal(one.accepted, sha(h.first), how);
    assert.match(one.laxer, new RegExp(`pawl\\.yaml:${h.line}: \`agents\\.late\` is new`), how);
  };
  await h.deploy(h.more);
  await waits('SIGHUP');
  assert.match(h.said, /is not the deployment file that was accepted.*pawl accept --deployment/s);
  assert.match(h.pawl('status').out, /waits +the laxer deployment file: pawl accept --deployment/);
  const notes = () => h.records('noted').filter((one) => one.topic === 'deployment file waits');
  assert.match(notes()[0].text, /`agents\.late` is new/);
  await h.hup();
  assert.equal(notes().length, 1, 'people hear of it once');
  await h.again();
  await waits('restart');
  assert.match(h.said, /is not the deployment file that was accepted/);
  // Who looks does not accept, and a stranger cannot.
  const stranger = await h.later('accept', '--deployment', '--as', 'mallory');
  assert.notEqual(stranger.status, 0);
  await waits('stranger');
  const done = await h.accept();
  assert.equal(done.status, 0, done.err);
  assert.match(done.out, new RegExp(`before +${sha(h.first)}\nafter +${sha(h.more)}`));
  assert.match(done.out, new RegExp(`laxer +\\S*pawl\\.yaml:${h.line}: \`agents\\.late\` is new`));
  assert.ok(done.out.indexOf('laxer') < done.out.indexOf('accepted'));
  assert.equal(await h.opens('late'), 201);
  assert.deepEqual(h.waiting(), []);
  const pins = h.records('pin.accepted').filter((one) => one.tool === 'deployment');
  assert.deepEqual([pins.at(-1).digest, pins.at(-1).person], [sha(h.more), 'ada']);
  await h.again();
  assert.equal(await h.opens('late'), 201, 'after a restart too');
  assert.deepEqual(h.waiting(), []);
});

test('what is stricter counts at once, and the way back is the laxer one', async (t) => {
  const h = await house(t);
  assert.equal(await h.opens('other'), 201);
  const fewer = h.first.replace(/ {2}other: .*\n/, '');
  await h.deploy(`# a comment\n${fewer}`);
  assert.equal(await h.opens('other'), 401);
  assert.deepEqual(h.waiting(), []);
  await h.deploy(h.first);
  assert.equal(await h.opens('other'), 401);
  assert.match(h.waiting()[0].laxer, /`agents\.other` is new/);
  await h.deploy(fewer);
  assert.deepEqual(h.waiting(), []);
});

test('a revoked key opens nothing at once, also in a file that waits, and stays revoked', async (t) => {
  const h = await house(t);
  const both = h.without('other', h.more);
  await h.deploy(both);
  assert.equal(await h.opens('other'), 401);
  assert.equal(await h.opens('late'), 401);
  assert.equal(h.waiting().length, 1);
  await h.again();
  assert.equal(await h.opens('other'), 401, 'after a restart');
  assert.equal(await h.opens('orchestrator'), 201);
  // The file that was accepted first still has the key.
  await h.deploy(h.first);
  assert.equal(await h.opens('other'), 401, 'the way back waits');
  assert.match(h.waiting()[0].laxer, /of `agents\.other\.keys` is new/);
  await h.again();
  assert.equal(await h.opens('other'), 401);
  // The command says what became of the rest of the file.
  h.put(h.more);
  const prefix = h.keys.executor.slice('pawl_'.length, 'pawl_'.length + 8);
  const revoked = await h.later('keys', 'revoke', prefix, '--config', h.config);
  assert.equal(revoked.status, 0, revoked.err);
  assert.match(revoked.err, /the rest of the file waits for a reviewer: pawl accept --deployment/);
  assert.equal(await h.opens('executor'), 401);
});

test('a file that is gone is a change like any other', async (t) => {
  const h = await house(t);
  rmSync(h.config);
  h.node.kill('SIGHUP');
  for (let i = 0; i < 400 && !h.said.includes('what was in force stays'); ++i) await sleep(25);
  assert.match(h.said, /what was in force stays/);
  assert.equal(await h.opens('orchestrator'), 201);
  assert.equal(await h.opens('late'), 401);
  await h.stop();
  // Without a server that listens no file has to be there.
  const w = new World(live);
  t.after(() => w.end());
  const file = path.join(w.dir, 'config', 'pawl', 'pawl.yaml');
  mkdirSync(path.dirname(file));
  writeFileSync(file, `version: 1\nroles: {clerk: {file: "${w.policy}", directories: [/srv]}}\n`);
  w.enrol();
  assert.ok(!turned_away(await w.client()));
  renameSync(file, `${file}.gone`);
  const refused = await w.client({ env: { PAWL_RUN: 'while the node runs' } });
  assert.match(refused.err, /there is no such file/);
  w.killNode();
  for (const how of ['a restart', 'another one']) {
    const client = await w.client({ env: { PAWL_RUN: how } });
    assert.ok(!turned_away(client), `${how}: ${client.err}`);
    const [waiting] = w.json('status').deployments_waiting;
    assert.match(waiting.laxer, /`roles\.clerk` is gone, and with it what binds/, how);
    assert.equal(w.json('reviewers', 'list').length, 1);
    w.killNode();
  }
  renameSync(`${file}.gone`, file);
  assert.deepEqual(w.json('status').deployments_waiting, []);
});

test('small steps do not lead to a file that no one has to accept', async (t) => {
  // Nothing of this policy asks anybody, so that it goes on without people.
  const quiet = live.replace(/.*send_mail.*\n/, '').replace(/approval: .*\n/, '');
  const h = await house(t, quiet);
  const alone = h.first.replace(/people:\n {2}ada: .*\n/, '');
  assert.notEqual(alone, h.first);
  await h.deploy(alone);
  assert.match(h.waiting()[0].laxer, /it leaves no reviewer who could accept the next one/);
  await h.deploy(h.first);
  assert.deepEqual(h.waiting(), []);
  // The policy's own word is no way out either.
  writeFileSync(h.policy, quiet.replace('environment: production', ''));
  await h.deploy(h.more);
  assert.equal(await h.opens('late'), 401);
  assert.equal(h.waiting().length, 1);
});

test('only the bytes that were shown come into force', async (t) => {
  const h = await house(t);
  h.put(h.more);
  const env = { ...h.env, PAWL_PASSPHRASE_FILE: '' };
  const words = ['accept', '--deployment', '--as', 'ada', '--state-dir', h.state];
  const line = [process.env.PAWL, ...words].join(' ');
  const asked = spawn('script', ['-qec', line, '/dev/null'], { env });
  let said = '';
  asked.stdout.on('data', (bytes) => {
    said += bytes;
  });
  for (let i = 0; i < 400 && !said.includes('passphrase of ada'); ++i) await sleep(25);
  assert.match(said, /`agents\.late` is new/);
  const swapped = h.more.replace('agents:', '# and more\nagents:');
  h.put(swapped);
  asked.stdin.write('correct horse battery\n');
  const status = await new Promise((resolve) => asked.on('exit', resolve));
  assert.notEqual(status, 0);
  assert.match(said, /is not the file any more that was shown/);
  assert.equal(await h.opens('late'), 401);
  assert.equal(await h.opens('orchestrator'), 201);
});

test('only who is a person of the file in force accepts another one', async (t) => {
  const h = await house(t);
  const added = await h.later('reviewers', 'add', 'bob', '--group', 'leads', '--as', 'ada');
  assert.equal(added.status, 0, added.err);
  assert.match(added.err, /`bob` waits for a reviewer: pawl accept --deployment/);
  assert.match(h.waiting()[0].laxer, /`people\.bob` is new/);
  const bob = () => h.later('accept', '--deployment', '--as', 'bob');
  const both = readFileSync(h.config, 'utf8');
  // Enrolled, and so far only in a file that waits.
  assert.match((await bob()).err, /only persons of the deployment file in force/);
  assert.equal(h.waiting().length, 1);
  assert.equal((await h.accept('--json')).status, 0);
  assert.deepEqual(h.waiting(), []);
  assert.equal((await bob()).status, 0, 'once more is not harm');
  await h.deploy(both.replace(/ {2}bob: .*\n/, ''));
  assert.deepEqual(h.waiting(), [], 'one person less counts at once');
  await h.deploy(h.more);
  assert.match((await bob()).err, /only persons of the deployment file in force/);
  assert.equal(await h.opens('late'), 401);
});

test('what is accepted as a whole is accepted with its observation', async (t) => {
  const h = await house(t);
  assert.equal(await h.opens('orchestrator'), 201);
  const until = new Date(Date.now() + 5 * 86_400_000).toISOString();
  const watched = h.first.replace(
    `{file: "${h.policy}"}`,
    `{file: "${h.policy}", observe: {until: "${until}", reason: "first week"}}`,
  );
  assert.notEqual(watched, h.first);
  await h.deploy(watched);
  assert.match(h.waiting()[0].laxer, /`roles\.clerk\.observe` is new/);
  assert.deepEqual(h.json('status').observing, []);
  const alone = await h.later('accept', '--observe', 'clerk', '--as', 'ada');
  assert.match(alone.err, /the deployment file waits itself, and `observe` with it/);
  const done = await h.accept('--json');
  assert.equal(done.status, 0, done.err);
  assert.equal(JSON.parse(done.out).laxer.length, 1);
  const [one] = h.json('status').observing;
  assert.deepEqual([one.agent, one.waits], ['clerk', false]);
  await h.deploy(h.first);
  assert.deepEqual(h.json('status').observing, [], 'to end it sooner needs no one');
});

test('kept bytes that are damaged or gone start nothing, until the file is back', async (t) => {
  const h = await house(t);
  await h.deploy(h.more);
  assert.deepEqual(h.kept(), [`deployment-${sha(h.first).slice(7)}.yaml`]);
  const kept = path.join(h.state, h.kept()[0]);
  await h.stop();
  const refuses = async (how) => {
    const ended = new Promise((resolve) => {
      const node = spawn(process.env.PAWL, ['serve', '--state-dir', h.state], { env: h.env });
      let said = '';
      node.stderr.on('data', (bytes) => {
        said += bytes;
      });
      node.on('exit', (status) => resolve({ status, said }));
    });
    const { status, said } = await ended;
    assert.notEqual(status, 0, how);
    assert.match(said, new RegExp(`${sha(h.first)}.* are ${how}: put the file with this digest`));
  };
  writeFileSync(kept, h.more);
  const told = path.join(h.dir, 'told');
  const words = JSON.stringify(['sh', '-c', `printenv PAWL_TEXT > ${told}`]);
  h.put(`${h.more}notify: {command: ${words}}\n`);
  await refuses('damaged');
  assert.match(readFileSync(told, 'utf8'), /the node cannot start: .*are damaged/);
  rmSync(kept);
  await refuses('gone');
  h.put(h.first);
  await h.serve();
  assert.equal(await h.opens('orchestrator'), 201);
  assert.equal(h.kept().length, 1);
});

test('development needs no one, and production begins with what counted there', async (t) => {
  const h = await house(t, clerk);
  assert.match(h.said, /what it says is then their word/);
  await h.deploy(h.more);
  assert.equal(await h.opens('late'), 201);
  assert.deepEqual(h.waiting(), []);
  writeFileSync(h.policy, live);
  await h.deploy(h.first);
  assert.equal(await h.opens('late'), 401, 'it is stricter');
  await h.deploy(h.more);
  assert.equal(await h.opens('late'), 401, 'and now it waits');
  assert.equal(h.waiting().length, 1);
});

test('a session of `pawl mcp` begins under the file that was accepted', async (t) => {
  const h = await house(t);
  // A directory that the laxer file would bind to nothing, and a server that it would know.
  h.put(`${h.first}servers: {crm: {command: [/bin/other]}}\n`);
  const args = ['--server', 'crm'];
  const client = await h.client({ args });
  assert.ok(client.server, client.err);
  assert.match(h.waiting()[0].laxer, /`servers` is new/);
  const tools = await client.request('tools/list');
  assert.ok(tools.result, JSON.stringify(tools));
});

test('a file that only another user may write needs no one', { skip: !root }, async (t) => {
  const h = new House();
  t.after(() => h.end());
  const user = 65534;
  // What the node writes is its own; the file and all folders on the way are the owner's.
  const folder = path.join(h.dir, 'etc');
  mkdirSync(folder);
  renameSync(h.config, path.join(folder, 'pawl.yaml'));
  h.config = path.join(folder, 'pawl.yaml');
  chmodSync(h.dir, 0o755);
  chmodSync(h.config, 0o644);
  rmSync(h.state, { recursive: true });
  mkdirSync(h.state, { mode: 0o700 });
  chownSync(h.state, user, user);
  // Where the program was built, another user may not be able to look.
  const program = path.join(h.dir, 'pawl');
  copyFileSync(process.env.PAWL, program);
  chmodSync(program, 0o755);
  const words = ['--reuid', `${user}`, '--regid', `${user}`, '--clear-groups'];
  const seen = spawnSync('setpriv', [...words, program, '--version'], { encoding: 'utf8' });
  if (seen.status !== 0) return t.skip(`no other user sees ${h.dir}: ${seen.error ?? seen.stderr}`);
  const serve = async (config) => {
    const more = ['serve', '--config', config, '--state-dir', h.state];
    h.node = spawn('setpriv', [...words, program, ...more], { env: h.env });
    h.ended = new Promise((resolve) => h.node.on('exit', resolve));
    h.said = '';
    h.node.stderr.on('data', (bytes) => {
      h.said += bytes;
    });
    for (let i = 0; i < 400 && !h.address; ++i) {
      h.address = h.said.match(/serving at (http:\S+)/)?.[1];
      await sleep(25);
    }
    assert.ok(h.address, h.said);
  };
  await serve(h.config);
  assert.doesNotMatch(h.said, /can be written by/);
  writeFileSync(h.config, h.more);
  await h.hup();
  assert.equal(await h.opens('late'), 201);
  // A person who starts the node with another file, which is not theirs either, chose it.
  await h.deploy(h.first);
  await h.stop();
  const other = path.join(h.dir, 'other.yaml');
  writeFileSync(other, h.more, { mode: 0o644 });
  await serve(other);
  assert.equal(await h.opens('late'), 401);
  assert.match(h.said, /`agents\.late` is new/);
  await h.stop();
  await serve(h.config);
  writeFileSync(h.config, h.more);
  await h.hup();
  assert.equal(await h.opens('late'), 201, 'at its own place no one has to accept it');
  // As soon as the node's user could write it, it is their word.
  chownSync(folder, user, user);
  await h.deploy(h.first);
  assert.equal(await h.opens('late'), 401);
  await h.deploy(h.more);
  assert.equal(await h.opens('late'), 401);
});
