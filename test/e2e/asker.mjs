// A tool server over HTTP of the older era that asks within a call, on the stream of that call:
// plain Node. What it is answered is appended to RECORD.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

const record = process.argv[2];
const event = (message) => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
const requestedSchema = { type: 'object', properties: { to: { type: 'string' } } };
const properties = { id: { type: 'string' } };
const tools = [{ name: 'read_who', inputSchema: { type: 'object', properties } }];
const waiting = new Map();
let asked = 0;

function answer(response, { id, method, params, result }) {
  if (method === undefined) {
    const { stream, call } = waiting.get(id);
    const text = `for ${result?.content?.to ?? 'nobody'}`;
    stream.end(event({ id: call, result: { content: [{ type: 'text', text }] } }));
    return response.writeHead(202).end();
  }
  if (id === undefined) return response.writeHead(202).end();
  if (method === 'tools/call') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    waiting.set(++asked, { stream: response, call: id });
    const question = { message: `${params.arguments.id}?`, requestedSchema };
    return response.write(event({ id: asked, method: 'elicitation/create', params: question }));
  }
  const hello = {
    protocolVersion: '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'asker', version: '1' },
  };
  const known = { initialize: hello, 'tools/list': { tools } }[method];
  const said = known ? { result: known } : { error: { code: -32601, message: 'no such method' } };
  response.writeHead(200, { 'content-type': 'application/json' });
  return response.end(JSON.stringify({ jsonrpc: '2.0', id, ...said }));
}

const server = createServer((request, response) => {
  if (request.method !== 'POST') return response.writeHead(405).end();
  let body = '';
  request.on('data', (bytes) => (body += bytes));
  request.on('end', () => {
    appendFileSync(record, body + '\n');
    answer(response, JSON.parse(body));
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
