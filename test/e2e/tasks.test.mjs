// Held calls as tasks, for modern clients that declare the extension: answered at once, asked for
// until a person has decided, and executed only while a client asks. Ids as in
// docs/reference/cases.md.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, begin, text, until } from './endpoint.mjs';
import { code } from './world.mjs';

const extension = 'io.modelcontextprotocol/tasks';
const capabilities = { extensions: { [extension]: {} } };
const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - name: ["crm/log", "crm/wait", "crm/ask", "bank/log"]
      class: irreversible small
      approval: {by: [leads]}
    - {name: "crm/read", class: read_only}
    - {name: "mcp:elicitation/create", class: read_only}
accept_risk:
  - {rule: "tools/mcp:elicitation/create/class", reason: t, owner: t@example, until: 2030-01-01}
`;
const one = { crm: '' };

async function held(t, { modes = one, tool = 'log', ...options } = {}) {
  const [w, client] = await begin(t, modes, { policy, modern: true, capabilities, ...options });
  w.enrol();
  const params = { name: tool, arguments: {} };
  const task = (await client.ask('tools/call', params)).result;
  return [w, client, task];
}
const ask = async (client, method, taskId) => {
  const answer = await client.ask(method, { taskId });
  return answer.result ?? answer.error;
};
const over = async (client, taskId) => {
  for (;;) {
    const task = await ask(client, 'tasks/get', taskId);
    if (task.status !== 'working') return task;
  }
};

test('a held call is a task, and runs when it was approved and is asked for', async (t) => {
  const [w, client, task] = await held(t);
  assert.equal(task.resultType, 'task');
  assert.equal(task.status, 'working');
  assert.match(task.taskId, /^[0-9a-f]{32}$/);
  assert.match(task.statusMessage, /waiting for a person: approval a-/);
  assert.ok(!Number.isNaN(Date.parse(task.createdAt)) && task.ttlMs > 0 && task.pollIntervalMs > 0);
  const id = (await w.question()).approval;
  const waiting = await ask(client, 'tasks/get', task.taskId);
  assert.deepEqual([waiting.resultType, waiting.status], ['complete', 'working']);
  assert.equal(w.approve(id).status, 0);
  // H04: approved, and no client asks.
  assert.equal(w.calls().length, 0);
  const done = await over(client, task.taskId);
  assert.equal(done.status, 'completed');
  assert.deepEqual([done.result.resultType, text(done.result)], ['complete', 'logged']);
  assert.equal(text((await over(client, task.taskId)).result), 'logged');
  assert.equal(w.calls().length, 1);
});

test('a task that is rejected completes with the refusal', async (t) => {
  const [w, client, task] = await held(t);
  const id = (await w.question()).approval;
  assert.equal(w.pawl('approvals', 'deny', id, '--as', 'ada', '--reason', 'not today').status, 0);
  const done = await over(client, task.taskId);
  assert.equal(done.status, 'completed');
  assert.equal(code(done.result), 'approval_rejected');
  assert.equal(w.calls().length, 0);
});

test('H04 a task that was cancelled runs nothing, whatever a person says later', async (t) => {
  const [w, client, task] = await held(t);
  const id = (await w.question()).approval;
  assert.deepEqual(await ask(client, 'tasks/cancel', task.taskId), { resultType: 'complete' });
  w.approve(id);
  assert.equal((await ask(client, 'tasks/get', task.taskId)).status, 'cancelled');
  assert.equal(w.calls().length, 0);
});

test('a task that goes on is cancelled at its server, by its client and by a kill', async (t) => {
  const [w, client, task] = await held(t, { tool: 'wait' });
  w.approve((await w.question()).approval);
  await until(() => {
    client.ask('tasks/get', { taskId: task.taskId }).catch(() => {});
    return w.calls('wait').length === 1;
  });
  const running = await ask(client, 'tasks/get', task.taskId);
  assert.deepEqual([running.status, running.statusMessage], ['working', 'the call goes on']);
  await ask(client, 'tasks/cancel', task.taskId);
  await until(() => at(w, 'crm', 'notifications/cancelled').length === 1);
  assert.notEqual((await over(client, task.taskId)).status, 'completed');
  // Another one, and the switch.
  const second = (await client.ask('tools/call', { name: 'wait', arguments: { id: '2' } })).result;
  w.approve((await w.question()).approval);
  await until(() => {
    client.ask('tasks/get', { taskId: second.taskId }).catch(() => {});
    return w.calls('wait').length === 2;
  });
  assert.equal(w.pawl('kill', 'all', '--reason', 'drill').status, 0);
  await until(() => at(w, 'crm', 'notifications/cancelled').length >= 2);
});

test('within a task no one is asked', async (t) => {
  const elicit = { ...capabilities, elicitation: { form: {} } };
  const [w, client, task] = await held(t, { tool: 'ask', capabilities: elicit });
  w.approve((await w.question()).approval);
  const done = await over(client, task.taskId);
  assert.match(text(done.result), /crm heard method not found/);
});

test('R07 a task that no client has, or that its client may not know, is refused', async (t) => {
  const [w, client, task] = await held(t);
  const wrong = await ask(client, 'tasks/get', '0'.repeat(32));
  assert.equal(wrong.code, -32602);
  assert.ok(w.pawl('audit', 'query', '--json').out.includes('there is no such task'));
  const update = { taskId: task.taskId, inputResponses: {} };
  assert.equal((await client.ask('tasks/update', update)).error.code, -32602);
  client.capabilities = {};
  const undeclared = await ask(client, 'tasks/get', task.taskId);
  assert.equal(undeclared.code, -32021);
  assert.ok(undeclared.data.requiredCapabilities.extensions[extension]);
  // A client that does not declare it waits as before, and what is granted is not a task.
  const read = (await client.ask('tools/call', { name: 'read', arguments: {} })).result;
  assert.equal(read.resultType, 'complete');
  client.capabilities = capabilities;
  const free = (await client.ask('tools/call', { name: 'read', arguments: {} })).result;
  assert.equal(free.resultType, 'complete');
  const found = (await client.ask('server/discover')).result;
  assert.deepEqual(found.capabilities.extensions, { [extension]: {} });
});

test('behind one endpoint a task is asked for where it is', async (t) => {
  const modes = { crm: '', bank: '' };
  const [w, client, task] = await held(t, { modes, tool: 'bank/log' });
  assert.match(task.taskId, /^bank\/[0-9a-f]{32}$/);
  const found = (await client.ask('server/discover')).result;
  assert.deepEqual(found.capabilities.extensions, { [extension]: {} });
  const elsewhere = task.taskId.replace('bank/', 'crm/');
  assert.equal((await ask(client, 'tasks/get', elsewhere)).code, -32602);
  assert.equal((await ask(client, 'tasks/get', task.taskId)).taskId, task.taskId);
  w.approve((await w.question()).approval);
  const done = await over(client, task.taskId);
  assert.deepEqual([done.status, done.taskId], ['completed', task.taskId]);
  assert.equal(text(done.result), 'logged');
  assert.equal(at(w, 'crm', 'tools/call').length, 0);
});
