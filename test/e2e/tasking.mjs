// A tool server that makes tasks of its calls: plain Node, of ERA `older` (2025-11-25) or `modern`
// (2026-07-28). What it receives is appended to RECORD. Its tools: `read_soon` ends by itself,
// `read_long` when it is cancelled, `write_stubborn` never, `read_asked` asks who, `read_failed`
// fails; `read_tardy` takes its time to say that it is cancelled, `read_over` that it was over by
// then; `read_late` is as `read_long`, and it is said late that it is a task.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [record, era] = process.argv.slice(2);
const modern = era === 'modern';
const line = (message) => JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n';
const say = (message) => process.stdout.write(line(message));
const text = (said) => ({ content: [{ type: 'text', text: said }] });
const names = ['read_soon', 'read_long', 'write_stubborn', 'read_asked', 'read_failed'];
names.push('read_late', 'read_tardy', 'read_over');
const tardy_ms = 3000;
const tools = names.map((name) => ({
  name,
  inputSchema: { type: 'object', properties: {} },
  ...(modern ? {} : { execution: { taskSupport: name === 'read_soon' ? 'optional' : 'required' } }),
}));
const tasks = new Map();
let next = 1;
const requestedSchema = { type: 'object', properties: { to: { type: 'string' } } };
const question = { message: 'who?', requestedSchema };
const ended = (task) => !['working', 'input_required'].includes(task.status);

function end(task, status, result) {
  if (ended(task)) return;
  Object.assign(task, { status, result });
  for (const id of task.waiting.splice(0)) answer_result(id, task);
}
const status = (task) => ({
  taskId: task.id,
  status: task.status,
  createdAt: '2026-11-23T06:00:00Z',
  lastUpdatedAt: '2026-11-23T06:00:00Z',
  ...(modern ? { ttlMs: 60_000, pollIntervalMs: 100 } : { ttl: 60_000, pollInterval: 100 }),
});
function full(task) {
  const out = { resultType: 'complete', ...status(task) };
  if (task.status === 'completed') out.result = { resultType: 'complete', ...task.result };
  if (task.status === 'failed') out.error = { code: -32603, message: 'it broke' };
  if (task.status === 'input_required')
    out.inputRequests = { who: { method: 'elicitation/create', params: question } };
  return out;
}
function answer_result(id, task) {
  if (task.status === 'failed') return say({ id, error: { code: -32603, message: 'it broke' } });
  if (task.status === 'cancelled') return say({ id, error: { code: -32602, message: 'cancelled' } });
  const _meta = { 'io.modelcontextprotocol/related-task': { taskId: task.id } };
  say({ id, result: { ...task.result, _meta } });
}
function make(id, name) {
  const task = { id: `theirs-${next++}`, name, status: 'working', waiting: [] };
  tasks.set(task.id, task);
  const result = modern ? { resultType: 'task', ...status(task) } : { task: status(task) };
  setTimeout(() => say({ id, result }), name === 'read_late' ? 400 : 0);
  if (name === 'read_soon') setTimeout(() => end(task, 'completed', text('soon enough')), 300);
  if (name === 'read_failed') setTimeout(() => end(task, 'failed'), 200);
  if (name === 'read_asked') task.status = 'input_required';
}
function about(id, method, task, params) {
  if (!task) return say({ id, error: { code: -32602, message: 'no such task' } });
  if (method === 'tasks/cancel') {
    if (task.name === 'write_stubborn') return say({ id, error: { code: -32603, message: 'no' } });
    const late = ['read_tardy', 'read_over'].includes(task.name);
    setTimeout(() => {
      task.name === 'read_over' ? end(task, 'completed', text('too late')) : end(task, 'cancelled');
      say({ id, result: modern ? full(task) : status(task) });
    }, late ? tardy_ms : 0);
    return;
  }
  if (method === 'tasks/update') {
    end(task, 'completed', text(`for ${params.inputResponses.who.content?.to ?? 'nobody'}`));
    return say({ id, result: { resultType: 'complete' } });
  }
  if (method === 'tasks/get') return say({ id, result: modern ? full(task) : status(task) });
  if (ended(task)) return answer_result(id, task);
  task.waiting.push(id);
  if (task.status !== 'input_required' || task.asked) return;
  task.asked = `asked-${task.id}`;
  const _meta = { 'io.modelcontextprotocol/related-task': { taskId: task.id } };
  say({ id: task.asked, method: 'elicitation/create', params: { ...question, _meta } });
}

createInterface({ input: process.stdin }).on('line', (received) => {
  appendFileSync(record, received + '\n');
  const { id, method, params, result } = JSON.parse(received);
  if (method === undefined) {
    const task = [...tasks.values()].find((one) => one.asked === id);
    return task && end(task, 'completed', text(`for ${result?.content?.to ?? 'nobody'}`));
  }
  if (id === undefined) return;
  const serverInfo = { name: 'tasking', version: '1' };
  const extensions = { 'io.modelcontextprotocol/tasks': {} };
  if (modern && method === 'server/discover') {
    const capabilities = { tools: {}, extensions };
    const more = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };
    return say({ id, result: { ...more, supportedVersions: ['2026-07-28'], capabilities } });
  }
  if (!modern && method === 'initialize') {
    const tasking = { cancel: {}, requests: { tools: { call: {} } } };
    const capabilities = { tools: {}, tasks: tasking };
    return say({ id, result: { protocolVersion: '2025-11-25', capabilities, serverInfo } });
  }
  if (method === 'tools/list') {
    return say({ id, result: { ...(modern ? { resultType: 'complete' } : {}), tools } });
  }
  if (method?.startsWith('tasks/')) return about(id, method, tasks.get(params.taskId), params);
  if (method !== 'tools/call') {
    return say({ id, error: { code: -32601, message: 'method not found' } });
  }
  const caps = params._meta?.['io.modelcontextprotocol/clientCapabilities'];
  const asks = modern ? caps?.extensions?.['io.modelcontextprotocol/tasks'] : params.task;
  if (!asks && (modern || params.name !== 'read_soon')) {
    return say({ id, error: { code: modern ? -32021 : -32601, message: 'only as a task' } });
  }
  asks ? make(id, params.name) : say({ id, result: text('at once') });
});
