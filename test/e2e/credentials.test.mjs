// `pawl credentials`: what is stored comes back to no one on the way, versions stay, and a store
// that was damaged or edited is not opened.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

const dir = mkdtempSync(path.join(tmpdir(), 'pawl-credentials-'));
after(() => rmSync(dir, { recursive: true, force: true }));
const state = path.join(dir, 'state');
const store = path.join(state, 'credentials.store');
const key = path.join(dir, 'key');
const new_key = path.join(dir, 'new-key');
writeFileSync(key, 'correct horse battery\n', { mode: 0o600 });
writeFileSync(new_key, 'battery staple horse\n', { mode: 0o600 });

function pawl(words, input = '', env = {}) {
  const done = spawnSync(process.env.PAWL, ['credentials', ...words, '--state-dir', state],
    { input, encoding: 'utf8', env: { PATH: process.env.PATH, HOME: dir, ...env } });
  return { ...done, said: done.stdout + done.stderr };
}
const with_key = ['--key-file', key];
const listed = () => JSON.parse(pawl(['list', '--json']).stdout)
  .map(({ name, version }) => `${name} ${version}`);

test('nothing is stored before the first', () => {
  assert.match(pawl(['list']).said, /nothing is stored/);
  const rotated = pawl(['rotate', 'mail-relay', ...with_key], 'second-token');
  assert.equal(rotated.status, 2);
  assert.match(rotated.said, /there is no store yet/);
});

test('a value is stored from standard input, and shown nowhere', () => {
  const set = pawl(['set', 'mail-relay', ...with_key], 'first-token\n');
  assert.equal(set.status, 0, set.said);
  assert.match(set.stdout, /stored {3}mail-relay, version 1/);
  const rotated = pawl(['rotate', 'mail-relay', ...with_key], 'second-token\n');
  assert.match(rotated.stdout, /version 2/);
  assert.equal(pawl(['set', 'crm', ...with_key], 'crm-token-1').status, 0);
  assert.deepEqual(listed(), ['crm 1', 'mail-relay 1', 'mail-relay 2']);
  assert.equal(statSync(store).mode & 0o777, 0o600);
  assert.equal(statSync(state).mode & 0o777, 0o700);
  const bytes = readFileSync(store, 'latin1');
  for (const value of ['first-token', 'second-token', 'crm-token']) {
    assert.ok(!bytes.includes(value));
    assert.ok(!bytes.includes(Buffer.from(value).toString('base64').slice(0, 10)));
    assert.ok(!(set.said + rotated.said).includes(value));
  }
});

test('what cannot be meant is refused, and changes nothing', () => {
  const before = readFileSync(store, 'utf8');
  const refused = [
    [['set', 'mail-relay', ...with_key], 'x-token-1', /in the store already/],
    [['set', 'Mail', ...with_key], 'x-token-1', /small letters/],
    [['set', 'new', ...with_key], 'short', /less than 8 bytes/],
    [['set', 'new', ...with_key], '', /is empty/],
    [['rotate', 'none', ...with_key], 'x-token-1', /no credential `none`/],
    [['set', 'new', 'a-value-on-the-line', ...with_key], '', /a-value-on-the-line/],
    [['remove', 'none', ...with_key], '', /no credential `none`/],
    [['remove', 'crm', '--version', '2', ...with_key], '', /no version 2/],
    [['remove', 'crm', '--version', 'x', ...with_key], '', /wants a number/],
    [['set', 'new', '--key-file', new_key], 'x-token-1', /passphrase is not that of the store/],
    [['set', 'new', '--key-file', path.join(dir, 'none')], 'x-token-1', /open the file/],
  ];
  for (const [words, input, why] of refused) {
    const done = pawl(words, input);
    assert.notEqual(done.status, 0, words.join(' '));
    assert.match(done.said, why);
  }
  chmodSync(key, 0o644);
  assert.match(pawl(['set', 'new', ...with_key], 'x-token-1').said, /others can read/);
  chmodSync(key, 0o600);
  assert.equal(readFileSync(store, 'utf8'), before);
});

test('systemd and the file of a script open it too', () => {
  writeFileSync(path.join(dir, 'pawl-credentials-key'), 'correct horse battery', { mode: 0o600 });
  const passed = pawl(['set', 'systemd', '--json'], 'x-token-1', { CREDENTIALS_DIRECTORY: dir });
  assert.deepEqual(JSON.parse(passed.stdout), { done: 'stored', name: 'systemd', version: 1 });
  const script = pawl(['remove', 'systemd'], '', { PAWL_PASSPHRASE_FILE: key });
  assert.equal(script.status, 0, script.said);
  assert.ok(!listed().includes('systemd 1'));
});

test('a new passphrase keeps the values; the old one opens nothing', () => {
  const sealed = () => [...readFileSync(store, 'utf8').matchAll(/"sealed":"[^"]*"/g)].join();
  const before = sealed();
  const rotated = pawl(['rotate', ...with_key, '--new-key-file', new_key]);
  assert.equal(rotated.status, 0, rotated.said);
  assert.equal(sealed(), before);
  assert.notEqual(pawl(['remove', 'crm', ...with_key]).status, 0);
  assert.equal(pawl(['remove', 'mail-relay', '--version', '1', '--key-file', new_key]).status, 0);
  assert.deepEqual(listed(), ['crm 1', 'mail-relay 2']);
});

test('a damaged store is found without a key, and never overwritten', () => {
  const good = readFileSync(store, 'utf8');
  for (const bad of [good.slice(0, -10), good.replace('mail-relay', 'mail-relax'), 'x', '']) {
    writeFileSync(store, bad);
    assert.match(pawl(['list']).said, /damaged/);
    assert.equal(pawl(['set', 'new', '--key-file', new_key], 'x-token-1').status, 1);
    assert.equal(readFileSync(store, 'utf8'), bad);
  }
  writeFileSync(store, good);
  assert.equal(pawl(['set', 'new', '--key-file', new_key], 'x-token-1').status, 0);
});
