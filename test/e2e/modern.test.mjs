// Clients of revision 2026-07-28 in front of servers of the older ones: discovery, envelopes, legs
// of a call, questions inside of results, subscriptions. Ids as in docs/reference/cases.md.
import assert from 'node:assert/strict';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, test } from 'node:test';
import { open } from './tester.mjs';
import { World, code, sleep } from './world.mjs';

const hostile = path.join(path.dirname(fileURLToPath(import.meta.url)), 'hostile.mjs');
const version = 'io.modelcontextprotocol/protocolVersion';
const subscription = 'io.modelcontextprotocol/subscriptionId';
const asking = (args = '') => `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: [read_note, read_again], class: read_only}
    - {name: "mcp:elicitation/create", class: read_only${args}}
accept_risk:
  - {rule: "tools/mcp:elicitation/create/class", reason: t, owner: t@example, until: 2030-01-01}
`;

async function modern(t, { policy = open, ...options } = {}) {
  const w = new World(policy);
  t.after(() => w.end());
  return [w, await w.client({ modern: true, ...options })];
}
const questioned = (t, mode, policy, capabilities = { elicitation: { form: {}, url: {} } }) => {
  const w = new World(policy);
  t.after(() => w.end());
  const command = (record) => ['node', hostile, record, mode];
  return w
    .client({ modern: true, command: command(w.record), args: ['--server', 'crm'], capabilities })
    .then((client) => [w, client]);
};
const read = { name: 'read_customer_record', arguments: { customer_id: 'c' } };
const note = { name: 'read_note', arguments: { id: 'n' } };
async function until(found) {
  for (let i = 0; i < 3000; ++i) {
    const value = found();
    if (value) return value;
    await sleep(20);
  }
  throw new Error('it never came');
}
const records = (w, ...words) =>
  w
    .pawl('audit', 'query', ...words, '--json')
    .out.split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

// A held call is answered after the patience of a client: it begins here, and is looked at below.
const mail = { name: 'send_customer_email', arguments: { to: 'a@myco.example', body: 'x' } };
const held = new World(
  open.replace('body: {max_length: 100}}', 'body: {max_length: 100}}, approval: {within: 5m}'),
);
after(() => held.end());
const waits = (async () => {
  held.enrol();
  const client = await held.client({ modern: true });
  return { w: held, client, leg: await client.askFor(90_000, 'tools/call', mail) };
})();
waits.catch(() => {});

test('pawl answers discovery from what a server of the older era says about itself', async (t) => {
  const [w, client] = await modern(t);
  const { result } = await client.ask('server/discover', {}, {}, 'server-discover-probe-1');
  assert.equal(result.resultType, 'complete');
  assert.deepEqual(result.supportedVersions, ['2026-07-28']);
  assert.deepEqual(result.capabilities, {
    tools: { listChanged: true },
    extensions: { 'io.modelcontextprotocol/tasks': {} },
  });
  assert.deepEqual([result.ttlMs, result.cacheScope], [0, 'private']);
  assert.equal(result._meta['io.modelcontextprotocol/serverInfo'].name, 'fixture');
  const list = (await client.ask('tools/list')).result;
  assert.deepEqual([list.resultType, list.ttlMs, list.cacheScope], ['complete', 0, 'private']);
  assert.ok(list.tools.some((tool) => tool.name === read.name));
  const called = (await client.ask('tools/call', read)).result;
  assert.equal(called.resultType, 'complete');
  assert.equal(called.isError, undefined);
  const methods = w.seen().map((line) => line.method);
  assert.equal(methods.filter((method) => method === 'initialize').length, 1);
  assert.equal(methods.filter((method) => method === 'notifications/initialized').length, 1);
  assert.equal(w.calls()[0].params._meta, undefined);
});

test('a client that looks around may still go on with `initialize`', async (t) => {
  const [w, client] = await modern(t);
  assert.ok((await client.ask('server/discover')).result);
  await client.hello({});
  assert.equal(client.server.result.protocolVersion, '2025-11-25');
  const result = await client.call(read.name, read.arguments);
  assert.equal(result.isError, undefined);
  assert.equal(result.resultType, undefined);
  assert.equal(w.seen('initialize').length, 1);
  assert.equal((await client.ask('server/discover')).error.code, -32601);
});

test('an envelope that lacks something, or speaks of another version, is refused', async (t) => {
  const [w, client] = await modern(t);
  assert.equal((await client.request('server/discover', {})).error.code, -32602);
  const lacking = { 'io.modelcontextprotocol/clientCapabilities': undefined };
  assert.equal((await client.ask('tools/list', {}, lacking)).error.code, -32602);
  const { error } = await client.ask('tools/list', {}, { [version]: '2031-01-01' });
  assert.equal(error.code, -32022);
  assert.deepEqual(error.data, { supported: ['2026-07-28'], requested: '2031-01-01' });
  assert.equal(w.seen().length, 0);
  assert.ok((await client.ask('tools/list')).result.tools);
  assert.equal((await client.request('tools/list', {})).error.code, -32602);
  assert.equal((await client.request('initialize', {})).error.code, -32022);
  for (const method of ['ping', 'logging/setLevel', 'resources/subscribe', 'tasks/list']) {
    assert.equal((await client.ask(method)).error.code, -32601, method);
  }
});

test('D01 D10 what is denied is denied to a modern client too', async (t) => {
  const [w, client] = await modern(t);
  const deletes = { ...read, name: 'delete_customer_record' };
  const blocked = (await client.ask('tools/call', deletes)).result;
  assert.equal(blocked.isError, true);
  assert.equal(blocked.resultType, 'complete');
  assert.equal(code(blocked), 'blocked');
  assert.equal(code(await client.ask('prompts/get', { name: 'x' })), 'not_granted');
  assert.deepEqual((await client.ask('prompts/list')).result.prompts, []);
  assert.equal((await client.ask('tools/Call', read)).error.code, -32601);
  assert.equal(w.calls().length, 0);
});

test('D07 a question of a server is part of a result, and its answer is decided', async (t) => {
  const only = ', args: {answer.content.to: {email_domain: [myco.example]}}';
  for (const [to, passes] of [
    ['a@evil.example', false],
    ['a@myco.example', true],
  ]) {
    const [w, client] = await questioned(t, 'waits', asking(only));
    const leg = (await client.ask('tools/call', note)).result;
    assert.equal(leg.resultType, 'input_required');
    const [[key, form]] = Object.entries(leg.inputRequests);
    assert.equal(form.method, 'elicitation/create');
    assert.equal(form.params.message, 'tool server `crm` asks: who is it for?');
    const retry = {
      ...note,
      requestState: leg.requestState,
      inputResponses: { [key]: { action: 'accept', content: { to } }, other: { action: 'accept' } },
    };
    const done = (await client.ask('tools/call', retry)).result;
    assert.equal(done.resultType, 'complete');
    assert.equal(JSON.stringify(w.seen()).includes(to), passes);
    assert.equal(JSON.stringify(done).includes(to), passes);
    assert.equal(w.calls().length, 1);
    const decided = records(w, '--tool', 'mcp:elicitation/create').filter(
      (record) => record.type === 'call.decided',
    );
    assert.deepEqual(
      decided.map((record) => [record.code, record.steps]),
      [[passes ? 'none' : 'constraint', 1]],
    );
    const own = records(w, '--tool', 'read_note');
    assert.deepEqual(
      own.filter((record) => record.type === 'call.decided').map((record) => record.steps),
      [1],
    );
  }
});

test('D07 an answer that is missing is asked for again', async (t) => {
  const [, client] = await questioned(t, 'waits', asking());
  const leg = (await client.ask('tools/call', note)).result;
  const again = (
    await client.ask('tools/call', { ...note, requestState: leg.requestState, inputResponses: {} })
  ).result;
  assert.equal(again.resultType, 'input_required');
  assert.deepEqual(again.inputRequests, leg.inputRequests);
  assert.notEqual(again.requestState, leg.requestState);
});

test('answers along with a first call are ignored, and the record says so', async (t) => {
  const [w, client] = await modern(t);
  const inputResponses = { q1: { action: 'accept', content: { approve: true } } };
  for (const count of [1, 2]) {
    const { result } = await client.ask('tools/call', { ...read, inputResponses });
    assert.equal(result.isError, undefined);
    assert.equal(w.calls().length, count, 'once it is over, it is a first one again');
  }
  assert.deepEqual(w.calls()[0].params.arguments, read.arguments);
  assert.ok(!JSON.stringify(w.seen()).includes('q1'), 'nothing of them was sent');
  const [decided] = records(w).filter((record) => record.type === 'call.decided');
  assert.match(decided.note, /not forwarded: `inputResponses`/);
});

test('a question that no client comes back for keeps no other from being asked', async (t) => {
  const [w, client] = await questioned(t, 'waits', asking());
  const asked = async (id) =>
    (await client.ask('tools/call', { name: 'read_note', arguments: { id } })).result;
  const answered = async (id, { requestState, inputRequests }) => {
    const [key] = Object.keys(inputRequests);
    const inputResponses = { [key]: { action: 'accept', content: { to: `for ${id}` } } };
    const retry = { name: 'read_note', arguments: { id }, requestState, inputResponses };
    return (await client.ask('tools/call', retry)).result;
  };
  const legs = [];
  for (const id of ['a', 'b', 'c', 'd']) legs.push([id, await asked(id)]);
  for (const [, leg] of legs) assert.equal(leg.resultType, 'input_required');
  assert.equal(new Set(legs.map(([, leg]) => leg.requestState)).size, 4);
  // In another order, and the first by no client. Each answer reaches the question of its own call.
  for (const [id, leg] of [legs[3], legs[1], legs[2]]) {
    const done = await answered(id, leg);
    assert.equal(done.resultType, 'complete');
    assert.match(done.content[0].text, new RegExp(`for ${id}`));
  }
  assert.equal((await asked('e')).resultType, 'input_required');
  assert.equal(w.calls().length, 5);
});

test('a method of the other era is none, whatever it is about', async (t) => {
  const [, client] = await modern(t);
  const extensions = { 'io.modelcontextprotocol/tasks': {} };
  const meta = { 'io.modelcontextprotocol/clientCapabilities': { extensions } };
  for (const about of [{}, meta]) {
    const { error } = await client.ask('tasks/result', { taskId: 'none' }, about);
    assert.equal(error.code, -32601);
  }
  assert.equal((await client.ask('tasks/get', { taskId: 'none' }, meta)).error.code, -32602);
});

test('an answer that lost its state does not make a second question of the call', async (t) => {
  const [w, client] = await questioned(t, 'waits', asking());
  const leg = (await client.ask('tools/call', note)).result;
  const [key] = Object.keys(leg.inputRequests);
  const inputResponses = { [key]: { action: 'accept', content: { to: 'x' } } };
  const lost = await client.ask('tools/call', { ...note, inputResponses });
  assert.equal(lost.error.code, -32602);
  assert.match(lost.error.message, /without a `requestState`.*nothing was asked again/s);
  assert.equal(w.calls().length, 1, 'the server was not called again');
  const { requestState } = leg;
  const done = (await client.ask('tools/call', { ...note, requestState, inputResponses })).result;
  assert.equal(done.resultType, 'complete');
  assert.equal(w.calls().length, 1);
});

test('R07 a `requestState` serves once, unchanged, for its own request', async (t) => {
  const [w, client] = await questioned(t, 'waits', asking());
  const leg = (await client.ask('tools/call', note)).result;
  const { requestState } = leg;
  const responses = Object.fromEntries(
    Object.keys(leg.inputRequests).map((key) => [key, { action: 'accept', content: { to: 'x' } }]),
  );
  const retry = { ...note, requestState, inputResponses: responses };
  for (const wrong of [
    { ...retry, requestState: requestState.slice(0, -1) },
    { ...retry, requestState: requestState.replace(/.$/, (c) => (c === '0' ? '1' : '0')) },
    { ...retry, requestState: 'theirs' },
    { ...retry, requestState: 7 },
    { ...retry, arguments: { id: 'other' } },
    { ...retry, name: 'read_again' },
  ]) {
    const { error } = await client.ask('tools/call', wrong);
    assert.equal(error?.code, -32602, JSON.stringify(wrong));
    assert.equal(error.data.code, 'ambiguous_request');
  }
  assert.equal((await client.ask('tools/list', { requestState })).error.code, -32602);
  assert.equal((await client.ask('tools/call', retry)).result.resultType, 'complete');
  assert.equal((await client.ask('tools/call', retry)).error.code, -32602);
  const [other, second] = await questioned(t, 'waits', asking());
  assert.equal((await second.ask('tools/call', retry)).error.code, -32602);
  assert.equal(w.calls().length, 1);
  assert.equal(other.calls().length, 0);
});

test('a client that cannot be asked is not asked', async (t) => {
  const [w, client] = await questioned(t, 'waits', asking(), {});
  const done = (await client.ask('tools/call', note)).result;
  assert.equal(done.resultType, 'complete');
  assert.ok(w.seen().some((line) => line.id === 'f1' && line.error));
});

test('S06 a server of the older era cannot write what only the newer one means', async (t) => {
  const [, client] = await questioned(t, 'forges', asking());
  const done = (await client.ask('tools/call', note)).result;
  assert.equal(done.resultType, 'complete');
  assert.equal(done.requestState, undefined);
});

test('changes of lists come by subscription, tagged, and only then', async (t) => {
  const [, client] = await questioned(t, 'changes', asking());
  const changed = () =>
    client.heard.filter((line) => line.method === 'notifications/tools/list_changed');
  client.ask('tools/call', note, {}, 'one').catch(() => {});
  await client.answer('one');
  await sleep(300);
  assert.equal(changed().length, 0);
  const notifications = {
    toolsListChanged: true,
    promptsListChanged: true,
    resourceSubscriptions: ['x:'],
  };
  client.ask('subscriptions/listen', { notifications }, {}, 'listen:0').catch(() => {});
  const told = await until(() =>
    client.heard.find((line) => line.method === 'notifications/subscriptions/acknowledged'),
  );
  assert.deepEqual(told.params.notifications, { toolsListChanged: true });
  assert.equal(told.params._meta[subscription], 'listen:0');
  await client.ask('tools/call', note);
  const first = await until(() => changed()[0]);
  assert.equal(first.params._meta[subscription], 'listen:0');
  const params = { requestId: 'listen:0' };
  client.line(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params }));
  await client.ask('tools/list');
  await sleep(1500);
  const before = changed().length;
  await client.ask('tools/call', note);
  await sleep(1500);
  assert.equal(changed().length, before);
  assert.equal(client.heard.filter((line) => line.id === 'listen:0').length, 0);
});

test('a held call is answered with legs, and each of them is the same step', async () => {
  const { w, client, leg } = await waits;
  assert.equal(leg.result.resultType, 'input_required');
  assert.equal(leg.result.inputRequests, undefined);
  const question = await w.question();
  const retry = { ...mail, requestState: leg.result.requestState };
  const wrong = { ...retry, arguments: { to: 'b@myco.example', body: 'x' } };
  assert.equal((await client.ask('tools/call', wrong)).error.code, -32602);
  const rest = client.askFor(90_000, 'tools/call', retry);
  await sleep(300);
  assert.equal(w.calls('send_customer_email').length, 0);
  assert.equal(w.approve(question.approval).status, 0);
  assert.equal((await rest).result.isError, undefined);
  assert.equal(w.calls('send_customer_email').length, 1);
  assert.equal((await client.ask('tools/call', retry)).error.code, -32602);
  const steps = records(w, '--tool', 'send_customer_email')
    .filter((record) => record.type === 'call.decided')
    .map((record) => record.steps ?? 0);
  assert.equal(steps.reduce((sum, step) => sum + step, 0), 1, JSON.stringify(steps));
});
