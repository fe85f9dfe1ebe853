// The whole way of reviewers: the first by configuration, the second by the first, whatever the
// deployment file says of them before; and a question that needs both.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { World } from './world.mjs';

const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only}
    - {name: send_customer_email, class: irreversible small, args: {body: {max_length: 100}}, approval: {by: [leads], quorum: 2, within: 1m}}
`;
const file = (w) => path.join(w.dir, 'config', 'pawl', 'pawl.yaml');

function world(t, people) {
  const w = new World(policy);
  t.after(() => w.end());
  mkdirSync(path.dirname(file(w)), { recursive: true });
  if (people) writeFileSync(file(w), people);
  return w;
}
const good = (done, what) => {
  assert.equal(done.status, 0, `${what}: ${done.out}${done.err}`);
  return done;
};
const enrolled = (w) =>
  w
    .json('reviewers', 'list')
    .map(({ person, by }) => `${person}:${by}`)
    .sort();

// Both answer one question that needs two.
async function both(w) {
  const client = await w.client();
  const sent = client.call('send_customer_email', { to: 'a', body: 'b' });
  const { approval } = await w.question();
  const one = good(w.approve(approval), 'the first yes');
  assert.match(one.out, /open/);
  const done = good(w.pawl('approvals', 'approve', approval, '--as', 'bob'), 'the second yes');
  assert.match(done.out, /approved by bob/);
  assert.equal((await sent).isError, undefined);
}

test('the second reviewer stands in `people` already', async (t) => {
  const w = world(t, 'version: 1\npeople:\n  bob: {groups: [leads]}\n  carol:\n    groups: [leads]\n');
  good(w.pawl('reviewers', 'add', 'ada', '--group', 'leads'), 'ada');
  const before = readFileSync(file(w), 'utf8');
  const added = good(w.pawl('reviewers', 'add', 'bob', '--as', 'ada'), 'bob');
  assert.match(added.out, /enrolled {3}bob/);
  assert.equal(readFileSync(file(w), 'utf8'), before, 'the file needs no more than his name');
  good(w.pawl('reviewers', 'add', 'carol', '--as', 'bob', '--json'), 'carol');
  assert.deepEqual(enrolled(w), ['ada:', 'bob:ada', 'carol:bob']);
  assert.equal(w.pawl('reviewers', 'add', 'bob', '--as', 'ada').status, 2, 'once is enough');
  w.killNode();
  await both(w);
});

test('the second reviewer does not stand in `people` yet', async (t) => {
  const w = world(t);
  good(w.pawl('reviewers', 'add', 'ada', '--group', 'leads'), 'ada');
  good(w.pawl('reviewers', 'add', 'bob', '--group', 'leads', '--as', 'ada'), 'bob');
  assert.match(readFileSync(file(w), 'utf8'), /bob: \{groups: \[leads\], .*verifier/);
  good(w.pawl('accept', '--deployment', '--config', file(w), '--as', 'ada'), 'the file');
  assert.deepEqual(enrolled(w), ['ada:', 'bob:ada']);
  w.killNode();
  await both(w);
});

test('no one enrols a second one without the first', async (t) => {
  const w = world(t, 'version: 1\npeople:\n  bob: {groups: [leads]}\n');
  good(w.pawl('reviewers', 'add', 'ada', '--group', 'leads'), 'ada');
  writeFileSync(w.passphrase, 'some other passphrase\n');
  assert.equal(w.pawl('reviewers', 'add', 'bob', '--as', 'ada').status, 1);
  assert.notEqual(w.pawl('reviewers', 'add', 'bob', '--as', 'bob').status, 0);
  assert.deepEqual(enrolled(w), ['ada:']);
});

test('the first one stands in `people` already, however it is written', async (t) => {
  const rows = [
    '  ada: {}\n',
    '  ada: {groups: [leads]}\n',
    '  ada: {groups: [leads], proof: passphrase}  # the lead\n',
    '  ada:\n    groups: [leads]\n    proof: passphrase\n',
    '  bob: {groups: [leads]}\n  ada: # first\n      groups:\n        - leads\n',
  ];
  for (const row of rows) {
    const w = world(t, `version: 1\npeople:\n${row}  default_reviewers: [ada]\n`);
    const added = good(w.pawl('reviewers', 'add', 'ada'), row);
    assert.match(added.out, /by configuration/);
    assert.deepEqual(enrolled(w), ['ada:'], row);
    const text = readFileSync(file(w), 'utf8');
    assert.equal(text.match(/argon2id/g).length, 1, text);
    good(w.pawl('kill', 'all', '--reason', 'x'), row);
    good(w.pawl('resume', 'all'), `${row}: and proves it`);
    await w.end();
  }
});

test('a verifier that stands in the file is enrolled, and no one types for its owner', async (t) => {
  const other = world(t);
  writeFileSync(other.passphrase, 'the passphrase of bob\n');
  good(other.pawl('reviewers', 'add', 'bob', '--group', 'leads'), 'made elsewhere');
  const line = readFileSync(file(other), 'utf8').match(/^ {2}bob: .*$/m)[0];

  const w = world(t);
  good(w.pawl('reviewers', 'add', 'ada', '--group', 'leads'), 'ada');
  writeFileSync(file(w), readFileSync(file(w), 'utf8').replace('people:\n', `people:\n${line}\n`));
  good(w.pawl('accept', '--deployment', '--config', file(w), '--as', 'ada'), 'the file');
  assert.deepEqual(enrolled(w), ['ada:'], 'the file alone enrols no one');
  good(w.pawl('reviewers', 'add', 'bob', '--as', 'ada'), 'bob');
  assert.deepEqual(enrolled(w), ['ada:', 'bob:ada']);
  good(w.pawl('kill', 'all', '--reason', 'x'), 'kill');
  assert.equal(w.pawl('resume', 'all', '--as', 'bob').status, 1, 'it is his own passphrase');
  writeFileSync(w.passphrase, 'the passphrase of bob\n');
  good(w.pawl('resume', 'all', '--as', 'bob'), 'bob');

  // The same file at a new node, which has no reviewers yet: both are its first.
  const fresh = world(t, readFileSync(file(w), 'utf8'));
  assert.deepEqual(enrolled(fresh), ['ada:', 'bob:']);
});
