// Two support roles, written from the prose of their desks (test data beside this repository, in
// $PAWL_CONFORMANCE_DIR/support-agent): in runs that are right no call is denied, and a person is
// asked about what cannot be undone and about nothing else.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { World, pawl } from './world.mjs';

const folder = path.join(process.env.PAWL_CONFORMANCE_DIR ?? '', 'support-agent');
const recorded = path.join(folder, 'dev/tau2-tasks.jsonl.gz');
const skip = !existsSync(recorded) && `no ${recorded}`;

// The names of some tools sound worse than they are, and the owner says so.
const risk = (rule, reason) =>
  `  - {rule: "tools/${rule}/class", reason: "${reason}", owner: a@desk.example, until: 2099-01-01}\n`;
const head = (id, handed) => `
version: 1
environment: staging
agent: {id: ${id}, identity: ${id}@desk.example, owner: support@desk.example}
autonomy: {default: established}
execution: {max_steps: 60, max_denials: 5}
approval: {reviewers: [support-leads], within: 30m}
accept_risk:
${risk(handed, 'a person takes the talk over')}`;

// The tasks have the calls that change something and few of the look-ups before them, so that where
// a number came from (`from`) cannot be asked of them.
const order = '{matches: "#W[0-9]{7}"}';
const reservation = '{matches: "[A-Z0-9]{6}"}';
const payable = 'it can be changed back while the order is pending';
const policies = {
  retail: `${head('retail', 'find_user_id_by_name_zip|transfer_to_human_agents')}${risk('modify_pending_order_address|modify_pending_order_payment', payable)}
tools:
  allowed:
    - {name: [find_user_id_by_email, "get_*", list_all_product_types, calculate], class: read_only}
    - {name: [find_user_id_by_name_zip, transfer_to_human_agents], class: reversible small}
    - name: [modify_pending_order_address, modify_pending_order_payment]
      class: reversible small
      args: {order_id: ${order}}
    - {name: modify_user_address, class: reversible small}
    - name: cancel_pending_order
      class: irreversible small
      args: {order_id: ${order}, reason: [no longer needed, ordered by mistake]}
    # "This action can only be called once", and a refund is money that left.
    - name:
        - modify_pending_order_items
        - exchange_delivered_order_items
        - return_delivered_order_items
      class: irreversible small
      args: {order_id: ${order}}
`,
  airline: `${head('airline', 'transfer_to_human_agents')}
tools:
  allowed:
    - {name: ["get_*", "search_*", list_all_airports, calculate], class: read_only}
    - {name: transfer_to_human_agents, class: reversible small}
    # A booking can be cancelled within 24 hours, and a change be changed again.
    - {name: book_reservation, class: reversible small}
    - name: [update_reservation_passengers, update_reservation_baggages, update_reservation_flights]
      class: reversible small
      args: {reservation_id: ${reservation}}
    - name: cancel_reservation
      class: irreversible small
      args: {reservation_id: ${reservation}}
    - {name: send_certificate, class: irreversible small, args: {amount: {min: 1, max: 1000}}}
`,
};
const cannot_be_undone = new Set([
  'cancel_pending_order',
  'modify_pending_order_items',
  'exchange_delivered_order_items',
  'return_delivered_order_items',
  'cancel_reservation',
  'send_certificate',
]);

for (const [suite, policy] of Object.entries(policies)) {
  test(`right runs of ${suite}: no denial, and asked for what cannot be undone`, { skip }, (t) => {
    const w = new World(policy);
    t.after(() => w.end());
    const tools = JSON.parse(readFileSync(path.join(folder, 'tools.json'), 'utf8'));
    const runs = gunzipSync(readFileSync(recorded)).toString().trim().split('\n').map(JSON.parse);
    const right = runs.filter((run) => run.suite === suite && run.label === 'must_allow');
    assert.ok(right.length >= 20);
    const calls = right.flatMap((run) => run.calls.map((call) => ({ run, call })));
    const lines = calls.map(({ run, call }) =>
      JSON.stringify({
        run: run.id,
        tool: call.tool,
        arguments: call.arguments,
        schema: tools[run.schemas][call.tool].inputSchema,
        user_text: run.user_text,
        result: { content: [{ type: 'text', text: call.result ?? '' }] },
      }),
    );
    const words = ['decide', '--policy', w.policy, '--stream'];
    const done = spawnSync(pawl, words, { env: w.env, encoding: 'utf8', input: lines.join('\n') });
    assert.notEqual(done.stdout, '', done.stderr);
    const verdicts = done.stdout.trim().split('\n').map(JSON.parse);
    assert.equal(verdicts.length, calls.length, done.stderr);
    const wrong = [];
    const asked = new Set();
    calls.forEach(({ run, call }, i) => {
      const { effect, reason } = verdicts[i];
      if (effect === 'hold') asked.add(run.id);
      const due = cannot_be_undone.has(call.tool) ? 'hold' : 'allow';
      if (effect !== due) wrong.push(`${run.id} ${call.tool}: ${effect}: ${reason}`);
    });
    assert.deepEqual(wrong, []);
    t.diagnostic(`scored: ${right.length} right runs, ${asked.size} with an approval request`);
  });
}
