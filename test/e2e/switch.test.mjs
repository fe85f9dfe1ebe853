// The switch in a hurry: a name that nothing has stops nothing, and the operator is told so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open, start } from './tester.mjs';
import { code } from './world.mjs';

test('a kill of a name that nothing has says that nothing was stopped', async (t) => {
  const [w, client] = await start(t, { args: ['--server', 'crm'] });
  w.enrol();
  const cases = [
    ['role', 'testr', 'tester'],
    ['role', 'Tester', 'tester'],
    ['agent', 'tseter', 'tester'],
    ['tool', 'update_order_statsu', 'update_order_status'],
    ['tool', 'crm/read_big_', 'crm/read_big'],
    ['upstream', 'cmr', 'crm'],
  ];
  for (const [scope, name, meant] of cases) {
    const done = w.pawl('kill', scope, name, '--reason', 'in a hurry');
    assert.equal(done.status, 1, `${scope} ${name}: ${done.out}`);
    assert.match(done.err, /nothing was killed/);
    assert.ok(done.out.includes(meant), `${scope} ${name}: ${done.out}`);
    assert.doesNotMatch(done.out, /^killed/m);
    const said = w.pawl('kill', scope, name, '--reason', 'in a hurry', '--json');
    assert.equal(said.status, 1);
    const answer = JSON.parse(said.out);
    assert.equal(answer.found, false);
    assert.ok(answer.near.includes(meant), said.out);
    const still = await client.call('read_customer_record', { customer_id: 'c' });
    assert.equal(still.isError, undefined, 'the agent goes on');
    // It stands, and is lifted as any other.
    assert.equal(w.pawl('resume', scope, name, '--as', 'ada').status, 0, `${scope} ${name}`);
  }
  const far = w.pawl('kill', 'role', 'zzzzzzzzzzzz', '--reason', 'x');
  assert.equal(far.status, 1);
  assert.match(far.out, /nearest names +none/);
  assert.equal(w.pawl('resume', 'role', 'zzzzzzzzzzzz').status, 0);
});

test('an unknown run is refused, with the nearest one', async (t) => {
  const [w] = await start(t);
  w.enrol();
  const [{ run }] = w.json('runs', 'list');
  const done = w.pawl('kill', 'run', run.slice(0, -1), '--reason', 'in a hurry');
  assert.equal(done.status, 1);
  assert.match(done.err, /nothing was killed/);
  assert.ok(done.err.includes(run), done.err);
  assert.equal(w.json('status').kills.length, 0);
});

test('a kill of a run that is over says so, and sets nothing', async (t) => {
  const [w] = await start(t);
  w.enrol();
  const [{ run }] = w.json('runs', 'list');
  assert.equal(w.pawl('runs', 'close', run, '--reason', 'done').status, 0);
  const done = w.pawl('kill', 'run', run, '--reason', 'in a hurry');
  assert.equal(done.status, 1);
  assert.match(done.err, /nothing was killed: the run `r-?[^`]*` is over/);
  assert.equal(w.json('status').kills.length, 0);
});

test('a kill of what exists is thrown, whether anything of it runs or not', async (t) => {
  const [w, client] = await start(t, { policy: open, args: ['--server', 'crm'] });
  w.enrol();
  for (const [scope, name] of [
    ['tool', 'READ_BIG'],
    ['tool', 'crm/read_slow'],
    ['upstream', 'CRM'],
    ['agent', 'tester'],
  ]) {
    const done = w.pawl('kill', scope, name, '--reason', 'x');
    assert.equal(done.status, 0, `${scope} ${name}: ${done.out}${done.err}`);
    assert.match(done.out, /^killed/m);
  }
  assert.equal(code(await client.call('read_customer_record', { customer_id: 'c' })), 'killed');
  const wrong = w.pawl('resume', 'agent', 'testr');
  assert.equal(wrong.status, 1);
  assert.match(wrong.err, /the kill switch is not set for .*killed there: `tester`/);
  assert.equal(w.pawl('resume', 'agent', 'tester').status, 0);
});
