// A tool server that says what it is told to. Before it answers a call it reads SCRIPT, `{say,
// answer}`: it sends those messages as they stand, TOKEN in them being the call's progress token,
// and then the answer, a result or an error; `late` messages follow the answer. With `until` it waits
// for that file first; `list` answers lists, and `refused` is the error of other requests. MODE `modern`
// speaks the stateless revision. Every line that it receives is
// appended to RECORD with its name. Plain Node.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [record, name, mode = ''] = process.argv.slice(2);
const write = (message, token) => {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  const whole = text.replaceAll('"TOKEN"', JSON.stringify(token ?? null));
  process.stdout.write(whole.replace(/^\{(?!"jsonrpc")/, '{"jsonrpc":"2.0",') + '\n');
};
const script = () => {
  const file = `${record}.${name}`;
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
};
const text = { type: 'string' };
const tools = ['read_row', 'read_plain'].map((tool) => ({
  name: tool,
  inputSchema: { type: 'object', properties: { id: text } },
}));
const capabilities = {
  tools: { listChanged: true },
  resources: { subscribe: true },
  prompts: {},
  logging: {},
  completions: {},
};
const serverInfo = { name, version: '1' };
const result = (id, value) =>
  write({ id, result: mode === 'modern' ? { resultType: 'complete', ...value } : value });

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, method, params } = JSON.parse(line);
  appendFileSync(record, JSON.stringify({ server: name, ...JSON.parse(line) }) + '\n');
  if (method === undefined || id === undefined) return;
  if (method === 'server/discover' && mode === 'modern')
    return result(id, {
      supportedVersions: ['2026-07-28'],
      capabilities,
      _meta: { 'io.modelcontextprotocol/serverInfo': serverInfo },
    });
  if (method === 'initialize' && mode !== 'modern')
    return result(id, { protocolVersion: params.protocolVersion, capabilities, serverInfo });
  if (method === 'initialize' || method === 'server/discover')
    return write({ id, error: { code: -32601, message: 'method not found' } });
  const { say = [], answer = {}, late = [], list, refused, until } = script();
  if (method === 'tools/list') {
    if (params?.cursor) return result(id, { tools: [] });
    return write({ id, ...(list ?? { result: { tools } }) });
  }
  if (method !== 'tools/call') return refused ? write({ id, error: refused }) : result(id, {});
  while (until && !existsSync(until)) await new Promise((resolve) => setTimeout(resolve, 10));
  for (const message of say) write(message, params._meta?.progressToken);
  if (answer.error) write({ id, error: answer.error });
  else result(id, { content: [{ type: 'text', text: 'done' }], ...answer.result });
  for (const message of late) write(message, params._meta?.progressToken);
});
