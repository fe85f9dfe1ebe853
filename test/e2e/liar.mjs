// A tool server that says what it is told to. Before it answers it reads SCRIPT, `{say, answer}`:
// before the answer of a call, a result or an error, it sends those messages as they stand, with
// the call's progress token for TOKEN; `late` messages follow the answer. With `until` it waits for
// that file first, with `holds` for that file between those messages and the answer.
// `lists` answers its lists of tools one after the other, the last of them from then on, `list` all
// of them; `answers` has the answers of other methods, `refused` their error, `hello` what it says
// of itself. An answer that is a text is the whole message, with ID in it for the id. MODE `modern`
// speaks the stateless revision. With PORT it serves over HTTP, and its first line is its port.
// Every message that it receives is appended to RECORD with its name. Plain Node.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const [record, name, mode = ''] = process.argv.slice(2);
const whole = (message, id, token) => {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  return text
    .replaceAll('"TOKEN"', JSON.stringify(token ?? null))
    .replaceAll('"ID"', JSON.stringify(id ?? null))
    .replace(/^\{(?!"jsonrpc")/, '{"jsonrpc":"2.0",');
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
let listed = 0;

// What it answers to opening it, in its era; nothing to anything else.
function opening(method, params, hello) {
  if (method !== 'initialize' && method !== 'server/discover') return undefined;
  if ((method === 'initialize') === (mode === 'modern'))
    return { error: { code: -32601, message: 'method not found' } };
  if (typeof hello === 'string') return hello;
  const own =
    mode === 'modern'
      ? {
          supportedVersions: ['2026-07-28'],
          _meta: { 'io.modelcontextprotocol/serverInfo': serverInfo },
        }
      : { protocolVersion: params.protocolVersion, serverInfo };
  return { result: { ...own, capabilities, ...hello } };
}

async function hear(line, out) {
  const { id, method, params } = JSON.parse(line);
  appendFileSync(record, JSON.stringify({ server: name, ...JSON.parse(line) }) + '\n');
  if (method === undefined || id === undefined) return;
  const token = params?._meta?.progressToken;
  const write = (message) => out(whole(message, id, token));
  const give = (answer) => {
    if (typeof answer === 'string') return write(answer);
    const { result, ...more } = answer;
    const made = mode === 'modern' ? { resultType: 'complete', ...result } : result;
    return write({ id, ...(result ? { result: made } : {}), ...more });
  };
  const { say = [], late = [], list, lists, answers = {}, hello, ...others } = script();
  const { refused, until, holds, ...told } = others;
  const opened = opening(method, params, hello);
  if (opened) return give(opened);
  // As long as a client listens.
  if (method === 'subscriptions/listen') return new Promise(() => {});
  if (method === 'tools/list' && params?.cursor && !answers[method])
    return give({ result: { tools: [] } });
  if (method === 'tools/list') {
    const next = lists?.[Math.min(listed++, lists.length - 1)];
    return give(answers[method] ?? next ?? list ?? { result: { tools } });
  }
  if (method !== 'tools/call')
    return give(answers[method] ?? (refused ? { error: refused } : { result: {} }));
  const comes = async (file) => {
    while (file && !existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  await comes(until);
  for (const message of say) write(message);
  await comes(holds);
  const { answer = {} } = told;
  const done = { content: [{ type: 'text', text: 'done' }] };
  if (typeof answer === 'string' || answer.error) give(answer);
  else give({ result: { ...done, ...answer.result } });
  for (const message of late) write(message);
}

if (process.env.PORT === undefined) {
  createInterface({ input: process.stdin }).on('line', (line) =>
    hear(line, (message) => process.stdout.write(message + '\n')),
  );
} else {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (bytes) => (body += bytes));
    request.on('end', async () => {
      if (request.method !== 'POST') return response.writeHead(405).end();
      const asks = JSON.parse(body).id !== undefined && JSON.parse(body).method !== undefined;
      if (asks) response.writeHead(200, { 'content-type': 'text/event-stream' });
      await hear(body, (message) => response.write(`data: ${message}\n\n`));
      return asks ? response.end() : response.writeHead(202).end();
    });
  });
  server.listen(Number(process.env.PORT), '127.0.0.1', () => {
    process.stdout.write(`${server.address().port}\n`);
  });
}
