// Who has to look at a call where real things happen: never only its sponsor; and that
// a policy which asks no one who could answer is not in force there.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { until } from './heard.mjs';
import { Served } from './served.mjs';
import { fixture, turned_away, World } from './world.mjs';

const policy = (environment, approval = '{reviewers: [leads], within: 1m}') => `version: 1
environment: ${environment}
agent: {id: tester, identity: tester@example, owner: o@example}
tools:
  allowed:
    - {name: update_order_status, class: reversible small, requires_approval: true}
approval: ${approval}
autonomy: {default: established}
execution: {max_steps: 50, max_wall_clock: 10m}
escalation: {contacts: [{name: Owner, via: "command: true"}]}
`;
const order = { order_id: 'o-1', status: 'ok' };

test('in production the sponsor of the run approves nothing alone', async (t) => {
  const w = new World(policy('production'));
  t.after(() => w.end());
  w.enrol();
  const bob = w.pawl('reviewers', 'add', 'bob', '--group', 'leads', '--as', 'ada');
  assert.equal(bob.status, 0, bob.err);
  const file = path.join(w.dir, 'config', 'pawl', 'pawl.yaml');
  const account = `accounts: [${JSON.stringify(userInfo().username)}], `;
  writeFileSync(file, readFileSync(file, 'utf8').replace('  ada: {', `  ada: {${account}`));
  w.killNode();
  const server = ['node', fixture, w.record];
  const done = w.pawl('accept', '--policy', w.policy, '--yes', '--as', 'ada', '--', ...server);
  assert.equal(done.status, 0, done.err);
  const client = await w.client({ command: server });
  const sent = client.call('update_order_status', order);
  const { approval, quorum, sponsor } = await w.question();
  assert.equal(sponsor, 'ada');
  assert.equal(quorum, 1);
  assert.equal(w.approve(approval).status, 0);
  const [still] = w.json('approvals', 'list');
  assert.equal(still.approval, approval);
  assert.equal(still.phase, 'open');
  const card = w.pawl('approvals', 'show', approval).out;
  assert.match(card, /needs +a person who did not start the run/);
  assert.equal(w.calls('update_order_status').length, 0);
  const second = w.pawl('approvals', 'approve', approval, '--as', 'bob');
  assert.equal(second.status, 0, second.err);
  assert.equal((await sent).isError, undefined);
  assert.equal(w.calls('update_order_status').length, 1);
});

test('a policy that asks no one who could answer does not come into force in production', async (t) => {
  const two = '{reviewers: [leads], quorum: 2, within: 1m}';
  for (const [environment, starts] of [['production', false], ['development', true]]) {
    const w = new World(policy(environment, two));
    t.after(() => w.end());
    w.enrol();
    const client = await w.client();
    assert.equal(!turned_away(client), starts, client.err);
    if (!starts) assert.match(client.err, /needs 2 persons, and its reviewers are 1/);
    const served = new Served(policy(environment, two));
    t.after(() => served.end());
    await served.begin({ more: 'people: {ada: {groups: [leads]}}\n' });
    assert.equal(served.origin !== null, starts, served.log);
    await until(() => /needs 2 persons, and its reviewers are 1/.test(served.log), 'the finding');
  }
});
