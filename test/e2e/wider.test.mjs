// One approval for more calls than its own: chosen at the terminal, where the policy offers it,
// with a real client and a real server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World, code, sleep } from './world.mjs';

const role = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - name: update_order_status
      class: reversible small
      constraints: {max_records_per_run: 50}
      approval: {wider: {identical: 3, run: 10m}}
    - {name: send_customer_email, class: irreversible small, args: {body: {max_length: 2000}}}
approval: {reviewers: [leads]}
`;
const order = (id) => ({ order_id: id, status: 'shipped' });

async function world(t) {
  const w = new World(role);
  t.after(() => w.end());
  w.enrol();
  return [w, await w.client()];
}
const executed = (w) => w.calls('update_order_status').length;
const later = async (w, client, args) => {
  const sent = client.call('update_order_status', args);
  sent.catch(() => {});
  return [sent, await w.question()];
};

test('so many identical calls with one approval, and no more', async (t) => {
  const [w, client] = await world(t);
  const [sent, { approval }] = await later(w, client, order('o-1'));
  const card = w.pawl('approvals', 'show', approval).out;
  assert.match(card, /may also +`--identical N`.* 3 at most; `--for-run`.*10m/);
  const both = w.approve(approval, '--identical', '2', '--for-run');
  assert.match(both.err, /two ways/);
  const many = w.approve(approval, '--identical', '4');
  assert.match(many.err, /3 identical calls at most/);
  assert.equal(w.approve(approval, '--identical', '2').status, 0);
  assert.equal((await sent).isError, undefined);
  const grants = w.json('grants', 'list');
  assert.deepEqual(grants.map((one) => [one.approval, one.calls]), [[approval, 1]]);
  assert.match(w.pawl('grants', 'list').out, /1 identical/);
  assert.equal((await client.call('update_order_status', order('o-1'))).isError, undefined);
  assert.deepEqual(w.json('grants', 'list'), []);
  const [third, question] = await later(w, client, order('o-1'));
  assert.equal(executed(w), 2);
  assert.equal(w.pawl('approvals', 'deny', question.approval, '--as', 'ada').status, 0);
  assert.equal(code(await third), 'approval_rejected');
  // It can be told again from the journal alone.
  assert.equal(w.pawl('replay', 'last').status, 0);
  assert.match(w.pawl('audit', 'query').out, /for 2 identical calls/);
});

test('for calls like it of the run, until a person takes it back', async (t) => {
  const [w, client] = await world(t);
  const [sent, { approval }] = await later(w, client, order('o-1'));
  assert.equal(w.approve(approval, '--for-run').status, 0);
  await sent;
  assert.equal((await client.call('update_order_status', order('o-2'))).isError, undefined);
  assert.match(w.pawl('status').out, new RegExp(`granted .*approved for the run \\(${approval}\\)`));
  assert.equal(w.pawl('grants', 'end', approval).status, 0);
  const [asked] = await later(w, client, order('o-3'));
  assert.equal(executed(w), 2);
  asked.catch(() => {});
  assert.equal(w.pawl('replay', 'last').status, 0);
});

test('what cannot be undone is approved call by call', async (t) => {
  const [w, client] = await world(t);
  const sent = client.call('send_customer_email', { to: 'a@myco.example', body: 'hello' });
  const { approval } = await w.question();
  assert.doesNotMatch(w.pawl('approvals', 'show', approval).out, /may also/);
  for (const more of [['--identical', '2'], ['--for-run']]) {
    const refused = w.approve(approval, ...more);
    assert.notEqual(refused.status, 0);
    assert.match(refused.err, /call by call/);
  }
  assert.equal(w.calls('send_customer_email').length, 0);
  sent.catch(() => {});
  await sleep(0);
});
