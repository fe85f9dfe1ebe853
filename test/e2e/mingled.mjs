// A tool server whose calls are on their way at the same time: plain Node, over pipes, or over HTTP
// of the older era where its second argument is `http`. It says the words of a call in everything
// that belongs to it: progress, the question, the result. What it receives is appended to RECORD
// with the place where it was: a process, or a session over HTTP.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const [record, way] = process.argv.slice(2);
const whole = (message) => JSON.stringify({ jsonrpc: '2.0', ...message });
const soon = () => new Promise((resolve) => setTimeout(resolve, 1 + 12 * Math.random()));
const inputSchema = { type: 'object', properties: { words: { type: 'string' } } };
const tools = ['read_back', 'read_who', 'wait'].map((name) => ({ name, inputSchema }));
const requestedSchema = { type: 'object', properties: { to: { type: 'string' } } };
// The calls that wait for an answer, by the place and the number of their question.
const asking = new Map();
let asked = 0;

async function call(place, { id, params }, say) {
  const { words } = params.arguments;
  const progressToken = params._meta?.progressToken;
  const step = async (progress) => {
    await soon();
    const told = { progressToken, progress, message: words };
    say(whole({ method: 'notifications/progress', params: told }));
  };
  const done = (text) =>
    say(whole({ id, result: { content: [{ type: 'text', text }] } }), true);
  await step(1);
  if (params.name === 'wait') return;
  await step(2);
  if (params.name === 'read_back') return done(words);
  const question = ++asked;
  asking.set(`${place} ${question}`, (to) => done(`${words} for ${to}`));
  const message = { message: `${words}?`, requestedSchema };
  say(whole({ id: question, method: 'elicitation/create', params: message }));
}

// `say(text, last)`; true: the answer comes later, by `say`.
function take(place, message, say) {
  appendFileSync(record, JSON.stringify({ place, ...message }) + '\n');
  const { id, method, params, result, error } = message;
  if (method === undefined) {
    asking.get(`${place} ${id}`)?.(result?.content?.to ?? error?.message ?? result?.action);
    return false;
  }
  if (id === undefined) return false;
  if (method === 'tools/call') {
    call(place, message, say);
    return true;
  }
  const hello = {
    protocolVersion: params?.protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'mingled', version: '1' },
  };
  const known = { initialize: hello, 'tools/list': { tools } }[method];
  const no = { error: { code: -32601, message: 'no such method' } };
  say(whole({ id, ...(known ? { result: known } : no) }), true);
  return true;
}

function serve(request, response) {
  if (request.method !== 'POST') return response.writeHead(405).end();
  let body = '';
  request.on('data', (bytes) => (body += bytes));
  request.on('end', () => {
    const message = JSON.parse(body);
    const place = request.headers['mcp-session-id'] ?? `session-${++asked}`;
    const say = (text, last) => {
      if (!response.headersSent) {
        const type = { 'content-type': 'text/event-stream', 'mcp-session-id': place };
        response.writeHead(200, type);
      }
      response.write(`data: ${text}\n\n`);
      if (last) response.end();
    };
    if (!take(place, message, say)) response.writeHead(202).end();
  });
}

if (way === 'http') {
  const server = createServer(serve);
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
} else {
  createInterface({ input: process.stdin }).on('line', (line) => {
    take(process.pid, JSON.parse(line), (text) => process.stdout.write(`${text}\n`));
  });
}
