// What is told to those who watch the machine: numbers, traces and the log, and what is not.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { Gatehouse } from './api_world.mjs';
import { nowhere } from './planted.mjs';
import { Served, modern, read } from './served.mjs';
import { open } from './tester.mjs';
import { Collector, Numbers, until } from './watched.mjs';
import { code, modules } from './world.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const client = '00f067aa0ba902b7';
const mine = `00-${trace}-${client}-01`;
const words = 'zq-9f2e-words-of-the-agent';
const metrics = '{mcp: "127.0.0.1:0", metrics: "127.0.0.1:0"}';
const last = async (answer) => (await read(await answer)).at(-1);

async function served(t, options = {}) {
  const { policy = open, ...more } = options;
  const w = new Served(policy);
  t.after(() => w.end());
  await w.begin(more);
  assert.ok(w.origin, w.log);
  return w;
}
const traced = (t, collector, options = {}) =>
  served(t, { ...options, more: `traces: {url: "${collector.url}"}\n${options.more ?? ''}` });
async function calls(w) {
  const session = await w.open();
  const fine = await session.call('read_customer_record', { customer_id: words });
  assert.equal(fine.isError, undefined);
  const blocked = await session.call('delete_customer_record', { customer_id: words });
  assert.equal(code(blocked), 'blocked');
  const unknown = await session.call(`${words}"} 7\n# TYPE x`, { a: words });
  assert.equal(code(unknown), 'not_granted');
  const wrong = await session.call('update_order_status', { order_id: 'o', status: words });
  assert.equal(code(wrong), 'constraint');
  return session;
}

test('the numbers are what happened, and another program reads them', async (t) => {
  const w = await served(t, { listen: metrics });
  const before = await Numbers.of(w);
  assert.equal(before.sum('pawl_granting'), 1);
  assert.equal(before.sum('pawl_ready'), 1);
  await calls(w);
  const after = await Numbers.of(w);
  const verdict = (labels) =>
    after.sum('pawl_decisions_total', { role: 'tester', server: 'crm', ...labels });
  assert.equal(verdict({ verdict: 'allow', code: 'none', class: 'read_only' }), 1);
  assert.equal(verdict({ verdict: 'deny', code: 'blocked' }), 1);
  assert.equal(verdict({ verdict: 'deny', code: 'not_granted' }), 1);
  assert.equal(verdict({ verdict: 'deny', code: 'constraint' }), 1);
  assert.equal(after.sum('pawl_calls_ended_total', { outcome: 'completed', error: 'false' }), 1);
  assert.equal(after.sum('pawl_runs_opened_total', { role: 'tester' }), 1);
  assert.equal(after.sum('pawl_runs', { role: 'tester', phase: 'open' }), 1);
  assert.equal(after.sum('pawl_sessions'), 1);
  assert.ok(after.sum('pawl_journal_records') > before.sum('pawl_journal_records'));
  assert.ok(after.sum('process_resident_memory_bytes') > 1e6);
  assert.equal(after.sum('pawl_decision_seconds_count', { role: 'tester' }), 4);
  const deciding = after.all('pawl_decision_seconds_bucket', { role: 'tester' });
  const buckets = deciding.map((one) => Number(one.value));
  assert.deepEqual(buckets, buckets.toSorted((a, b) => a - b));
  assert.equal(deciding.at(-1).labels.le, '+Inf');
  assert.equal(buckets.at(-1), 4);
  const upstream = { server: 'crm', outcome: 'result' };
  assert.equal(after.sum('pawl_upstream_seconds_count', upstream), 1);
  assert.ok(after.sum('pawl_upstream_seconds_sum', upstream) < 5);
  // Nothing that an agent chose is in it.
  assert.ok(!after.text.includes(words));
  assert.ok(!after.text.includes('customer'));
});

test('the numbers have an address of their own, for this machine and for no page', async (t) => {
  const w = await served(t, { listen: metrics });
  const [, url] = /metrics at (http\S+)/.exec(w.log);
  assert.equal((await fetch(`${w.origin}/metrics`)).status, 404);
  assert.equal((await fetch(url, { method: 'POST' })).status, 405);
  assert.equal((await fetch(url, { headers: { origin: 'https://evil.example' } })).status, 403);
  assert.equal((await fetch(new URL('/mcp/tester', url), { method: 'POST' })).status, 404);
  const open = new Served('version: 1');
  t.after(() => open.end());
  await open.begin({ listen: '{mcp: "127.0.0.1:0", metrics: "0.0.0.0:0"}' });
  assert.equal(await open.ended, 2);
  assert.match(open.log, /can reach this address and read the metrics/);
});

test('what people are asked, and how near a run is to its ceiling', async (t) => {
  const policy = `${open}
execution: {max_steps: 10}
approval: {reviewers: [leads]}
`.replace('class: irreversible small,', 'class: irreversible small, requires_approval: true,');
  const w = await served(t, { policy, listen: metrics });
  w.enrol();
  const session = await w.open();
  const held = session.call('send_customer_email', { to: 'a@myco.example', body: 'hello' });
  const question = await w.question();
  const during = await Numbers.of(w);
  assert.equal(during.sum('pawl_questions_total', { role: 'tester' }), 1);
  assert.equal(during.sum('pawl_questions_waiting', { role: 'tester' }), 1);
  const used = { role: 'tester', ceiling: 'steps' };
  assert.equal(during.sum('pawl_ceiling_used_ratio', used), 0.1);
  const approved = await w.later('approvals', 'approve', question.approval, '--as', 'ada');
  assert.equal(approved.status, 0, approved.err);
  assert.equal((await held).isError, undefined);
  const after = await Numbers.of(w);
  assert.equal(after.sum('pawl_questions_waiting'), 0);
  assert.equal(after.sum('pawl_answers_total', { answer: 'approve' }), 1);
  const verdicts = { role: 'tester', class: 'irreversible small external_sink' };
  assert.equal(after.sum('pawl_decisions_total', { ...verdicts, verdict: 'hold' }), 1);
  assert.equal(after.sum('pawl_decisions_total', { ...verdicts, verdict: 'allow' }), 1);
  assert.equal(after.sum('pawl_people_seconds_count', { role: 'tester' }), 1);
});

test('every query of the dashboard is one, and asks for numbers that there are', async (t) => {
  const collector = await new Collector().open(t);
  const w = await traced(t, collector, { listen: metrics });
  const { names } = await Numbers.of(w);
  const file = path.join(here, '../../contrib/grafana/pawl.json');
  const board = JSON.parse(readFileSync(file, 'utf8'));
  const { parser } = await import(
    path.join(modules, '@prometheus-io/lezer-promql/dist/index.es.js')
  );
  const asked = new Set();
  const panels = board.panels.filter((panel) => panel.type !== 'row');
  for (const panel of panels) {
    assert.ok(panel.targets.length > 0, panel.title);
    for (const { expr } of panel.targets) {
      const query = expr.replaceAll('$__rate_interval', '5m').replaceAll('$role', 'x');
      parser.parse(query).iterate({
        enter(node) {
          assert.ok(!node.type.isError, `${panel.title}: ${query}`);
          if (node.name === 'Identifier') asked.add(query.slice(node.from, node.to));
        },
      });
    }
  }
  const family = (name) =>
    names.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
  for (const name of asked) assert.ok(names.has(family(name)), name);
  assert.ok(asked.size >= 15);
});

test('a call is a trace: from the client, through the decision, to the server', async (t) => {
  const collector = await new Collector().open(t);
  const w = await traced(t, collector);
  const session = await w.open();
  const args = { customer_id: words };
  const meta = { traceparent: mine, tracestate: `a=${words}`, baggage: `b=${words}` };
  await session.call('read_customer_record', args, meta);
  const whole = await collector.found('tools/call read_customer_record', (a, s) => s.kind === 2);
  assert.equal(whole.traceId, trace);
  assert.equal(whole.parentSpanId, client);
  assert.equal(whole.attributes['mcp.method.name'], 'tools/call');
  assert.equal(whole.attributes['gen_ai.operation.name'], 'execute_tool');
  assert.equal(whole.attributes['gen_ai.tool.name'], 'read_customer_record');
  assert.equal(whole.attributes['gen_ai.agent.name'], 'tester');
  assert.equal(whole.attributes['pawl.verdict'], 'allow');
  assert.equal(whole.attributes['pawl.class'], 'read_only');
  assert.equal(whole.status.code, undefined);
  const sent = await collector.found('tools/call read_customer_record', (a, s) => s.kind === 3);
  assert.equal(sent.parentSpanId, whole.spanId);
  const seen = w.calls('read_customer_record')[0].params._meta;
  assert.deepEqual(seen, { traceparent: `00-${trace}-${sent.spanId}-01` });
  const deciding = await collector.found('pawl decide');
  assert.equal(deciding.parentSpanId, whole.spanId);
  for (const span of [sent, deciding]) {
    assert.ok(BigInt(span.startTimeUnixNano) >= BigInt(whole.startTimeUnixNano));
    assert.ok(BigInt(span.endTimeUnixNano) <= BigInt(whole.endTimeUnixNano));
  }
  await calls(w);
  const denied = await collector.found('tools/call', (a) => a['error.type'] === 'not_granted');
  assert.equal(denied.status.code, 2);
  assert.equal(denied.attributes['pawl.verdict'], 'deny');
  await collector.found('tools/call update_order_status', (a) => a['pawl.code'] === 'constraint');
  // Arguments, and names that only the agent wrote, are in none of them.
  assert.ok(!collector.bodies.join('').includes(words));
});

test('a trace goes on through HTTP: in a header on both sides', async (t) => {
  const collector = await new Collector().open(t);
  const secret = 'zq-upstream-secret-4411';
  const record = { env: { ...process.env, MODE: 'echo' } };
  const w = new Served(`
version: 1
agent: {id: tester, identity: tester@example}
tools: {allowed: [{name: [read_note, crm/read_note], class: read_only}]}
`);
  t.after(() => w.end());
  record.env.RECORD = w.record;
  w.env.NOTES_KEY = secret;
  const upstream = spawn('node', [path.join(here, 'remote.mjs')], record);
  t.after(() => upstream.kill('SIGKILL'));
  const port = Number(await new Promise((resolve) => upstream.stdout.once('data', resolve)));
  const config = path.join(w.dir, 'pawl.yaml');
  w.config = config;
  const reached = `{url: "http://127.0.0.1:${port}/mcp", credential: notes}`;
  writeFileSync(
    config,
    `version: 1
listen: ${metrics}
traces: {url: "${collector.url}"}
roles: {tester: {file: policy.yaml, servers: [crm]}}
servers: {crm: ${reached}}
credentials: {notes: {env: NOTES_KEY}}
`,
  );
  await w.serve();
  assert.ok(w.origin, w.log);
  const note = { name: 'read_note', arguments: { id: words } };
  const fine = await last(w.ask('tools/call', note, { headers: { traceparent: mine } }));
  assert.ok(fine.result, JSON.stringify(fine));
  const sent = await collector.found('tools/call read_note', (a, s) => s.kind === 3);
  assert.equal(sent.traceId, trace);
  const call = w.seen('POST').find((one) => one.body.includes('"tools/call"'));
  assert.equal(call.headers.traceparent, `00-${trace}-${sent.spanId}-01`);
  assert.equal(call.headers.authorization, `Bearer ${secret}`);
  // What is said in the message counts before the header, and what is not a traceparent not at all.
  const other = mine.replace('4bf9', 'aaaa');
  const inside = { ...note, _meta: { traceparent: other } };
  await last(w.ask('tools/call', inside, { id: 2, headers: { traceparent: mine } }));
  await collector.found('tools/call read_note', (a, s) => s.traceId.startsWith('aaaa'));
  await last(w.ask('tools/call', note, { id: 3, headers: { traceparent: `${mine}-x` } }));
  const fresh = await collector.found(
    'tools/call read_note',
    (a, s) => s.kind === 2 && s.parentSpanId === undefined,
  );
  assert.notEqual(fresh.traceId, trace);
  const numbers = await Numbers.of(w);
  const told = { metrics: numbers.text, traces: collector.bodies.join(''), log: w.log };
  nowhere(w.state, { agent: JSON.stringify(fine), ...told }, [secret]);
  for (const text of Object.values(told)) assert.ok(!text.includes(words));
  assert.ok(numbers.sum('pawl_spans_sent_total') >= 9);
});

test('a call over the decision API goes on with the trace of its caller', async (t) => {
  const collector = await new Collector().open(t);
  const w = new Gatehouse();
  t.after(() => w.end());
  appendFileSync(w.config, `traces: {url: "${collector.url}"}\n`);
  await w.serve();
  const run = await w.run();
  const propose = (tool, traceparent, id) => {
    const body = { tool, arguments: { id, words } };
    return w.ask(run.credential, 'POST', `/v1/runs/${run.run}/calls`, body, { traceparent });
  };
  const { json: granted } = await propose('put_note', mine, 'a');
  assert.equal(granted.effect, 'allow', JSON.stringify(granted));
  // Its span ends with what became of it.
  const settle = ({ call }) => w.settle(run, call, { outcome: 'completed', result: { ok: true } });
  assert.equal((await settle(granted)).status, 200);
  assert.equal((await propose('drop_it', mine, 'b')).json.effect, 'deny');
  for (const verdict of ['allow', 'deny']) {
    const span = await until(() =>
      collector.spans.find((one) => one.attributes['pawl.verdict'] === verdict),
    );
    assert.deepEqual([span.traceId, span.parentSpanId], [trace, client], verdict);
  }
  // What is not a `traceparent` begins a trace of its own.
  const before = collector.spans.length;
  await settle((await propose('put_note', `${mine}-x`, 'c')).json);
  await until(() => collector.spans.length > before);
  const fresh = collector.spans.slice(before);
  assert.ok(fresh.every((one) => one.traceId !== trace), JSON.stringify(fresh));
  if (collector.wrong) throw collector.wrong;
  assert.ok(!collector.bodies.join('').includes(words));
});

test('a client that does not want its trace kept is not kept', async (t) => {
  const collector = await new Collector().open(t);
  const w = await traced(t, collector);
  const session = await w.open();
  const quiet = { traceparent: mine.replace(/01$/, '00') };
  await session.call('read_customer_record', { customer_id: 'c' }, quiet);
  assert.match(w.calls()[0].params._meta.traceparent, /-00$/);
  await session.call('read_customer_record', { customer_id: 'c' });
  await collector.found('pawl decide');
  assert.ok(collector.spans.every((span) => span.traceId !== trace));
});

test('a collector that refuses or is silent costs spans and nothing else', async (t) => {
  for (const manner of [() => 400, () => null]) {
    const collector = await new Collector(manner).open(t);
    const w = await traced(t, collector, { listen: metrics });
    await calls(w);
    await until(() => collector.requests > 0);
    const session = await w.open();
    const fine = await session.call('read_customer_record', { customer_id: 'c' });
    assert.equal(fine.isError, undefined);
    const refuses = manner() !== null;
    const found = await until(async () => {
      const numbers = await Numbers.of(w);
      const many = numbers.sum(refuses ? 'pawl_spans_lost_total' : 'pawl_spans_waiting');
      return many > 0 && numbers;
    });
    assert.equal(found.sum('pawl_spans_sent_total'), 0);
    if (refuses) assert.match(w.log, /does not take them: it answered 400/);
    w.node.kill('SIGTERM');
    assert.equal(await w.ended, 0);
  }
});

test('what still waits at the end is sent', async (t) => {
  const collector = await new Collector().open(t);
  const w = await traced(t, collector);
  await calls(w);
  w.node.kill('SIGTERM');
  assert.equal(await w.ended, 0);
  await collector.found('tools/call read_customer_record');
});

test('a modern client and several servers behind one address are traced too', async (t) => {
  const collector = await new Collector().open(t);
  const w = new Served(open.replace('[read_customer_record,', '[crm/read_customer_record,'));
  t.after(() => w.end());
  w.config = path.join(w.dir, 'pawl.yaml');
  const own = (name) =>
    `${name}: {command: ${JSON.stringify([process.execPath, path.join(here, 'fixture.mjs'), `${w.record}-${name}`])}}`;
  writeFileSync(
    w.config,
    `version: 1
listen: {mcp: "127.0.0.1:0"}
traces: {url: "${collector.url}"}
roles: {tester: {file: policy.yaml, servers: [crm, other]}}
servers: {${own('crm')}, ${own('other')}}
`,
  );
  await w.serve();
  const asked = { name: 'crm/read_customer_record', arguments: { customer_id: 'c' } };
  const fine = await last(w.ask('tools/call', asked, { headers: { traceparent: mine } }));
  assert.ok(fine.result && !fine.result.isError, JSON.stringify(fine));
  const span = await collector.found(
    'tools/call read_customer_record',
    (a, one) => one.kind === 2 && one.traceId === trace,
  );
  assert.equal(span.parentSpanId, client);
  assert.equal(span.attributes['pawl.server'], 'crm');
  assert.equal(modern, '2026-07-28');
});

test('the log as JSON: a line is an object, and refusals are in it', async (t) => {
  const w = new Served(open);
  t.after(() => w.end());
  w.env.PAWL_LOG = 'json';
  await w.begin();
  w.url = w.url.replace('"}', '');
  await calls(w);
  w.node.kill('SIGTERM');
  assert.equal(await w.ended, 0);
  const lines = w.log.trim().split('\n').map((line) => JSON.parse(line));
  assert.ok(lines.every((one) => one.at && one.level && (one.text || one.record)));
  assert.ok(lines.some((one) => one.text?.startsWith('serving at http')));
  const refused = lines.filter((one) => one.record?.effect === 'deny');
  const codes = refused.map((one) => one.record.code);
  assert.deepEqual(codes, ['blocked', 'not_granted', 'constraint']);
  assert.ok(refused.every((one) => one.record.type === 'call.decided' && one.record.run));
  assert.ok(lines.every((one) => one.record?.effect !== 'allow'));
  const wrong = w.pawl('serve', '--config', w.config, '--log', 'xml');
  assert.equal(wrong.status, 2);
  assert.match(wrong.err, /expected `text` or `json`/);
});
