// Ceilings of a run where its agent does its worst: floods that are refused, records that nobody
// can count, limits that this set-up does not meter. At a recording server, behind both doors. Ids
// as in docs/reference/cases.md.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Gatehouse, clerk } from './api_world.mjs';
import { begin, doors } from './doors.mjs';
import { files } from './planted.mjs';
import { open, usable } from './tester.mjs';
import { code, fixture, pawl, turned_away, World } from './world.mjs';

const flooded = `${open}execution: {max_denials: 200, max_steps: 20000}\n`;
// What the state directory takes on the disk: files are grown before they are written, and one that
// is being replaced may be gone by now.
const blocks = (file) => statSync(file, { throwIfNoEntry: false })?.blocks ?? 0;
const bytes = (w) => [...files(w.state)].reduce((sum, [file]) => sum + blocks(file) * 512, 0);
const check = (w, ...words) => {
  const behind = words.includes('--') ? [] : ['--', 'node', fixture, w.record, 'where'];
  const done = spawnSync(pawl, ['check', w.policy, ...words, ...behind], {
    env: w.env,
    encoding: 'utf8',
  });
  return { status: done.status, said: (done.stdout + done.stderr).replace(/\s+/g, ' ') };
};

for (const door of doors) {
  test(`R08 a flood of refused calls halts its run, and writes next to nothing (${door})`, async (t) => {
    const [w, client] = await begin(t, door, { policy: flooded });
    await usable(client);
    const before = bytes(w);
    const refused = { id: 'x'.repeat(64) };
    const met = new Map();
    for (let i = 0; i < 12; ++i) {
      const many = Array.from({ length: 50 }, () => client.call('bulk_send_email', refused));
      for (const answer of await Promise.all(many)) {
        met.set(code(answer), (met.get(code(answer)) ?? 0) + 1);
      }
    }
    assert.equal(met.get('not_granted'), 200, JSON.stringify([...met]));
    assert.equal(met.get('run_halted'), 399, JSON.stringify([...met]));
    const large = { body: 'x'.repeat(9 << 20) };
    for (let i = 0; i < 3; ++i) {
      assert.equal(code(await client.call('bulk_send_email', large)), 'run_halted');
    }
    assert.equal(w.calls('bulk_send_email').length, 0);
    const records = w.pawl('audit', 'query', '--tool', 'bulk_send_email', '--json').out;
    assert.ok(records.split('\n').length < 60, `${records.split('\n').length} records`);
    assert.ok(bytes(w) - before < 4 << 20, `${bytes(w) - before} bytes`);
    assert.equal(w.pawl('audit', 'verify').status, 0);
  });
}

// A server that never comes to an end is stopped when the run's time is over, not when the agent
// calls again.
for (const door of doors) {
  test(`a call that executes at the end of the run's time is cancelled there (${door})`, async (t) => {
    const granted = open.replace('read_only}', 'reversible small}');
    const [w, client] = await begin(t, door, { policy: `${granted}execution: {max_wall_clock: 2s}\n` });
    await usable(client);
    const began = Date.now();
    const answers = await Promise.all([
      client.call('read_slow', { ms: 30_000 }),
      client.call('read_slow', { ms: 30_001 }),
    ]);
    assert.ok(Date.now() - began < 20_000, 'it did not wait for the server');
    assert.deepEqual(answers.map(code), ['ceiling', 'ceiling'], JSON.stringify(answers));
    for (const answer of answers) {
      const said = JSON.stringify(answer);
      assert.match(said, /the time of the run was over.*retry: no, the run is halted/);
    }
    const lines = w.pawl('audit', 'query', '--json').out.split('\n');
    const ends = lines.filter(Boolean).map(JSON.parse);
    const halts = ends.filter((record) => record.type === 'run.halted');
    assert.equal(halts[0].code, 'ceiling');
    assert.match(halts[0].why, /taken longer than 2s/);
    const ended = ends.filter((record) => record.type === 'call.ended');
    const outcomes = ended.map((record) => record.outcome);
    assert.deepEqual(outcomes.slice(-2).sort(), ['indeterminate', 'indeterminate']);
    assert.equal(w.pawl('audit', 'verify').status, 0);
  });
}

// What the decision API does not even read is an attempt like every other.
test('R08 a flood of refused calls halts its run, and writes next to nothing (decision API)', async (t) => {
  const g = new Gatehouse(clerk.replace(/execution: .*/, 'execution: {max_denials: 200, max_steps: 20000}'));
  t.after(() => g.end());
  await g.serve();
  const run = await g.run();
  const calls = `/v1/runs/${run.run}/calls`;
  const said = async () => (await g.ask(g.keys.orchestrator, 'GET', `/v1/runs/${run.run}`)).json;
  const large = JSON.stringify({ tool: 'put_note', arguments: { body: 'x'.repeat(9 << 20) } });
  const kinds = [
    [400, '{"tool": ', {}],
    [400, '{"tool": "put_note", "arguments": []}', {}],
    [413, large, {}],
    [415, '{}', { 'content-type': 'text/plain' }],
  ];
  for (const [i, [status, body, headers]] of kinds.entries()) {
    const refused = await g.ask(run.credential, 'POST', calls, body, headers);
    assert.deepEqual([refused.status, refused.json.code], [status, 'ambiguous_request']);
    const { steps, denials } = await said();
    assert.deepEqual([steps, denials], [i + 1, i + 1], `${status}`);
  }
  const before = bytes(g);
  for (let i = 0; i < 12; ++i) {
    const many = Array.from({ length: 50 }, (_, n) => {
      const [, body, headers] = kinds[n % 25 === 0 ? 2 : 3];
      return g.ask(run.credential, 'POST', calls, body, headers);
    });
    await Promise.all(many);
  }
  assert.equal((await said()).phase, 'halted');
  assert.equal((await g.propose(run, 'read_note', {})).json.code, 'run_halted');
  assert.equal(g.records('run.halted').length, 1);
  const records = g.records('call.decided').filter((one) => one.run === run.run);
  assert.ok(records.length < 60, `${records.length} records`);
  assert.ok(bytes(g) - before < 4 << 20, `${bytes(g) - before} bytes`);
  assert.equal(g.pawl('audit', 'verify').status, 0);
});

test('R08 a call that finds too many open ones is charged as well', async (t) => {
  const g = new Gatehouse(clerk.replace(/execution: .*/, 'execution: {max_denials: 200, max_steps: 20000}'));
  t.after(() => g.end());
  await g.serve();
  const run = await g.run();
  let refused;
  for (let i = 0; i < 30 && !refused; ++i) {
    const many = Array.from({ length: 50 }, () => g.propose(run, 'put_note', { text: 'x' }));
    refused = (await Promise.all(many)).find(({ status }) => status === 429);
  }
  assert.equal(refused.json.code, 'rate');
  const state = (await g.ask(g.keys.orchestrator, 'GET', `/v1/runs/${run.run}`)).json;
  assert.equal(state.executing, 1024);
  assert.ok(state.steps > state.executing, `${state.steps} steps`);
  assert.equal(state.denials, 0, 'it may ask again, and asked for nothing that it may not have');
});

test('R08 a flood of one agent leaves the others alone', async (t) => {
  const w = new World(flooded);
  t.after(() => w.end());
  const loud = await w.client();
  w.policy = path.join(w.dir, 'quiet.yaml');
  writeFileSync(w.policy, open.replace('{id: tester, identity: tester@', '{id: quiet, identity: quiet@'));
  const quiet = await w.client({ env: { PAWL_RUN: 'quiet' } });
  let flooding = true;
  const flood = (async () => {
    for (let i = 0; flooding && i < 5000; ++i) {
      await Promise.all([1, 2, 3, 4, 5].map(() => loud.call('bulk_send_email', { body: 'x' })));
    }
  })();
  for (let i = 0; i < 50; ++i) await usable(quiet);
  flooding = false;
  await flood;
  assert.equal(code(await loud.call('read_customer_record', { customer_id: 'c' })), 'run_halted');
  await usable(quiet);
  assert.equal(w.calls('read_customer_record').length, 51);
  assert.equal(w.calls('bulk_send_email').length, 0);
});

const counting = (records = '') => `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only}
    - {name: drop_rows, class: reversible small, max_records_per_run: 10${records}}
accept_risk:
  - {rule: tools/drop_rows/class, reason: t, owner: t@example, until: 2030-01-01}
`;

for (const door of doors) {
  test(`R09 records that cannot be counted: the entry does not fit, and nothing runs (${door})`, async (t) => {
    const [w, client] = await begin(t, door, { policy: counting(), mode: 'where' });
    const everything = { table: 'customers', where: '1=1' };
    const denied = await client.call('drop_rows', everything);
    assert.equal(denied.isError, true);
    assert.match(denied.content[0].text, /cannot be counted/);
    assert.equal(w.calls('drop_rows').length, 0);
    await usable(client);
    const { status, said } = check(w);
    assert.equal(status, 1);
    const where = /policy\.yaml:7:\d+: error: the records of `drop_rows` cannot be counted: /;
    assert.match(said, where);
    assert.match(said, /`where` chooses them/);
  });
}

test('R09 with the number stated the same call is counted, and the eleventh record halts', async (t) => {
  const w = new World(counting(', records: 6'));
  t.after(() => w.end());
  assert.doesNotMatch(check(w).said, /cannot be counted/);
  const client = await w.client({ mode: 'where' });
  const some = { table: 'customers', where: 'id = 1' };
  assert.equal((await client.call('drop_rows', some)).isError, undefined);
  assert.equal((await client.call('drop_rows', some)).isError, true);
  assert.equal(w.calls('drop_rows').length, 1);
});

test('R13 ceilings that nothing here meters are said by `pawl check`, and are no production', async (t) => {
  const limited = (more = '') => `${open}execution:
  max_steps: 9
  max_tokens_per_run: 1000
  max_cost_usd: 2.00
${more}`;
  const w = new World(limited());
  t.after(() => w.end());
  const gap = /policy\.yaml:(\d+):\d+: (gap|error): `(max_\w+): [^`]*` is unmetered/g;
  const gaps = (...words) => [...check(w, ...words).said.matchAll(gap)].map((one) => one.slice(1));
  const lines = [['12', 'max_tokens_per_run'], ['13', 'max_cost_usd']];
  assert.deepEqual(gaps(), lines.map(([line, name]) => [line, 'gap', name]));
  const all = check(w, '--production');
  assert.equal(all.status, 1);
  assert.match(all.said, /`max_cost_usd: 2\.00 USD` is unmetered/);
  const risk = (rule) => `  - {rule: ${rule}, reason: t, owner: t@example, until: 2030-01-01}\n`;
  const risks = ['max_tokens_per_run', 'max_cost_usd'].map((name) => risk(`execution/${name}`));
  writeFileSync(w.policy, limited(`accept_risk:\n${risks.join('')}`));
  assert.deepEqual(gaps(), []);
  assert.match(check(w).said, /`max_tokens_per_run: 1000` is unmetered; accepted by t@example/);
});

test('R13 in production no run begins under a ceiling that nothing meters, unless a person accepts it', async (t) => {
  const limited = (environment, more) => `version: 1
environment: ${environment}
agent: {id: tester, identity: tester@example, owner: o@example}
tools: {allowed: [{name: read_customer_record, class: read_only}]}
execution: {max_steps: 9, max_tokens_per_run: 1000}
escalation: {contacts: [{name: Owner, via: "command: true"}]}
${more}`;
  const risk =
    'accept_risk: [{rule: execution/max_tokens_per_run, reason: t, owner: t@example, until: 2030-01-01}]\n';
  for (const [environment, more, starts] of [
    ['production', '', false],
    ['production', risk, true],
    ['development', '', true],
  ]) {
    const w = new World(limited(environment, more));
    t.after(() => w.end());
    const client = await w.client();
    assert.equal(!turned_away(client), starts, client.err);
    if (!starts) assert.match(client.err, /`max_tokens_per_run: 1000` is unmetered/);
  }
});
