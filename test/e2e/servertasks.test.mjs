// Tasks that tool servers make of their calls, in both eras: the call is open as long as its task,
// in pawl's records too, whatever its client knows of tasks. Ids as in docs/reference/cases.md.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { text, until } from './endpoint.mjs';
import { Session, kits, program } from './twice.mjs';
import { World, code, pawl } from './world.mjs';

const tasking = path.join(path.dirname(fileURLToPath(import.meta.url)), 'tasking.mjs');
const extension = 'io.modelcontextprotocol/tasks';
const policy = (more = '') => `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: "read_*", class: read_only}
    - {name: [write_stubborn, simulate-research-query], class: reversible small}
    - {name: "mcp:elicitation/create", class: read_only}
accept_risk:
  - {rule: "tools/mcp:elicitation/create/class", reason: t, owner: t@example, until: 2030-01-01}
${more}`;

async function world(t, era, options = {}) {
  const w = new World(policy(options.more));
  t.after(() => w.end());
  w.enrol();
  const command = ['node', tasking, w.record, era];
  const capabilities = options.capabilities ?? { extensions: { [extension]: {} } };
  return [w, await w.client({ command, ...options, capabilities })];
}
const ends = (w, tool) => {
  const lines = w.pawl('audit', 'query', '--json').out.split('\n').filter(Boolean);
  const records = lines.map((line) => JSON.parse(line));
  const asked = records.filter((one) => one.type === 'call.decided' && one.tool === tool);
  const ids = asked.map((one) => one.call);
  return records.filter((one) => one.type === 'call.ended' && ids.includes(one.call));
};
const notes = (w, topic) => w.pawl('audit', 'query', '--json').out.includes(`"topic":"${topic}"`);
const about = async (client, method, taskId, more = {}) => {
  const answer = await client.ask(method, { taskId, ...more });
  return answer.result ?? answer.error;
};
const over = async (client, taskId) => {
  for (;;) {
    const task = await about(client, 'tasks/get', taskId);
    if (task.status !== 'working') return task;
  }
};

for (const era of ['older', 'modern']) {
  // A client of the other era.
  const modern = era === 'older';
  const whose = `a server of the ${era} era, a client of the ${modern ? 'modern' : 'older'} one`;
  test(`without tasks of its own a client waits for the end of one: ${whose}`, async (t) => {
    const [w, client] = await world(t, era, { modern, capabilities: {} });
    const call = async (name) => {
      const params = { name, arguments: {} };
      return modern ? client.ask('tools/call', params) : client.request('tools/call', params);
    };
    const soon = await call('read_soon');
    assert.equal(text(soon.result), era === 'older' ? 'at once' : 'soon enough');
    const failed = await call('read_failed');
    assert.match(failed.error.message, /it broke/);
    assert.deepEqual(ends(w, 'read_failed').map((one) => one.outcome), ['failed']);
  });

  test(`a task of a server (${era}) is one of pawl's, and its call ends with it`, async (t) => {
    const [w, client] = await world(t, era, { modern: true });
    const name = era === 'older' ? 'read_failed' : 'read_soon';
    const task = (await client.ask('tools/call', { name, arguments: {} })).result;
    assert.deepEqual([task.resultType, task.status], ['task', 'working']);
    assert.match(task.taskId, /^[0-9a-f]{32}$/);
    const done = await over(client, task.taskId);
    assert.equal(done.status, era === 'older' ? 'failed' : 'completed');
    if (era === 'modern') assert.equal(text(done.result), 'soon enough');
    assert.equal(ends(w, name).length, 1);
    // Theirs is for no other to name.
    assert.equal((await about(client, 'tasks/get', 'theirs-1')).code, -32602);
  });

  test(`its client cancels it at its server, which confirms (${era})`, async (t) => {
    const [w, client] = await world(t, era, { modern: true });
    const task = (await client.ask('tools/call', { name: 'read_long', arguments: {} })).result;
    // It is open in the journal as long as it is at its server.
    assert.equal(ends(w, 'read_long').length, 0);
    await about(client, 'tasks/cancel', task.taskId);
    assert.equal((await over(client, task.taskId)).status, 'cancelled');
    assert.equal(w.seen('tasks/cancel').length, 1);
    assert.equal(w.seen('notifications/cancelled').length, 0);
    assert.deepEqual(ends(w, 'read_long').map((one) => one.outcome), ['cancelled']);
    assert.ok(notes(w, 'task cancelled'));
  });

  test(`a server that takes its time to cancel it is waited for (${era})`, async (t) => {
    const [w, client] = await world(t, era, { modern: true });
    for (const [name, end] of [
      ['read_tardy', 'cancelled'],
      ['read_over', 'completed'],
    ]) {
      const task = (await client.ask('tools/call', { name, arguments: {} })).result;
      const begun = Date.now();
      const told = await about(client, 'tasks/cancel', task.taskId);
      assert.deepEqual([told.resultType, told.taskId], ['complete', undefined]);
      assert.ok(Date.now() - begun < 2500, 'its client does not wait for the server');
      const meanwhile = await about(client, 'tasks/get', task.taskId);
      assert.equal(meanwhile.status, 'working');
      assert.match(meanwhile.statusMessage, /cancelled; the tool server was told/);
      const done = await over(client, task.taskId);
      assert.equal(done.status, end);
      if (end === 'completed') assert.equal(text(done.result), 'too late');
      assert.deepEqual(ends(w, name).map((one) => one.outcome), [end]);
    }
    assert.ok(notes(w, 'task cancelled'));
    assert.ok(!notes(w, 'task not confirmed as cancelled'));
    assert.equal(w.seen('tasks/cancel').length, 2);
  });

  test(`a kill cancels it; where no server confirms, the record says so (${era})`, async (t) => {
    const [w, client] = await world(t, era, { modern: true });
    const task = (await client.ask('tools/call', { name: 'write_stubborn', arguments: {} })).result;
    await until(() => w.seen(era === 'older' ? 'tasks/result' : 'tasks/get').length > 0);
    assert.equal(w.pawl('kill', 'all', '--reason', 'drill').status, 0);
    const done = await over(client, task.taskId);
    assert.equal(done.status, 'completed');
    assert.equal(code(done.result), 'killed');
    assert.equal(w.seen('tasks/cancel').length, 1);
    assert.deepEqual(ends(w, 'write_stubborn').map((one) => one.outcome), ['indeterminate']);
    assert.ok(notes(w, 'task not confirmed as cancelled'));
  });

  test(`a kill cancels it that came before its server said that it is one (${era})`, async (t) => {
    const [w, client] = await world(t, era, { modern: true });
    const call = client.ask('tools/call', { name: 'read_late', arguments: {} });
    await until(() => w.seen('tools/call').length === 1);
    assert.equal(w.pawl('kill', 'all', '--reason', 'drill').status, 0);
    assert.ok(await call);
    await until(() => notes(w, 'task cancelled'));
    assert.equal(w.seen('tasks/cancel').length, 1);
    assert.deepEqual(ends(w, 'read_late').map((one) => one.outcome), ['cancelled']);
  });

  test(`what its server asks within a task is answered within it (${era})`, async (t) => {
    const capabilities = { elicitation: {}, extensions: { [extension]: {} } };
    const [w, client] = await world(t, era, { modern: true, capabilities });
    const call = { name: 'read_asked', arguments: {} };
    const task = (await client.ask('tools/call', call)).result;
    const asks = await over(client, task.taskId);
    assert.equal(asks.status, 'input_required');
    const [key] = Object.keys(asks.inputRequests);
    assert.match(asks.inputRequests[key].params.message, /who\?/);
    const inputResponses = { [key]: { action: 'accept', content: { to: 'ada' } } };
    await about(client, 'tasks/update', task.taskId, { inputResponses });
    const done = await over(client, task.taskId);
    assert.equal(text(done.result), 'for ada');
    assert.equal(ends(w, 'read_asked').length, 1);
  });
}

test('its client cancels it before its server said that it is one', async (t) => {
  const [w, client] = await world(t, 'older', { capabilities: { elicitation: {} } });
  const params = { name: 'read_late', arguments: {}, task: {} };
  const made = (await client.request('tools/call', params)).result.task;
  await until(() => w.seen('tools/call').length === 1);
  await client.request('tasks/cancel', { taskId: made.taskId });
  await until(() => notes(w, 'task cancelled'));
  assert.equal(w.seen('tasks/cancel').length, 1);
  assert.equal(w.seen('notifications/cancelled').length, 0);
  assert.deepEqual(ends(w, 'read_late').map((one) => one.outcome), ['cancelled']);
});

test('the end of the time of a run is the end of its tasks', async (t) => {
  const more = 'execution: {max_wall_clock_seconds: 1}\n';
  const [w, client] = await world(t, 'modern', { modern: true, more });
  const task = (await client.ask('tools/call', { name: 'read_long', arguments: {} })).result;
  await over(client, task.taskId);
  assert.equal(w.seen('tasks/cancel').length, 1);
  assert.ok(notes(w, 'task cancelled'));
});

test('R07 another session cannot ask for a task, nor for what it found', async (t) => {
  const [w, client] = await world(t, 'modern', { modern: true });
  const task = (await client.ask('tools/call', { name: 'read_long', arguments: {} })).result;
  const command = ['node', tasking, w.record, 'modern'];
  const capabilities = { extensions: { [extension]: {} } };
  const other = await w.client({ command, modern: true, capabilities });
  for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update']) {
    const answer = await about(other, method, task.taskId);
    assert.equal(answer.code, -32602, method);
  }
  assert.equal(w.seen('tasks/cancel').length, 0);
  assert.equal((await about(client, 'tasks/get', task.taskId)).status, 'working');
});

test('a client of the older era has tasks too, and reads their result once they are over', async (t) => {
  const [w, client] = await world(t, 'older', { capabilities: { elicitation: {} } });
  assert.ok(client.server.result.capabilities.tasks.requests.tools.call);
  const { tools } = (await client.request('tools/list', {})).result;
  assert.ok(tools.every((tool) => tool.execution.taskSupport !== undefined));
  const params = { name: 'read_soon', arguments: {}, task: { ttl: 60_000 } };
  const { task } = (await client.request('tools/call', params)).result;
  assert.deepEqual([task.status, typeof task.ttl], ['working', 'number']);
  const done = (await client.request('tasks/result', { taskId: task.taskId })).result;
  assert.equal(text(done), 'soon enough');
  assert.equal(done._meta['io.modelcontextprotocol/related-task'].taskId, task.taskId);
  const status = (await client.request('tasks/get', { taskId: task.taskId })).result;
  assert.deepEqual([status.status, status.taskId], ['completed', task.taskId]);
  const long = { name: 'read_long', arguments: {}, task: {} };
  const made = (await client.request('tools/call', long)).result.task;
  const result = client.request('tasks/result', { taskId: made.taskId });
  const cancelled = await client.request('tasks/cancel', { taskId: made.taskId });
  assert.equal(cancelled.result.status, 'cancelled');
  assert.ok((await result).error);
  await until(() => w.seen('tasks/cancel').length === 1);
  const twice = await client.request('tasks/cancel', { taskId: made.taskId });
  assert.equal(twice.error.code, -32602);
});

test('of the older era a task is cancelled at once for its client', async (t) => {
  const [w, client] = await world(t, 'older', { capabilities: { elicitation: {} } });
  for (const [name, end] of [
    ['read_tardy', 'cancelled'],
    ['read_over', 'completed'],
  ]) {
    const params = { name, arguments: {}, task: {} };
    const { taskId } = (await client.request('tools/call', params)).result.task;
    const theirs = (method) => w.seen(method).filter((one) => one.params.taskId === taskId);
    assert.deepEqual(theirs('tasks/result'), [], 'its id is pawl’s');
    await until(() => w.seen('tasks/result').length === (name === 'read_tardy' ? 1 : 2));
    const told = (await client.request('tasks/cancel', { taskId })).result;
    assert.equal(told.status, 'cancelled');
    assert.match(told.statusMessage, /the tool server was told/);
    assert.match((await client.request('tasks/result', { taskId })).error.message, /was cancelled/);
    await until(() => ends(w, name).length === 1);
    assert.deepEqual(ends(w, name).map((one) => one.outcome), [end]);
    const after = (await client.request('tasks/get', { taskId })).result;
    assert.deepEqual([after.status, after.statusMessage], ['cancelled', undefined]);
  }
});

test('the task tool of the reference server from npm, through the client of the SDK', async (t) => {
  const w = new World(policy());
  t.after(() => w.end());
  const session = new Session(kits[0], {});
  t.after(() => session.close());
  const server = ['node', program('server-everything'), 'stdio'];
  const through = ['mcp', '--policy', w.policy, '--state-dir', w.state, '--', ...server];
  await session.open(pawl, through, w.env);
  const { client } = session;
  await client.listTools();
  const call = { name: 'simulate-research-query', arguments: { topic: 'gates' } };
  const seen = [];
  for await (const message of client.experimental.tasks.callToolStream(call)) {
    seen.push(message.type);
    if (message.type === 'result') assert.match(text(message.result), /gates/);
  }
  assert.equal(seen[0], 'taskCreated');
  assert.equal(seen.at(-1), 'result');
  assert.deepEqual(ends(w, 'simulate-research-query').map((one) => one.outcome), [
    'completed',
  ]);
});
