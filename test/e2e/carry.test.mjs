// Approvals that do not carry over: from the caller who was granted one to another run, agent,
// text, rule or definition, or to a second use; and answers of those who are no reviewers.
// Each test ends with the right caller or the right person, so that nothing passes by refusing all.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { text, until } from './endpoint.mjs';
import { Served, read } from './served.mjs';
import { World, code, fixture, sleep } from './world.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const policy = (agent = 'tester', mail = 'body: {max_length: 100}', more = '') => `
version: 1
agent: {id: ${agent}, identity: ${agent}@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only, requires_approval: true}
    - {name: send_customer_email, class: irreversible small, args: {${mail}}}
    - {name: [read_note, read_again], class: read_only}
${more}
approval: {reviewers: [leads], within: 5m}
`;
const asking = `    - {name: "mcp:elicitation/create", class: read_only}
accept_risk:
  - {rule: "tools/mcp:elicitation/create/class", reason: t, owner: t@example, until: 2030-01-01}
`;
const mail = { name: 'send_customer_email', arguments: { to: 'a@myco.example', body: 'hello' } };
const customer = { name: 'read_customer_record', arguments: { customer_id: 'c' } };
const capabilities = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };

async function world(t, ...words) {
  const w = new World(policy(...words));
  t.after(() => w.end());
  w.enrol();
  return w;
}
// Those that are still open: one that was approved stays in the list until it is used.
const questions = (w) => w.json('approvals', 'list').filter((one) => one.phase === 'open');
async function questioned(w, count) {
  for (let i = 0; i < 400; ++i) {
    const open = questions(w);
    if (open.length === count) return open.map((one) => one.approval);
    await sleep(25);
  }
  throw new Error(`not ${count} questions`);
}
const records = (w, type) =>
  w
    .pawl('audit', 'query', '--json')
    .out.split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter((record) => record.type === type);
// A call that was approved after its caller had gone.
async function granted(w, call, options) {
  const client = await w.client(options);
  client.request('tools/call', call).catch(() => {});
  const { approval } = await w.question();
  await client.close();
  const done = w.approve(approval);
  assert.equal(done.status, 0, done.err);
  return approval;
}
// Answers as no question of pawl's was ever asked for: by every id that a guess might hit.
const yes = (approval) => ({
  action: 'accept',
  content: { approve: true, approval, decision: 'approve', person: 'ada' },
});
const guesses = (approval, own) => [0, 1, 2, 3, 4, 5, own, String(own), approval, 'q1', null];

test('a held call asks its client for nothing, and what the client answers approves nothing', async (t) => {
  const w = await world(t);
  const client = await w.client({ capabilities });
  const progress = { _meta: { progressToken: 'p' } };
  const call = client.request('tools/call', { ...mail, ...progress }, 77);
  const { approval } = await w.question();
  for (const id of guesses(approval, 77)) {
    client.line(JSON.stringify({ jsonrpc: '2.0', id, result: yes(approval) }));
  }
  const told = { elicitationId: approval };
  client.line(
    JSON.stringify({ jsonrpc: '2.0', method: 'notifications/elicitation/complete', params: told }),
  );
  for (const method of ['elicitation/create', 'approvals/approve', 'pawl/approve']) {
    const { error } = await client.request(method, { approval, ...yes(approval).content });
    assert.equal(error.code, -32601, method);
  }
  // The reader of this connection has seen them all, and has gone on.
  assert.ok((await client.request('tools/list')).result.tools.length > 0);
  await sleep(300);
  const [open] = questions(w);
  assert.deepEqual([open.approval, open.phase], [approval, 'open']);
  assert.equal(w.calls().length, 0);
  assert.equal(records(w, 'approval.answered').length, 0);
  const requests = client.heard.filter((message) => message.method && message.id !== undefined);
  assert.deepEqual(requests, [], 'pawl asked the client');
  assert.equal(w.approve(approval).status, 0);
  assert.equal((await call).result.isError, undefined);
  assert.deepEqual(records(w, 'approval.answered').map((one) => one.person), ['ada']);
  assert.equal(w.calls().length, 1);
});

test('a modern client that sends answers along with its call is refused, and nothing runs', async (t) => {
  const w = await world(t);
  const client = await w.client({ modern: true, capabilities });
  const call = client.ask('tools/call', mail, {}, 'held', 120_000);
  const { approval } = await w.question();
  const inputResponses = { [approval]: yes(approval), q1: yes(approval), approval: yes(approval) };
  for (const requestState of [approval, 'q1', 'held']) {
    const invented = { ...mail, inputResponses, requestState };
    const { error, result } = await client.ask('tools/call', invented);
    assert.equal(error?.code, -32602, JSON.stringify(result));
  }
  // Without a state they belong to nothing: the call that waits does not become a second one.
  for (const invented of [inputResponses, null, 7, [yes(approval)]]) {
    const { error } = await client.ask('tools/call', { ...mail, inputResponses: invented });
    assert.equal(error?.code, -32602, JSON.stringify(invented));
    assert.equal(error.data.code, 'ambiguous_request');
  }
  const both = await questioned(w, 1);
  assert.deepEqual(both, [approval]);
  // As an argument, as `_meta`, and by the tool for words to a reviewer it is none either.
  const args = { ...mail.arguments, ...yes(approval).content };
  const wrong = await client.ask('tools/call', { ...mail, arguments: args });
  assert.equal(code(wrong.result), 'constraint');
  assert.deepEqual(await questioned(w, 1), both);
  const answered = client.heard.filter((m) => m.id === 'held');
  assert.deepEqual(answered, [], 'no question of pawl’s is a result');
  assert.equal(w.calls().length, 0);
  assert.equal(w.approve(approval).status, 0);
  const { result } = await call;
  assert.deepEqual([result.resultType, result.isError], ['complete', undefined]);
  assert.equal(w.calls().length, 1);
  assert.equal(questions(w).length, 0);
});

test('a form of a server that looks like a question of pawl’s is the server’s', async (t) => {
  const w = await world(t, 'tester', 'body: {max_length: 100}', asking);
  const command = ['node', path.join(here, 'hostile.mjs'), w.record, 'asks'];
  const client = await w.client({ command, args: ['--server', 'crm'], capabilities });
  const other = await w.client();
  const call = other.request('tools/call', mail);
  const { approval } = await w.question();
  await client.call('read_note', { id: 'n' });
  const form = await until(() => client.heard.find((m) => m.method === 'elicitation/create'));
  assert.match(form.params.message, /^tool server `crm` asks: pawl reviewer/);
  const content = { to: `approve ${approval}` };
  const answer = { jsonrpc: '2.0', id: form.id, result: { action: 'accept', content } };
  client.line(JSON.stringify(answer));
  await until(() => w.seen().find((m) => m.id === 'f1'));
  assert.equal(questions(w)[0].phase, 'open');
  assert.equal(w.calls(mail.name).length, 0);
  assert.equal(w.approve(approval).status, 0);
  assert.equal((await call).result.isError, undefined);
});

test('another run and another agent that make an approved call are asked about themselves', async (t) => {
  const w = await world(t);
  const approval = await granted(w, mail);
  const run = await w.client({ env: { PAWL_RUN: 'another' } });
  run.request('tools/call', mail).catch(() => {});
  const [second] = await questioned(w, 1);
  w.policy = path.join(w.dir, 'another.yaml');
  writeFileSync(w.policy, policy('another'));
  const agent = await w.client({ env: { PAWL_RUN: 'theirs' } });
  agent.request('tools/call', mail).catch(() => {});
  const ids = await questioned(w, 2);
  assert.ok(ids.includes(second) && !ids.includes(approval));
  assert.equal(w.calls().length, 0);
  w.policy = path.join(w.dir, 'policy.yaml');
  const mine = await w.client();
  assert.equal((await mine.call(mail.name, mail.arguments)).isError, undefined);
  assert.equal(w.calls().length, 1);
  // Each of the three was a question of its own run.
  const opened = records(w, 'approval.opened');
  assert.equal(new Set(opened.map((one) => one.run)).size, 3);
  assert.equal(new Set(opened.map((one) => one.binding)).size, 3);
  const consumed = records(w, 'call.decided').filter((one) => one.effect === 'allow');
  assert.deepEqual(consumed.map((one) => [one.effect, one.approval]), [['allow', approval]]);
});

test('other arguments and a second use are asked about', async (t) => {
  const w = await world(t);
  await granted(w, mail);
  const client = await w.client();
  const others = [
    { ...mail.arguments, body: 'hello ' },
    { ...mail.arguments, to: 'b@myco.example' },
  ];
  for (const args of others) {
    client.request('tools/call', { ...mail, arguments: args }).catch(() => {});
  }
  const before = await questioned(w, 2);
  assert.equal(w.calls().length, 0);
  assert.equal((await client.call(mail.name, mail.arguments)).isError, undefined);
  client.request('tools/call', mail).catch(() => {});
  const after = await questioned(w, 3);
  assert.ok(before.every((id) => after.includes(id)));
  assert.equal(w.calls().length, 1);
});

test('a definition that was not accepted gets nothing of what was approved for the old one', async (t) => {
  const w = await world(t);
  await granted(w, customer);
  const changed = await w.client({ mode: 'changed' });
  const refused = await changed.call(customer.name, customer.arguments);
  assert.equal(code(refused), 'tool_changed');
  await changed.close();
  assert.equal(w.calls().length, 0);
  // Accepted, it is another tool than the one that people were asked about.
  const command = ['node', fixture, w.record, 'changed'];
  const done = w.pawl('accept', '--policy', w.policy, '--yes', '--as', 'ada', '--', ...command);
  assert.equal(done.status, 0, done.err);
  const accepted = await w.client({ mode: 'changed' });
  const call = accepted.request('tools/call', customer);
  const [second] = await questioned(w, 1);
  assert.equal(w.calls().length, 0);
  assert.equal(w.approve(second).status, 0);
  assert.equal((await call).result.isError, undefined);
});

test('a rule that became stricter meanwhile is another question, at the door over HTTP too', async (t) => {
  const w = new Served(policy());
  t.after(() => w.end());
  writeFileSync(path.join(w.dir, 'another.yaml'), policy('another'));
  w.enrol();
  const enrolled = readFileSync(path.join(w.dir, 'config', 'pawl', 'pawl.yaml'), 'utf8');
  const [verifier] = /verifier: "[^"]*"/.exec(enrolled);
  w.killNode();
  w.config = path.join(w.dir, 'pawl.yaml');
  const command = JSON.stringify([process.execPath, fixture, w.record]);
  writeFileSync(
    w.config,
    `version: 1
listen: {mcp: "127.0.0.1:0"}
roles:
  tester: {file: policy.yaml, servers: [crm]}
  another: {file: another.yaml, servers: [crm]}
servers: {crm: {command: ${command}}}
people: {ada: {groups: [leads], ${verifier}}}
`,
  );
  await w.serve();
  assert.ok(w.origin, w.log);
  const at = (role) => {
    w.url = `${w.origin}/mcp/${role}`;
  };
  // A stateless client that goes cancels its request: the question stays.
  const leave = new AbortController();
  const gone = w.ask('tools/call', mail, { signal: leave.signal }).catch(() => {});
  const { approval } = await w.question();
  leave.abort();
  await gone;
  const approved = () => w.later('approvals', 'approve', approval, '--as', 'ada');
  assert.equal((await approved()).status, 0);
  at('another');
  w.ask('tools/call', mail).catch(() => {});
  const [second] = await questioned(w, 1);
  assert.notEqual(second, approval);
  assert.equal(w.calls().length, 0);
  writeFileSync(w.policy, policy('tester', 'body: {max_length: 90}'));
  w.node.kill('SIGHUP');
  await until(() => w.log.includes('the stricter policy of'));
  at('tester');
  const again = w.ask('tools/call', mail);
  const third = (await questioned(w, 2)).find((id) => id !== second);
  assert.notEqual(third, approval);
  assert.equal(w.calls().length, 0);
  assert.equal((await w.later('approvals', 'approve', third, '--as', 'ada')).status, 0);
  assert.equal(text((await read(await again)).at(-1).result), 'done');
  assert.equal(w.calls().length, 1);
});
