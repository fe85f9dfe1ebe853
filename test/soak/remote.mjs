// A tool server over HTTP with moods: seeded dice say, call by call, whether it answers, waits,
// hangs, breaks off, forgets its sessions, answers with an error of HTTP, or talks rubbish. Each
// effect that it carries out is a line of EFFECTS before it answers. Its port is its first line.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dice } from './dice.mjs';

const [effects, seed] = process.argv.slice(2);
const roll = dice(Number(seed) + process.pid);
const text = { type: 'string' };
const tools = ['look', 'put', 'send', 'drop'].map((name) => ({
  name,
  inputSchema: { type: 'object', properties: { token: text }, required: ['token'] },
}));
let sessions = 0;
const open = new Set();
const json = { 'content-type': 'application/json' };
const line = (message) => JSON.stringify({ jsonrpc: '2.0', ...message });
const event = (message) => `data: ${line(message)}\n\n`;

function stream(response, token, said) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const params = { progressToken: token ?? 'none', progress: 1 };
  for (let i = roll(20); i > 0; --i) {
    response.write(event({ method: 'notifications/progress', params }));
  }
  response.end(event(said));
}

const moods = {
  waits: (answer) => setTimeout(answer, roll(300)),
  hangs: () => {},
  'breaks off': (answer, response) => response.socket.destroy(),
  'breaks off within': (answer, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: {"jsonrpc":"2.0",');
    setTimeout(() => response.socket?.destroy(), roll(50));
  },
  'answers twice': (answer, response, said) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(event(said) + event(said));
  },
  'is out of order': (answer, response) => response.writeHead(500 + roll(4)).end('out of order'),
  'sends elsewhere': (answer, response) =>
    response.writeHead(307, { location: 'http://127.0.0.1:9/mcp' }).end(),
  'talks rubbish': (answer, response) => {
    const rubbish = ['{"jsonrpc":', '[]', '\u0000\u0001', '{"id":1,"id":1}', '"', ''];
    response.writeHead(200, json).end(rubbish[roll(rubbish.length)]);
  },
};
const names = Object.keys(moods);

function call(message, response) {
  const { id, params } = message;
  const { name, arguments: args, _meta } = params;
  if (name !== 'look') appendFileSync(effects, `${name} ${args.token}\n`);
  const said = { id, result: { content: [{ type: 'text', text: `${name} ${args.token}` }] } };
  const answer = () => {
    if (roll(2) === 0) return stream(response, _meta?.progressToken, said);
    return response.writeHead(200, json).end(line(said));
  };
  if (roll(5) > 0) return answer();
  return moods[names[roll(names.length)]](answer, response, said);
}

function take(request, response, body) {
  const session = request.headers['mcp-session-id'];
  if (request.method === 'DELETE') {
    return response.writeHead(open.delete(session) ? 200 : 404).end();
  }
  if (request.method !== 'POST') return response.writeHead(405).end();
  const message = JSON.parse(body);
  const { id, method, params } = message;
  if (method === 'initialize') {
    open.add(`s${++sessions}`);
    const result = {
      protocolVersion: params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'remote', version: '1' },
    };
    response.writeHead(200, { ...json, 'mcp-session-id': `s${sessions}` });
    return response.end(line({ id, result }));
  }
  // Now and then it has been started again, as its clients see it.
  if (method === 'tools/call' && roll(60) === 0) open.clear();
  if (!open.has(session)) return response.writeHead(404).end();
  if (id === undefined || method === undefined) return response.writeHead(202).end();
  if (method === 'tools/call') return call(message, response);
  const result = method === 'tools/list' ? { tools } : {};
  return response.writeHead(200, json).end(line({ id, result }));
}

const server = createServer((request, response) => {
  let body = '';
  request.on('data', (bytes) => (body += bytes));
  request.on('end', () => take(request, response, body));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
