// What counts for `max_denials`: what the agent asked for and may not have, and nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World, code, sleep } from './world.mjs';

const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: [read_customer_record, read_slow], class: read_only}
    - {name: send_customer_email, class: irreversible small, args: {body: {max_length: 100}}, approval: {within: 1s}}
  blocked: [delete_customer_record]
execution: {max_denials: 2}
`;
const read = (client) => client.call('read_customer_record', { customer_id: 'c' });

test('kills and questions that no one answers are no denials; what is blocked is one', async (t) => {
  const w = new World(policy);
  t.after(() => w.end());
  w.enrol();
  const client = await w.client();
  // Fewer than a flood has, of which only a count is written.
  for (let i = 0; i < 2; ++i) {
    assert.equal(w.pawl('kill', 'all', '--reason', 'x').status, 0);
    for (let n = 0; n < 3; ++n) assert.equal(code(await read(client)), 'killed');
    assert.equal(w.pawl('resume', 'all').status, 0);
    assert.equal((await read(client)).isError, undefined, 'the run goes on');
  }
  for (let i = 0; i < 3; ++i) {
    const asked = await client.call('send_customer_email', { to: 'a', body: `${i}` });
    assert.equal(code(asked), 'approval_expired', JSON.stringify(asked));
  }
  const [before] = w.json('runs', 'list');
  assert.equal(before.denials, 0);
  assert.equal(before.phase, 'open');
  const remove = () => client.call('delete_customer_record', { customer_id: 'c' });
  assert.equal(code(await remove()), 'blocked');
  assert.equal(code(await remove()), 'blocked');
  assert.equal(w.json('runs', 'list')[0].denials, 2);
  assert.equal((await read(client)).isError, undefined);
  assert.equal(code(await remove()), 'ceiling', 'and the third halts the run');
  assert.equal(w.json('runs', 'list')[0].phase, 'halted');
  const replayed = w.pawl('replay', 'last');
  assert.equal(replayed.status, 0, replayed.out + replayed.err);
});

test('a server that is down halts no run', async (t) => {
  const w = new World(policy);
  t.after(() => w.end());
  const client = await w.client();
  assert.equal((await read(client)).isError, undefined);
  for (const pid of w.children(client)) process.kill(Number(pid), 'SIGKILL');
  await sleep(200);
  let failed = 0;
  for (let i = 0; i < 6; ++i) {
    const answer = await Promise.race([read(client), client.closed.then(() => null)]);
    if (answer === null) break;
    assert.notEqual(code(answer), 'ceiling');
    failed += code(answer) === 'upstream_failed' ? 1 : 0;
  }
  for (const run of w.json('runs', 'list')) {
    assert.notEqual(run.phase, 'halted', JSON.stringify(run));
    assert.equal(run.denials, 0);
  }
  t.diagnostic(`${failed} calls were told that the server failed`);
});
