// The decision API from outside: runs, calls, outcomes, events, and who may do what. The ids are
// those of docs/reference/cases.md.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Gatehouse } from './api_world.mjs';
import { modules, sleep } from './world.mjs';

const need = createRequire(path.join(modules, 'x.js'));
let g;
before(async () => {
  g = await new Gatehouse().serve();
});
after(() => g.end());

// Every good and bad answer of these tests is compared with the text that is served.
const compare = async () => {
  const Ajv = need('ajv/dist/2020').default;
  const text = (await g.ask('', 'GET', '/v1/openapi.json')).json;
  const ajv = new Ajv({ strict: false });
  ajv.addSchema({ $id: 'api', ...text });
  const check = (name, value) => {
    const fine = ajv.validate({ $ref: `api#/components/schemas/${name}` }, value);
    assert.ok(fine, `${name}: ${ajv.errorsText()} in ${JSON.stringify(value)}`);
  };
  return { text, check };
};

test('an allowed call is executed by the caller, and settled by who may', async () => {
  const { check } = await compare();
  const run = await g.run({ key: 'daily' });
  check('Run', run);
  const said = await g.propose(run, 'read_note', { id: 1.0 });
  assert.equal(said.status, 200);
  check('Decision', said.json);
  assert.deepEqual([said.json.effect, said.json.code], ['allow', 'none']);
  assert.deepEqual(said.json.arguments, { id: 1 });
  assert.deepEqual(said.json.scope, ['title']);
  const open = await g.ask(run.credential, 'GET', `/v1/runs/${run.run}/calls/${said.json.call}`);
  check('Call', open.json);
  assert.equal(open.json.phase, 'executing');
  assert.deepEqual(open.json.decision, said.json, 'a lost answer can be asked for again');
  const done = await g.settle(run, said.json.call, {
    outcome: 'completed',
    result: { title: 'a', body: 'secret' },
  });
  check('Settlement', done.json);
  assert.deepEqual(done.json.result, { title: 'a' }, 'projected to the scope');
  const again = await g.settle(run, said.json.call, { outcome: 'completed' });
  assert.equal(again.status, 409);
  check('Refusal', again.json);
  const over = await g.ask(run.credential, 'GET', `/v1/runs/${run.run}/calls/${said.json.call}`);
  check('Call', over.json);
  assert.equal(over.json.phase, 'completed');
  assert.ok(!JSON.stringify(over.json).includes('secret'));
  const [ended] = g.records('call.ended').filter((r) => r.call === said.json.call);
  assert.equal(ended.outcome, 'completed');
});

test('a denied call says why, and costs a step', async () => {
  const { check } = await compare();
  const run = await g.run();
  const said = await g.propose(run, 'drop_table', { table: 'a' });
  assert.equal(said.status, 200);
  check('Decision', said.json);
  assert.deepEqual([said.json.effect, said.json.code], ['deny', 'not_granted']);
  const state = await g.ask(run.credential, 'GET', `/v1/runs/${run.run}`);
  check('Run', state.json);
  assert.deepEqual([state.json.steps, state.json.denials], [1, 1]);
});

test('a held call waits, is approved, and executes once', async () => {
  const { check } = await compare();
  const run = await g.run();
  const mail = { to: 'a@example.org' };
  const first = await g.propose(run, 'send_mail', mail, { wait_seconds: 0 });
  assert.equal(first.status, 202);
  check('Decision', first.json);
  assert.deepEqual([first.json.effect, first.json.code], ['hold', 'approval_pending']);
  const waiting = g.propose(run, 'send_mail', mail, { wait_seconds: 30 });
  const question = await g.question();
  assert.equal(question.approval, first.json.approval);
  const done = await g.later('approvals', 'approve', question.approval, '--as', 'ada');
  assert.equal(done.status, 0, done.err);
  const said = (await waiting).json;
  assert.equal(said.effect, 'allow');
  const settled = await g.settle(run, said.call, { outcome: 'completed', result: {} });
  assert.equal(settled.json.outcome, 'completed');
  const twin = await g.propose(run, 'send_mail', mail, { wait_seconds: 0 });
  assert.equal(twin.json.effect, 'hold', 'an answer is used once');
  const state = await g.ask(run.credential, 'GET', `/v1/runs/${run.run}`);
  assert.equal(state.json.steps, 2, 'coming back for a held call costs nothing');
});

test('a reviewer asks about a held call, and the same call says something to that', async () => {
  const { check } = await compare();
  const run = await g.run({ key: 'asked' });
  const mail = { to: 'asked' };
  const waiting = g.propose(run, 'send_mail', mail, { wait_seconds: 30 });
  let asked;
  for (let i = 0; i < 200 && !asked; ++i) {
    await sleep(25);
    asked = g.json('approvals', 'list').find((question) => question.run === run.run);
  }
  const { approval } = asked;
  assert.equal(g.pawl('approvals', 'ask', approval, 'to whom?', '--as', 'ada').status, 0);
  const told = await waiting;
  assert.equal(told.status, 202);
  check('Decision', told.json);
  assert.deepEqual(told.json.asks, [{ person: 'ada', text: 'to whom?' }]);
  const words = { ...mail, pawl_answer: 'to myself' };
  const back = g.propose(run, 'send_mail', words, { wait_seconds: 30 });
  for (let i = 0; i < 200 && g.records('approval.replied').length === 0; ++i) await sleep(25);
  assert.equal(g.approve(approval).status, 0);
  const said = await back;
  assert.equal(said.status, 200);
  assert.deepEqual(said.json.arguments, mail, 'the words are no argument of what is executed');
  assert.equal((await g.settle(run, said.json.call, { outcome: 'completed' })).status, 200);
});

test('a held call can be followed as events', async () => {
  const run = await g.run();
  const answer = await fetch(`${g.address}/v1/runs/${run.run}/calls`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${run.credential}`,
      'content-type': 'application/json',
      accept: 'text/event-stream',
    },
    body: JSON.stringify({ tool: 'send_mail', arguments: { to: 'b' }, wait_seconds: 1 }),
  });
  const text = await answer.text();
  assert.match(text, /event: held\ndata: \{"approval":"a-/);
  assert.match(text, /event: decision\ndata: \{"effect":"hold"/);
});

test('R11 the agent that proposes a call does not settle its outcome', async () => {
  const run = await g.run();
  const said = (await g.propose(run, 'put_note', { text: 'a' })).json;
  for (const token of [run.credential, g.keys.orchestrator]) {
    const refused = await g.settle(run, said.call, { outcome: 'failed' }, token);
    assert.equal(refused.status, 403);
    assert.match(refused.headers.get('www-authenticate'), /insufficient_scope", scope="settle"/);
  }
  const forged = await g.propose(run, 'put_note', { text: 'a' }, { result: { payee: 'evil' } });
  assert.equal(forged.status, 400);
  assert.equal((await g.settle(run, said.call, { outcome: 'completed' })).status, 200);
});

test('R10 a report only raises, and too high a one halts the run', async () => {
  const run = await g.run();
  const low = (await g.propose(run, 'touch', { ids: ['a', 'b'] })).json;
  await g.settle(run, low.call, { outcome: 'completed', records: 0 });
  const charged = g.records('call.ended').find((r) => r.call === low.call);
  assert.equal(charged.records, 2);
  const high = (await g.propose(run, 'touch', { ids: ['c'] })).json;
  await g.settle(run, high.call, { outcome: 'completed', records: 5000 });
  const state = (await g.ask(run.credential, 'GET', `/v1/runs/${run.run}`)).json;
  assert.equal(state.phase, 'halted');
  assert.equal((await g.propose(run, 'read_note', {})).json.code, 'run_halted');
  const fresh = await g.ask(g.keys.orchestrator, 'POST', '/v1/runs', { key: 'fresh' });
  assert.ok(fresh.status === 409 || fresh.json.phase === 'halted', 'R04: no fresh start');
  const lifted = await g.later('resume', 'run', run.run, '--as', 'ada', '--reason', 'test');
  assert.equal(lifted.status, 0, lifted.err);
});

test('a run belongs to who opened it', async () => {
  const mine = await g.run({ key: 'k' });
  const other = await g.run({ key: 'k' }, 'other');
  assert.notEqual(mine.run, other.run, 'keys are the agent’s own');
  assert.equal((await g.run({ key: 'k' })).run, mine.run, 'the same key is the same run');
  const call = { tool: 'read_note', arguments: {} };
  for (const token of [other.credential, g.keys.other]) {
    const refused = await g.ask(token, 'POST', `/v1/runs/${mine.run}/calls`, call);
    assert.equal(refused.status, 404);
  }
  const seen = await g.ask(other.credential, 'GET', `/v1/runs/${mine.run}`);
  assert.equal(seen.status, 404, 'a credential is for its own run');
  const missing = await g.ask(g.keys.other, 'GET', '/v1/runs/r-00000000');
  assert.deepEqual(missing.json, seen.json, 'nothing tells what exists');
});

test('what no caller may send', async () => {
  const run = await g.run();
  const calls = `/v1/runs/${run.run}/calls`;
  const send = (body, type = 'application/json') =>
    g.ask(run.credential, 'POST', calls, body, { 'content-type': type });
  const good = JSON.stringify({ tool: 'read_note', arguments: {} });
  assert.equal((await send(good, 'text/plain')).status, 415);
  for (const body of ['', '[]', '{"tool":"a","Tool":"b","arguments":{}}', '{"tool":"read_note"}']) {
    const refused = await send(body);
    assert.equal(refused.status, 400, body);
    assert.equal(refused.json.code, 'ambiguous_request');
  }
  const state = (await g.ask(run.credential, 'GET', `/v1/runs/${run.run}`)).json;
  assert.equal(state.denials, 5, 'every attempt is charged');
  assert.equal((await g.ask('', 'GET', '/v1/nothing')).status, 404);
  const wrong = await g.ask(run.credential, 'GET', calls);
  assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'POST']);
});

test('tokens that are forged, of another door, or over', async () => {
  const run = await g.run();
  const state = `/v1/runs/${run.run}`;
  const forged = run.credential.slice(0, -4) + 'AAAA';
  const mcp = await g.run({ audience: 'mcp' });
  assert.match(mcp.audience, /\/mcp\/clerk$/);
  for (const token of [forged, 'x', 'pawl_' + 'A'.repeat(43), mcp.credential]) {
    const refused = await g.ask(token, 'GET', state);
    assert.equal(refused.status, 401);
    assert.match(refused.headers.get('www-authenticate'), /^Bearer realm="pawl", error="invalid_/);
  }
  assert.equal((await g.ask('', 'GET', state)).status, 401);
  assert.equal((await g.ask('', 'GET', `${state}?access_token=${run.credential}`)).status, 401);
  const closed = await g.ask(run.credential, 'POST', `${state}/close`);
  assert.deepEqual([closed.status, closed.json.phase], [200, 'closed']);
  assert.equal((await g.ask(run.credential, 'GET', state)).status, 401, 'replayed');
  const noted = g.records('noted').filter((r) => r.topic === 'identity refused');
  assert.ok(noted.length >= 5, JSON.stringify(noted));
  assert.ok(!JSON.stringify(noted).includes(run.credential.slice(-40)));
});

test('a task narrows; words of the sponsor need a right', async () => {
  const run = await g.run({ task: { tools: ['read_note'], execution: { max_steps: 2 } } });
  assert.equal((await g.propose(run, 'put_note', {})).json.code, 'not_granted');
  assert.equal((await g.propose(run, 'read_note', {})).json.effect, 'allow');
  assert.equal((await g.propose(run, 'read_note', {})).json.code, 'ceiling');
  await g.later('resume', 'run', run.run, '--as', 'ada', '--reason', 'test');
  const key = g.keys.orchestrator;
  const more = await g.ask(key, 'POST', '/v1/runs', { task: { tools: ['drop_table'] } });
  assert.equal(more.status, 400, 'a task never grants');
  for (const body of [{ user_text: 'pay' }, { task: { text: 'pay' } }, { sponsor: 'eve' }]) {
    const refused = await g.ask(key, 'POST', '/v1/runs', body);
    assert.equal(refused.status, 403, JSON.stringify(body));
  }
  const spoken = await g.run({ user_text: 'pay', sponsor: 'customer-7' }, 'spokesman');
  assert.equal(spoken.sponsor, 'customer-7');
});

test('R16 sub-runs do less, count in their parent, and end with it', async () => {
  const run = await g.run();
  const sub = async (parent, body) =>
    g.ask(parent.credential, 'POST', '/v1/runs', { agent: 'reader', ...body });
  const child = (await sub(run, { tools: ['read_note', 'crm/*'], limits: { steps: 3 } })).json;
  assert.equal(child.parent_run, run.run);
  const grandchild = (await sub(child, { agent: 'page-reader', limits: { steps: 3 } })).json;
  const wider = await sub(child, { tools: ['put_note'] });
  assert.equal(wider.status, 403);
  assert.equal((await sub(child, { limits: { steps: 4 } })).status, 403);
  assert.equal((await g.propose(child, 'put_note', {})).json.code, 'not_granted');
  assert.equal((await g.propose(grandchild, 'read_note', {})).json.effect, 'allow');
  const name = await g.propose(grandchild, 'get_name', {}, { server: 'crm' });
  assert.equal(name.json.effect, 'allow');
  assert.equal((await g.propose(grandchild, 'read_note', {})).json.code, 'ceiling');
  const state = (await g.ask(run.credential, 'GET', `/v1/runs/${run.run}`)).json;
  assert.deepEqual([state.steps, state.denials], [4, 2], 'all of it is charged to the root');
  const [noted] = g.records('call.decided').filter((r) => r.call === name.json.call);
  assert.match(noted.note, new RegExp(`sub-run ${grandchild.run} of page-reader`));
  const above = await g.ask(child.credential, 'GET', `/v1/runs/${run.run}`);
  assert.equal(above.status, 404, 'a child does not see its parent');
  await g.ask(run.credential, 'POST', `/v1/runs/${run.run}/close`);
  for (const gone of [child, grandchild]) {
    assert.equal((await g.propose(gone, 'read_note', {})).status, 401);
  }
});

test('R16 what sub-runs execute, and the records of it, are taken from everyone above', async () => {
  const run = await g.run();
  const sub = async (parent, body) =>
    g.ask(parent.credential, 'POST', '/v1/runs', { agent: 'reader', ...body });
  const child = (await sub(run, { limits: { calls: 3, records: 5 } })).json;
  const inner = (await sub(child, { limits: { calls: 3 } })).json;
  assert.equal((await sub(child, { limits: { records: 6 } })).status, 403);
  const refused = await sub(child, { limits: { cost_nano_usd: 5 } });
  assert.match(refused.json.reason, /nothing meters/);
  const ids = (n) => ({ ids: Array.from({ length: n }, (_, i) => i) });
  // At the same time there are not more of them than one after another.
  const asked = await Promise.all([1, 2, 3].map(() => g.propose(inner, 'read_note', ids(2))));
  const effects = asked.map(({ json }) => json.code).sort();
  assert.deepEqual(effects, ['ceiling', 'none', 'none'], 'two records twice, and not a third time');
  const [{ json: call }] = asked.filter(({ json }) => json.effect === 'allow');
  await g.settle(run, call.call, { outcome: 'completed', result: { title: 't' } });
  const full = await g.propose(child, 'read_note', ids(2));
  assert.match(full.json.reason, /1 of its 5 records left/);
  assert.equal((await g.propose(child, 'read_note', ids(1))).json.effect, 'allow');
  assert.match((await g.propose(inner, 'read_note', ids(0))).json.reason, /0 of its 3 calls left/);
  const state = (await g.ask(child.credential, 'GET', `/v1/runs/${child.run}`)).json;
  assert.deepEqual([state.calls, state.records], [3, 5]);
  assert.equal((await g.propose(run, 'read_note', ids(9))).json.effect, 'allow', 'the run goes on');
});

test('a kill reaches calls that are executed elsewhere', async () => {
  const run = await g.run();
  const said = (await g.propose(run, 'put_note', { text: 'k' })).json;
  const killed = await g.later('kill', 'run', run.run, '--reason', 'test');
  assert.equal(killed.status, 0, killed.err);
  const call = `/v1/runs/${run.run}/calls/${said.call}`;
  const open = (await g.ask(g.keys.executor, 'GET', call)).json;
  assert.equal(open.cancel, true, 'who executes is told to stop');
  const after = await g.propose(run, 'read_note', {});
  assert.equal(after.status, 401, 'the switch revoked the credential of the run');
  await sleep(6000);
  const [ended] = g.records('call.ended').filter((r) => r.call === said.call);
  assert.equal(ended.outcome, 'indeterminate', 'it is unknown how far it came');
  const notes = g.records('noted').filter((r) => r.topic === 'identity refused');
  assert.match(notes.at(-1).text, new RegExp(`${run.run}.*the kill switch revoked`));
  await g.later('resume', 'run', run.run, '--as', 'ada', '--reason', 'test');
  assert.equal((await g.propose(run, 'read_note', {})).status, 401, 'also when it goes on');
});

test('a run that was killed and resumed gets another credential', async () => {
  const run = await g.run({ key: 'again' });
  await g.later('kill', 'run', run.run, '--reason', 'test');
  const none = await g.ask(g.keys.orchestrator, 'POST', '/v1/runs', { key: 'again' });
  assert.notEqual(none.status, 201);
  await g.later('resume', 'run', run.run, '--as', 'ada', '--reason', 'test');
  await sleep(1100);
  const next = await g.run({ key: 'again' });
  assert.equal(next.run, run.run, 'it is the same run');
  assert.equal((await g.propose(next, 'read_note', {})).json.effect, 'allow');
  assert.equal((await g.propose(run, 'read_note', {})).status, 401);
});

test('events tell what happens, and go on where they were cut off', async () => {
  const run = await g.run();
  const watch = async (more = {}) => {
    const abort = new AbortController();
    const answer = await fetch(`${g.address}/v1/runs/${run.run}/events`, {
      headers: { authorization: `Bearer ${g.keys.executor}`, ...more },
      signal: abort.signal,
    });
    const heard = { text: '', stop: () => abort.abort() };
    (async () => {
      for await (const part of answer.body) heard.text += Buffer.from(part).toString();
    })().catch(() => {});
    return heard;
  };
  const until = async (heard, pattern) => {
    for (let i = 0; i < 100 && !pattern.test(heard.text); ++i) await sleep(20);
    assert.match(heard.text, pattern);
  };
  const first = await watch();
  await until(first, /event: run\.opened/);
  const said = (await g.propose(run, 'put_note', { text: 'e' })).json;
  await until(first, new RegExp(`event: call\\.decided\\nid: \\d+\\ndata: .*"call":"${said.call}"`));
  first.stop();
  const last = [...first.text.matchAll(/id: (\d+)/g)].at(-1)[1];
  await g.settle(run, said.call, { outcome: 'completed' });
  const second = await watch({ 'last-event-id': last });
  await until(second, /event: call\.ended/);
  assert.doesNotMatch(second.text, /run\.opened|gap/);
  second.stop();
  assert.ok(!first.text.includes('sha256:') || !/args|facts/.test(first.text));
});

test('the OpenAPI text is one, and has no path that is not there', async () => {
  const { text } = await compare();
  const parser = need('@apidevtools/swagger-parser');
  await (parser.default ?? parser).validate(structuredClone(text));
  const some = { run: 'r-00000000', call: 'c-00000000' };
  for (const [where, item] of Object.entries(text.paths)) {
    const target = where.replace(/\{(\w+)\}/g, (_, name) => some[name]);
    for (const [method, operation] of Object.entries(item)) {
      const body = operation.requestBody ? '{}' : undefined;
      const answer = await g.ask(g.keys.executor, method.toUpperCase(), target, body);
      assert.ok(operation.responses[answer.status], `${method} ${where}: ${answer.status}`);
    }
  }
});

test('a halt outlives its run, is listed, and can be resumed', async () => {
  const run = await g.run({ key: 'halts' });
  for (let i = 0; i < 40; ++i) {
    const said = await g.propose(run, 'drop_table', { table: 'a' });
    if (said.json.code === 'ceiling') break;
  }
  const base = `/v1/runs/${run.run}`;
  const closed = await g.ask(g.keys.orchestrator, 'POST', `${base}/close`, {});
  assert.equal(closed.json.phase, 'closed');
  const listed = g.json('runs', 'list').find((one) => one.run === run.run);
  assert.deepEqual([listed.phase, listed.halted], ['closed', 'ceiling']);
  assert.match(g.pawl('runs', 'list').out, /closed, its halt stands/);
  const resumed = g.pawl('resume', 'run', run.run, '--as', 'ada', '--reason', 'seen');
  assert.equal(resumed.status, 0, resumed.err);
  assert.equal(
    g.json('runs', 'list').find((one) => one.run === run.run),
    undefined,
  );
});
