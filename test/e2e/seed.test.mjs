// The seed's policy over real stdio: every line of it is enforced at the server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begin, doors } from './doors.mjs';
import { World, code, seed, sleep } from './world.mjs';

async function world(t, options, policy = seed(options)) {
  const made = new World(policy);
  t.after(() => made.end());
  return made;
}

// Over HTTP a role is called as its agent.
const rules = seed().replace('support-agent-v2', 'tester');
for (const door of doors) {
  test(`a read returns the three fields of its scope by every way back (S01, S06, ${door})`, async (t) => {
    const [, client] = await begin(t, door, { policy: rules });
    const result = await client.call('read_customer_record', { customer_id: 'c-1' });
    assert.deepEqual(Object.keys(result.structuredContent).sort(), [
      'contact_info',
      'customer_id',
      'order_history',
    ]);
    assert.ok(!JSON.stringify(result).includes('SECRET'), JSON.stringify(result));
    assert.equal(code(result), undefined);
  });

  for (const mode of ['prose', 'error']) {
    test(`what is not JSON, and errors, are withheld under a scope: ${mode} (S02, S03, ${door})`, async (t) => {
      const [, client] = await begin(t, door, { policy: rules, mode });
      const result = await client.call('read_customer_record', { customer_id: 'c-1' });
      assert.ok(
        !JSON.stringify(result).includes('SECRET') && !JSON.stringify(result).includes('U0VDUkVU'),
        JSON.stringify(result),
      );
    });
  }

  test(`progress and log messages are withheld under a scope (S03, ${door})`, async (t) => {
    const [, client] = await begin(t, door, { policy: rules, mode: 'flood' });
    await client.call('read_customer_record', { customer_id: 'c-1' }, { progressToken: 'p' });
    assert.ok(!JSON.stringify(client.heard).includes('SECRET'), JSON.stringify(client.heard));
    assert.ok(client.heard.some((m) => m.method === 'notifications/progress'));
  });
}

test('an order takes the listed states, named arguments only, and ten records a run', async (t) => {
  const w = await world(t);
  const client = await w.client();
  const update = (args) => client.call('update_order_status', args);
  assert.equal((await update({ order_id: 'o', status: 'refunded' })).isError, undefined);
  assert.equal(code(await update({ order_id: 'o', status: 'shipped' })), 'constraint');
  assert.equal(code(await update({ order_id: 'o' })), 'constraint');
  assert.equal(code(await update({ order_id: 'o', status: 'refunded', bcc: 'x' })), 'constraint');
  for (let i = 0; i < 9; ++i)
    assert.equal((await update({ order_id: `o${i}`, status: 'cancelled' })).isError, undefined);
  assert.equal(code(await update({ order_id: 'o11', status: 'cancelled' })), 'ceiling');
  assert.equal(w.calls('update_order_status').length, 10);
});

test('a mail is held, runs once after approval, and not a second time', async (t) => {
  const w = await world(t);
  w.enrol();
  const client = await w.client();
  const mail = { to: 'jane@example.org', body: 'hello' };
  const first = client.call('send_customer_email', mail);
  const question = await w.question();
  assert.equal(w.calls('send_customer_email').length, 0);
  const approved = w.approve(question.approval);
  assert.equal(approved.status, 0, approved.err);
  assert.equal((await first).isError, undefined);
  assert.equal(w.calls('send_customer_email').length, 1);
  const again = client.call('send_customer_email', mail);
  const second = await w.question();
  assert.notEqual(second.approval, question.approval);
  assert.equal(w.pawl('approvals', 'deny', second.approval, '--as', 'ada').status, 0);
  assert.equal(code(await again), 'approval_rejected');
  assert.equal(w.calls('send_customer_email').length, 1);
});

test('a question that no one answers is denied at its time', async (t) => {
  const w = await world(t, { timeout: 1 });
  w.enrol();
  const client = await w.client();
  assert.equal(
    code(await client.call('send_customer_email', { to: 'a@b.example', body: '' })),
    'approval_expired',
  );
  assert.equal(w.calls().length, 0);
});

test('blocked and unlisted tools never reach the server, under any spelling (S12)', async (t) => {
  const w = await world(t, { steps: 100 });
  const client = await w.client();
  for (const name of [
    'delete_customer_record',
    'Delete_Customer_Record',
    'DELETE_CUSTOMER_RECORD',
    'access_payment_raw',
    'bulk_send_email',
    'ｂulk_send_email',
  ]) {
    assert.equal(code(await client.call(name, {})), 'blocked', name);
  }
  for (const name of [
    'read_big',
    'delete_customer_record ',
    'no_such_tool',
    '',
    ' read_customer_record',
  ]) {
    assert.ok((await client.call(name, {})).isError, name);
  }
  assert.equal(w.calls().length, 0);
});

test('the 26th step halts the run, and a restart of the client does not un-halt it (R04)', async (t) => {
  const w = await world(t);
  const client = await w.client();
  for (let i = 0; i < 25; ++i)
    assert.equal(
      (await client.call('read_customer_record', { customer_id: 'c' })).isError,
      undefined,
    );
  assert.equal(code(await client.call('read_customer_record', { customer_id: 'c' })), 'ceiling');
  assert.equal(code(await client.call('read_customer_record', { customer_id: 'c' })), 'run_halted');
  assert.equal(w.calls().length, 25);
  await client.close();
  for (const run of ['r', 'another', 'third']) {
    const fresh = await w.client({ env: { PAWL_RUN: run } });
    assert.equal(
      code(await fresh.call('read_customer_record', { customer_id: 'c' })),
      'run_halted',
    );
    await fresh.close();
  }
  assert.equal(w.calls().length, 25);
  assert.match(client.err, /#oncall-agents/);
});

test('the wall clock halts the run, and stands still while a person is asked', async (t) => {
  const w = await world(t, { wall: 2, timeout: 4 });
  w.enrol();
  const client = await w.client();
  assert.equal(
    (await client.call('read_customer_record', { customer_id: 'c' })).isError,
    undefined,
  );
  assert.equal(
    code(await client.call('send_customer_email', { to: 'a@b.example', body: '' })),
    'approval_expired',
  );
  assert.equal(
    (await client.call('read_customer_record', { customer_id: 'c' })).isError,
    undefined,
  );
  await sleep(2500);
  assert.equal(code(await client.call('read_customer_record', { customer_id: 'c' })), 'ceiling');
  assert.equal(code(await client.call('read_customer_record', { customer_id: 'c' })), 'run_halted');
});

test('an approval survives kill -9 of the node and is consumed once', async (t) => {
  const w = await world(t);
  w.enrol();
  const mail = { to: 'jane@example.org', body: 'hello' };
  const client = await w.client();
  const lost = client.call('send_customer_email', mail).catch(() => 'lost');
  const question = await w.question();
  w.killNode();
  await client.closed;
  assert.equal(w.approve(question.approval).status, 0);
  w.killNode();
  await sleep(100);
  const back = await w.client();
  const result = await back.call('send_customer_email', mail);
  assert.equal(result.isError, undefined, JSON.stringify(result));
  assert.equal(w.calls('send_customer_email').length, 1);
  const again = back.call('send_customer_email', mail);
  const second = await w.question();
  assert.notEqual(second.approval, question.approval);
  w.pawl('approvals', 'deny', second.approval, '--as', 'ada');
  await again;
  assert.equal(w.calls('send_customer_email').length, 1);
  void lost;
});
