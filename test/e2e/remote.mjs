// A recording tool server over HTTP, plain Node, of the older era with sessions or of both. What it
// receives is appended to RECORD, a line of JSON for each request: method, headers, body.
// MODE: `json` answers in JSON, `sse` in events; `forgets` loses its session at the first call;
// `away` redirects calls to AWAY; `breaks` cuts every call; `echo` shows what it was sent; `deaf`
// offers no stream and says 404 for it; `fickle` loses every session as soon as it is ready.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

const record = process.env.RECORD ?? process.argv[2];
const mode = process.env.MODE ?? process.argv[3] ?? 'json';
let sessions = 0;
let forgot = false;
const open = new Set();

const text = { type: 'string' };
const tools = ['read_note', 'read_slow', 'write_note'].map((name) => ({
  name,
  inputSchema: { type: 'object', properties: { id: text } },
}));

function result(message, request) {
  const { method, params } = message;
  if (method === 'initialize')
    return {
      protocolVersion: '2025-11-25',
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: 'remote', version: '1' },
    };
  if (method === 'tools/list') return { tools };
  if (method !== 'tools/call') return {};
  const { authorization = '', 'x-api-key': key = '' } = request.headers;
  const sent = authorization + key;
  // As servers do by themselves: as it is, in JSON in a text, percent-encoded, in base64.
  const shown = [sent, JSON.stringify({ headers: request.headers }), encodeURIComponent(sent)];
  shown.push(Buffer.from(sent).toString('base64'), Buffer.from(sent).toString('hex'));
  const words = mode === 'echo' ? shown : [`${params.name} ${JSON.stringify(params.arguments)}`];
  return { content: words.map((one) => ({ type: 'text', text: one })) };
}

function answer(response, message, said, headers) {
  if (mode !== 'sse') {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    return response.end(JSON.stringify(said, null, 2));
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
  const token = message.params?._meta?.progressToken;
  if (token !== undefined)
    response.write(
      event({ method: 'notifications/progress', params: { progressToken: token, progress: 1 } }),
    );
  response.end(event(said));
}
const event = (message) => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;

function take(request, response, body) {
  const { method, headers: sent } = request;
  appendFileSync(record, JSON.stringify({ method, headers: sent, body }) + '\n');
  const id = request.headers['mcp-session-id'];
  const no = (status, headers = {}) => response.writeHead(status, headers).end();
  if (request.method === 'DELETE') return open.delete(id) ? no(200) : no(404);
  if (request.method === 'GET') return open.has(id) && mode !== 'deaf' ? no(405) : no(404);
  const message = JSON.parse(body);
  const calls = message.method === 'tools/call';
  if (mode === 'away' && calls) return no(307, { location: process.env.AWAY });
  if (mode === 'breaks' && calls) return request.socket.destroy();
  if (mode === 'forgets' && calls && !forgot) {
    forgot = true;
    open.clear();
  }
  if (mode === 'fickle' && message.method === 'notifications/initialized') open.delete(id);
  if (message.method !== 'initialize' && !open.has(id)) return no(404);
  if (message.id === undefined) return no(202);
  const headers = {};
  if (message.method === 'initialize') {
    headers['mcp-session-id'] = `session-${++sessions}`;
    open.add(headers['mcp-session-id']);
  }
  const said = { jsonrpc: '2.0', id: message.id, result: result(message, request) };
  answer(response, message, said, headers);
}

const server = createServer((request, response) => {
  let body = '';
  request.on('data', (bytes) => (body += bytes));
  request.on('end', () => take(request, response, body));
});
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () =>
  process.stdout.write(`${server.address().port}\n`),
);
