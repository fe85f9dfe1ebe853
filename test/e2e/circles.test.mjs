// A client that calls the same again and again is warned in the answer, then held, then halted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
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
