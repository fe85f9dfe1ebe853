// How a role comes into force: a candidate beside its policy, and a time in which it is watched and
// not stopped; with clients from npm over HTTP.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { Gatehouse, clerk } from './api_world.mjs';
import { Served } from './served.mjs';
import { open, start } from './tester.mjs';
import { Numbers, until } from './watched.mjs';
import { code, modules, sleep } from './world.mjs';

const sdk = path.join(modules, '@modelcontextprotocol/sdk/dist/esm/client');
const { Client } = await import(`${sdk}/index.js`);
const { StreamableHTTPClientTransport } = await import(`${sdk}/streamableHttp.js`);
const metrics = '{mcp: "127.0.0.1:0", metrics: "127.0.0.1:0"}';
const lines = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
const soon = (ms) => new Date(Date.now() + ms).toISOString();
const observe = (end) => `, observe: {until: "${end}", reason: "first week"}`;
const long = 'customer-4711';
const flat = (text) => text.replace(/\s+/g, ' ');

const next = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only, args: {customer_id: {max_length: 3}}}
    - {name: update_order_status, class: reversible small, args: {order_id: {max_length: 40}, status: {in: [ok, late]}}}
  blocked: [delete_customer_record]
`;
const strict = `
version: 1
agent: {id: tester, identity: tester@example}
approval: {reviewers: [leads]}
tools:
  allowed:
    - {name: read_customer_record, class: read_only, args: {customer_id: {max_length: 3}}}
    - {name: update_order_status, class: reversible small, requires_approval: true}
    - {name: send_customer_email, class: irreversible small, args: {to: {email_domain: [myco.example]}}}
  blocked: [delete_customer_record]
`;

async function serve(t, policy, options = {}) {
  const w = new Served(policy);
  t.after(() => w.end());
  if (options.next) writeFileSync(path.join(w.dir, 'next.yaml'), options.next);
  await w.begin({ listen: metrics, ...options });
  assert.ok(w.origin, w.log);
  return w;
}
async function connect(t, w) {
  const client = new Client({ name: 'npm', version: '1' }, { capabilities: {} });
  await client.connect(new StreamableHTTPClientTransport(new URL(w.url)));
  t.after(() => client.close());
  client.use = (name, args) => client.callTool({ name, arguments: args });
  return client;
}
const decided = (w) =>
  lines(w.pawl('audit', 'query', '--json').out).filter((one) => one.type === 'call.decided');
function replays(w) {
  const replay = w.pawl('replay', 'last');
  assert.equal(replay.status, 0, replay.out + replay.err);
  assert.match(replay.out, /all equal/);
  assert.equal(w.pawl('audit', 'verify').status, 0);
}

test('a candidate is judged beside the policy on live calls, and acts on none', async (t) => {
  const w = await serve(t, open, { next, role: ', candidate: next.yaml' });
  const client = await connect(t, w);
  const fine = await client.use('read_customer_record', { customer_id: long });
  assert.equal(fine.isError, undefined);
  await client.use('update_order_status', { order_id: 'o', status: 'ok' });
  const late = await client.use('update_order_status', { order_id: 'o', status: 'late' });
  assert.equal(code(late), 'constraint');
  assert.equal(w.calls().length, 2);
  const found = w.pawl('diff', '--live', 'tester', '--json');
  assert.equal(found.status, 1, found.err);
  const [stricter, laxer, counts] = lines(found.out);
  assert.deepEqual([stricter.kind, stricter.tool], ['stricter', 'crm/read_customer_record']);
  assert.deepEqual([stricter.was.effect, stricter.would.effect], ['allow', 'deny']);
  assert.match(stricter.would.rule_at, /next\.yaml:6:/);
  assert.deepEqual([laxer.kind, laxer.was.code, laxer.would.code], ['laxer', 'constraint', 'none']);
  assert.deepEqual(counts.looks, { same: 1, stricter: 1, laxer: 1, other: 0, error: 0 });
  const text = w.pawl('diff', '--live', 'tester').out;
  assert.match(text, /1 same, 1 stricter, 1 laxer/);
  assert.match(text, /allow, would be deny \[constraint\].*next\.yaml:6/);
  assert.match(w.pawl('status').out, /candidate {2}of tester: 1 same, 1 stricter, 1 laxer/);
  const numbers = await Numbers.of(w);
  const kind = (name) => numbers.sum('pawl_candidate_total', { role: 'tester', kind: name });
  assert.deepEqual(['same', 'stricter', 'laxer', 'error'].map(kind), [1, 1, 1, 0]);
  replays(w);
});

test('a candidate that does not load hurts no call, is said, and is read again', async (t) => {
  const w = await serve(t, open, { next: 'version: 1\ntols: {}\n', role: ', candidate: next.yaml' });
  assert.match(w.log, /candidate of role `tester` cannot be judged: .*next\.yaml:1:1: .* no `agent`/);
  const client = await connect(t, w);
  await client.use('read_customer_record', { customer_id: long });
  assert.match(w.pawl('status').out, /candidate {2}of tester cannot be judged/);
  assert.equal((await Numbers.of(w)).sum('pawl_candidate_usable'), 0);
  const none = w.pawl('diff', '--live', 'tester');
  assert.deepEqual([none.status, /no candidate/.test(none.out)], [0, true]);
  const check = w.pawl('check', '--config', w.config, w.policy);
  assert.match(flat(check.out), /the candidate of `tester` \(`next.yaml`\) cannot be judged/);
  writeFileSync(path.join(w.dir, 'next.yaml'), next);
  await until(() => /tester`: .*next\.yaml is judged beside the policy/.test(w.log));
  await client.use('read_customer_record', { customer_id: long });
  assert.equal(decided(w).find((one) => one.candidate).candidate.code, 'constraint');
  assert.equal((await Numbers.of(w)).sum('pawl_candidate_usable'), 1);
});

test('a watched role runs what is harmless, and the journal says that it was denied', async (t) => {
  const w = await serve(t, strict, { role: observe(soon(3_600_000)) });
  w.enrol();
  const client = await connect(t, w);
  const { tools } = await client.listTools();
  const names = tools.map((tool) => tool.name);
  assert.ok(names.includes('read_big'), 'what no rule grants is shown');
  assert.ok(!names.includes('delete_customer_record'), 'what is blocked is not');
  const runs = async (name, args) => {
    assert.equal((await client.use(name, args)).isError, undefined);
  };
  await runs('read_customer_record', { customer_id: long });
  await runs('read_big', { bytes: 10 });
  await runs('update_order_status', { order_id: 'o' });
  assert.equal(code(await client.use('delete_customer_record', { customer_id: 'c' })), 'blocked');
  assert.equal(code(await client.use('bulk_send_email', { body: 'x' })), 'not_granted');
  const away = await client.use('send_customer_email', { to: 'a@evil.example', body: 'x' });
  assert.equal(code(away), 'constraint');
  const held = client.use('send_customer_email', { to: 'a@myco.example', body: 'x' });
  const question = await w.question();
  const rejected = await w.later('approvals', 'deny', question.approval, '--as', 'ada');
  assert.equal(rejected.status, 0, rejected.err);
  assert.equal(code(await held), 'approval_rejected');
  assert.deepEqual(
    w.calls().map((call) => call.params.name),
    ['read_customer_record', 'read_big', 'update_order_status'],
  );
  const said = decided(w).map((one) => [one.tool, one.effect, one.code, one.enforced ?? true]);
  assert.deepEqual(said.slice(0, 4), [
    ['read_customer_record', 'deny', 'constraint', false],
    ['read_big', 'deny', 'not_granted', false],
    ['update_order_status', 'hold', 'approval_pending', false],
    ['delete_customer_record', 'deny', 'blocked', true],
  ]);
  assert.ok(said.slice(4).every(([, effect, , enforced]) => effect !== 'allow' && enforced));
  assert.match(w.pawl('status').out, /watched {4}tester is not enforced until .*first week; 3 let/);
  assert.match(w.pawl('audit', 'query').out, /not enforced: it ran/);
  const report = w.pawl('observe', 'report').out;
  assert.match(report, /tester: would have asked you 1 time, denied 2 times; 0 ran by its policy/);
  assert.match(report, /1 {2}denied {3}crm\/read_big {2}not_granted/);
  assert.equal(w.json('observe', 'report', 'tester').reasons.length, 3);
  const numbers = await Numbers.of(w);
  assert.equal(numbers.sum('pawl_observed_total', { role: 'tester', verdict: 'deny' }), 2);
  assert.ok(numbers.sum('pawl_observing_seconds_left', { role: 'tester' }) > 3000);
  replays(w);
});

test('it ends by itself, and production does not pass meanwhile', async (t) => {
  const w = await serve(t, strict, { role: observe(soon(3000)) });
  assert.match(w.log, /role `tester` is watched and not enforced until/);
  const client = await connect(t, w);
  const production = () => w.pawl('check', '--production', '--config', w.config, w.policy).out;
  const during = production();
  const use = () => client.use('read_customer_record', { customer_id: long });
  const first = await use();
  await until(async () => {
    await sleep(200);
    return code(await use()) === 'constraint';
  });
  await until(() => /no longer: role `tester` is watched/.test(w.log));
  assert.doesNotMatch(w.pawl('status').out, /watched/);
  assert.doesNotMatch(production(), /watched and not enforced/);
  if (first.isError === undefined) assert.match(flat(during), /watched and not enforced/);
  const records = lines(w.pawl('audit', 'query', '--json').out);
  const notes = records.filter((one) => one.topic === 'observe');
  assert.match(notes.at(-1).text, /`tester` is enforced again: its time is over/);
});

test('a role that ran is watched only when a person accepts it, and never for long', async (t) => {
  const w = await serve(t, strict);
  const client = await connect(t, w);
  const use = () => client.use('read_customer_record', { customer_id: long });
  assert.equal(code(await use()), 'constraint');
  w.enrol();
  const write = (end) => {
    const watched = w.deployment.replace('servers: [crm]', `servers: [crm]${observe(end)}`);
    writeFileSync(w.config, watched);
    w.node.kill('SIGHUP');
  };
  write(soon(15 * 86_400_000));
  await until(() => /may last 14 days at most/.test(w.log));
  assert.match(w.log, /what was in force stays/);
  write(soon(3_600_000));
  await until(() => /`tester` waits for a reviewer to be watched/.test(w.log));
  assert.equal(code(await use()), 'constraint');
  assert.match(w.pawl('status').out, /tester is to be watched[^]*pawl accept --observe tester/);
  const accepted = w.pawl('accept', '--config', w.config, '--observe', 'tester', '--as', 'ada');
  assert.equal(accepted.status, 0, accepted.err);
  assert.equal((await use()).isError, undefined);
  const bad = new Served(strict);
  t.after(() => bad.end());
  await bad.begin({ role: ', observe: {until: "2026-12-01"}' });
  assert.equal(await bad.ended, 2);
  assert.match(bad.log, /`observe` of a role has no `reason`/);
});

test('an orchestrator is told that a call may run, and what was decided of it', async (t) => {
  const limited = 'reversible small, args: {text: {max_length: 3}}';
  const policy = clerk.replace('put_note, class: reversible small', `put_note, class: ${limited}`);
  const g = new Gatehouse(policy);
  t.after(() => g.end());
  const config = readFileSync(g.config, 'utf8');
  const watched = `policy.yaml"${observe(soon(3_600_000))}`;
  writeFileSync(g.config, config.replace('policy.yaml"', watched));
  await g.serve();
  const Ajv = createRequire(path.join(modules, 'x.js'))('ajv/dist/2020').default;
  const ajv = new Ajv({ strict: false });
  ajv.addSchema({ $id: 'api', ...(await g.ask('', 'GET', '/v1/openapi.json')).json });
  const run = await g.run({ key: 'watched' });
  const ask = async (tool, args, more) => {
    const { json } = await g.propose(run, tool, args, more);
    assert.ok(ajv.validate({ $ref: 'api#/components/schemas/Decision' }, json), ajv.errorsText());
    return json;
  };
  const said = await ask('put_note', { text: 'longer' });
  assert.deepEqual([said.effect, said.decided, said.enforced], ['allow', 'deny', false]);
  assert.deepEqual(said.arguments, { text: 'longer' });
  const done = await g.settle(run, said.call, { outcome: 'completed' });
  assert.equal(done.json.outcome, 'completed');
  assert.equal((await ask('get_weather', {})).code, 'not_granted', 'it is unknown what it is');
  const definition = { name: 'get_weather', inputSchema: { type: 'object' } };
  assert.equal((await ask('get_weather', {}, { definition })).decided, 'deny');
  const evil = { name: 'wipe_disk', inputSchema: { type: 'object' } };
  assert.equal((await ask('wipe_disk', {}, { definition: evil })).effect, 'deny');
  assert.equal((await ask('touch', { ids: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] })).code, 'ceiling');
});

test('a client that joins over stdio is judged by the candidate and watched too', async (t) => {
  const role = `file: ../../policy.yaml, candidate: ../../next.yaml${observe(soon(3_600_000))}`;
  const deployment = `version: 1\nroles: {tester: {${role}}}\n`;
  const [w, client] = await start(t, { policy: strict, deployment, lists: { 'next.yaml': open } });
  const fine = await client.call('read_customer_record', { customer_id: long });
  assert.equal(fine.isError, undefined);
  const [said] = decided(w);
  assert.deepEqual([said.effect, said.enforced, said.candidate.code], ['deny', false, 'none']);
  const status = w.pawl('status').out;
  assert.match(status, /watched {4}tester.*\n.*candidate {2}of tester: 0 same, 1 laxer/);
});
