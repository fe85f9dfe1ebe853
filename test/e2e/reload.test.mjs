// SIGHUP: what changed comes into force where it can be read, and else nothing changes. Policies
// that do not load, certificates that are renewed, damaged or of another key; a session goes on.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';
import { until } from './endpoint.mjs';
import { Served, read } from './served.mjs';
import { open } from './tester.mjs';
import { code } from './world.mjs';

const customer = { customer_id: 'c' };
const call = { name: 'read_customer_record', arguments: customer };
const last = async (answer) => (await read(await answer)).at(-1);
async function reloaded(w, words) {
  w.log = '';
  w.node.kill('SIGHUP');
  await until(() => w.log.includes(words));
}

test('a policy that does not load leaves the one in force to those who are there', async (t) => {
  const w = new Served(open);
  t.after(() => w.end());
  await w.begin();
  const session = await w.open();
  const fine = async (one) =>
    assert.equal((await one.call('read_customer_record', customer)).isError, undefined);
  await fine(session);
  const stateless = async () => (await last(w.ask('tools/call', call))).result;
  assert.equal((await stateless()).isError, undefined);
  const wrong = {
    'is not YAML': 'version: [1\n',
    'has an unknown key': `${open}colour: red\n`,
    'states a lower class without a reason': open.replace(
      'class: irreversible small, args: {to',
      'class: read_only, args: {to',
    ),
    'is empty': '',
  };
  for (const [what, text] of Object.entries(wrong)) {
    writeFileSync(w.policy, text);
    await reloaded(w, 'what was in force stays');
    await fine(session);
    assert.equal((await stateless()).isError, undefined, what);
    assert.equal(code(await session.call('delete_customer_record', customer)), 'blocked', what);
    assert.equal((await fetch(`${w.origin}/readyz`)).status, 200, what);
    // A client that comes now begins with it too.
    await fine(await w.open());
  }
  assert.equal(w.calls().length, 2 + 3 * Object.keys(wrong).length);
  writeFileSync(w.policy, open);
  await reloaded(w, 'was read again');
  await fine(await w.open());
  // One that loads and is stricter is in force at once, for the open run too.
  writeFileSync(w.policy, open.replace('[read_customer_record, read_big,', '[read_big,'));
  await reloaded(w, 'the stricter policy of');
  assert.equal(code(await session.call('read_customer_record', customer)), 'not_granted');
});

// A certificate of its own authority, in the files that the deployment names.
function certificate(dir, name) {
  const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -batch -days 2';
  const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`];
  const more = ['-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', [...words.split(' '), ...files, ...more], { cwd: dir, stdio: 'pipe' });
  const read = (end) => readFileSync(path.join(dir, `${name}.${end}`), 'utf8');
  return { pem: read('pem'), key: read('key') };
}

test('a renewed certificate is the next connection’s, and a damaged one is no one’s', async (t) => {
  const w = new Served(open);
  t.after(() => w.end());
  const [first, second] = [certificate(w.dir, 'first'), certificate(w.dir, 'second')];
  const put = (pem, key) => {
    writeFileSync(path.join(w.dir, 'gate.pem'), pem);
    writeFileSync(path.join(w.dir, 'gate.key'), key, { mode: 0o600 });
  };
  put(first.pem, first.key);
  await w.begin({ listen: '{mcp: "127.0.0.1:0", tls: {certificate: gate.pem, key: gate.key}}' });
  assert.match(w.origin ?? w.log, /^https:/);
  const { port } = new URL(w.origin);
  const ca = [first.pem, second.pem];
  const shown = () =>
    new Promise((resolve, reject) => {
      const socket = tls.connect({ port, host: '127.0.0.1', ca }, () => {
        resolve(socket.getPeerCertificate().subject.CN);
        socket.destroy();
      });
      socket.on('error', reject);
    });
  // One connection that stays open over all of it.
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca });
  t.after(() => agent.destroy());
  const ready = () =>
    new Promise((resolve, reject) => {
      const asked = https.get({ port, host: '127.0.0.1', path: '/readyz', agent }, (answer) => {
        answer.resume().on('end', () => resolve([answer.statusCode, asked.reusedSocket]));
      });
      asked.on('error', reject);
    });
  assert.deepEqual(await ready(), [200, false]);
  assert.equal(await shown(), 'first');
  put(second.pem, second.key);
  await reloaded(w, 'was read again');
  assert.equal(await shown(), 'second');
  assert.deepEqual(await ready(), [200, true], 'who is connected stays so');
  const bad = [
    [second.pem.slice(0, 200), second.key],
    [first.pem, second.key],
    ['', ''],
  ];
  for (const [pem, key] of bad) {
    put(pem, key);
    await reloaded(w, 'stays');
    assert.equal(await shown(), 'second');
  }
  assert.deepEqual(await ready(), [200, true]);
});
