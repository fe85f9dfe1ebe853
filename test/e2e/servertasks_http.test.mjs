// Tasks that tool servers make of their calls, for clients of `pawl serve`: of a server that is a
// program, and of one over HTTP. What the tasks are is in servertasks.test.mjs.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { text, until } from './endpoint.mjs';
import { serve } from './over_http.mjs';
import { Served, read } from './served.mjs';
import { code, sleep } from './world.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const tasking = path.join(here, 'tasking.mjs');
const extensions = { 'io.modelcontextprotocol/tasks': {} };
const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: "read_*", class: read_only}
    - {name: write_stubborn, class: reversible small}
    - {name: "mcp:elicitation/create", class: read_only}
accept_risk:
  - {rule: "tools/mcp:elicitation/create/class", reason: t, owner: t@example, until: 2030-01-01}
`;

async function world(t, where, era) {
  const w = new Served(policy);
  t.after(() => w.end());
  const command = [process.execPath, tasking, w.record, era];
  const far = where === 'over HTTP' && (await serve(t, path.join(here, 'piped.mjs'), command));
  await w.begin(far ? { server: `url: "${far.url}"` } : { command });
  assert.ok(w.origin, w.log);
  const capabilities = { extensions, elicitation: { form: {} } };
  w.say = async (method, params) => {
    const headers = params.taskId ? { 'mcp-name': params.taskId } : {};
    const answer = await read(await w.ask(method, params, { capabilities, headers }));
    const { result, error } = answer.at(-1);
    return result ?? error;
  };
  w.start = (name) => w.say('tools/call', { name, arguments: {} });
  w.over = async (taskId) => {
    for (;;) {
      const task = await w.say('tasks/get', { taskId });
      if (task.status !== 'working') return task;
      await sleep(20);
    }
  };
  w.ends = () => {
    const lines = w.pawl('audit', 'query', '--json').out.split('\n').filter(Boolean);
    const all = lines.map((line) => JSON.parse(line));
    return all.filter((one) => one.type === 'call.ended' && one.outcome).map((one) => one.outcome);
  };
  return w;
}

for (const where of ['a program', 'over HTTP']) {
  for (const era of ['older', 'modern']) {
    test(`a task ends, fails, asks and is cancelled: ${where}, of the ${era} era`, async (t) => {
      const w = await world(t, where, era);
      const made = await w.start('read_failed');
      assert.deepEqual([made.resultType, made.status], ['task', 'working'], JSON.stringify(made));
      assert.match(made.taskId, /^[0-9a-f]{32}$/);
      assert.equal((await w.over(made.taskId)).status, 'failed');
      // Of the older era it is a task only for a client that asks for one, and pawl does not.
      const soon = await w.start('read_soon');
      const done = era === 'older' ? { result: soon } : await w.over(soon.taskId);
      assert.equal(text(done.result), era === 'older' ? 'at once' : 'soon enough');

      const asked = await w.over((await w.start('read_asked')).taskId);
      assert.equal(asked.status, 'input_required');
      const [[key, question]] = Object.entries(asked.inputRequests);
      assert.match(question.params.message, /tool server `crm` asks: who\?/);
      const inputResponses = { [key]: { action: 'accept', content: { to: 'ada' } } };
      await w.say('tasks/update', { taskId: asked.taskId, inputResponses });
      assert.equal(text((await w.over(asked.taskId)).result), 'for ada');

      const long = await w.start('read_long');
      // Another agent's session, or a client that invents an id, has no such task.
      assert.equal((await w.say('tasks/get', { taskId: '0'.repeat(32) })).code, -32602);
      assert.equal((await w.say('tasks/get', { taskId: 'theirs-1' })).code, -32602);
      await w.say('tasks/cancel', { taskId: long.taskId });
      assert.equal((await w.over(long.taskId)).status, 'cancelled');
      assert.equal(w.seen('tasks/cancel').length, 1);
      await until(() => w.ends().filter((one) => one === 'cancelled').length === 1);
    });

    test(`a kill cancels a task at its server: ${where}, of the ${era} era`, async (t) => {
      const w = await world(t, where, era);
      const [long, stubborn] = [await w.start('read_long'), await w.start('write_stubborn')];
      await until(() => w.seen(era === 'older' ? 'tasks/result' : 'tasks/get').length > 0);
      assert.equal((await w.later('kill', 'all', '--reason', 'drill')).status, 0);
      for (const { taskId } of [long, stubborn]) {
        const over = await w.over(taskId);
        assert.equal(code(over.result), 'killed', JSON.stringify(over));
      }
      assert.equal(w.seen('tasks/cancel').length, 2);
      await until(() => w.ends().sort().join() === 'cancelled,indeterminate');
    });
  }
}
