// A client that calls the same again and again is warned in the answer, then held, then halted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gatehouse, clerk } from './api_world.mjs';
import { World, code } from './world.mjs';

const policy = `
version: 1
agent: {id: looper, identity: looper@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only}
  blocked: [delete_customer_record]
execution: {max_steps: 200, max_repeats: 4}
approval: {reviewers: [leads], within: 60s}
`;
const read = (client, id = 'c') => client.call('read_customer_record', { customer_id: id });
const texts = (answer) => answer.content.map((block) => block.text ?? '').join('\n');

test('a client in circles is warned, then held, then halted', async (t) => {
  const w = new World(policy);
  t.after(() => w.end());
  w.enrol();
  const client = await w.client();
  for (let i = 0; i < 5; ++i) {
    const answer = await read(client);
    assert.equal(answer.isError, undefined);
    assert.equal(/repeated \d times without a new result/.test(texts(answer)), i >= 2, `${i}`);
    assert.deepEqual(answer.structuredContent.customer_id, 'c-1', 'the result is as it was');
  }
  const held = read(client);
  const question = await w.question();
  assert.match(JSON.stringify(question), /goes in circles/);
  assert.equal(w.calls('read_customer_record').length, 5);
  const no = w.pawl('approvals', 'deny', question.approval, '--as', 'ada', '--reason', 'no');
  assert.equal(no.status, 0, no.err);
  assert.equal(code(await held), 'approval_rejected');
  assert.equal(w.json('runs', 'list')[0].phase, 'open');
  assert.equal(code(await read(client)), 'ceiling');
  assert.equal(w.json('runs', 'list')[0].phase, 'halted');
  assert.equal(w.calls('read_customer_record').length, 5);
  const replayed = w.pawl('replay', 'last');
  assert.equal(replayed.status, 0, replayed.out + replayed.err);
});

test('other arguments are another call, and the count outlives a killed node', async (t) => {
  const w = new World(policy);
  t.after(() => w.end());
  w.enrol();
  let client = await w.client();
  for (let i = 0; i < 12; ++i) {
    assert.equal((await read(client, `c${i}`)).isError, undefined);
  }
  for (let i = 0; i < 5; ++i) assert.equal((await read(client)).isError, undefined);
  w.killNode();
  await client.closed;
  client = await w.client();
  const held = read(client);
  const question = await w.question();
  assert.equal(w.approve(question.approval).status, 0);
  const answer = await held;
  assert.equal(answer.isError, undefined);
  assert.doesNotMatch(texts(answer), /without a new result/, 'a person has looked at it');
});

test('callers of the decision API are warned with the outcome that they report', async (t) => {
  const g = new Gatehouse(clerk.replace('max_steps: 60', 'max_steps: 60, max_repeats: 2'));
  t.after(() => g.end());
  await g.serve();
  const run = await g.run({ key: 'circles' });
  const once = async (outcome) => {
    const said = await g.propose(run, 'put_note', { id: 1 });
    assert.equal(said.json.effect, 'allow', JSON.stringify(said.json));
    return (await g.settle(run, said.json.call, outcome)).json;
  };
  for (let i = 0; i < 5; ++i) {
    const untold = await once({ outcome: 'completed' });
    assert.equal(untold.warning, undefined, 'what came of it is not said');
  }
  const same = { outcome: 'completed', result: { state: 'waiting' } };
  assert.equal((await once(same)).warning, undefined);
  const warned = await once(same);
  assert.match(warned.warning, /was repeated once without a new result; after 2 repetitions/);
  assert.deepEqual(warned.result, same.result);
  await once(same);
  const held = await g.propose(run, 'put_note', { id: 1 }, { wait_seconds: 0 });
  assert.deepEqual([held.status, held.json.effect], [202, 'hold']);
  assert.match(JSON.stringify(g.json('approvals', 'list')), /goes in circles/);
});
