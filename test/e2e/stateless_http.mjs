// A tool server of revision 2026-07-28 over HTTP, with the handler of the SDK from npm. What it
// receives is appended to RECORD, a line of JSON for each request. LEGACY: `reject` (nothing but
// the newer era) or `stateless`.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import path from 'node:path';

const [modules, record, legacy] = process.argv.slice(2);
const { McpServer, createMcpHandler, fromJsonSchema } = await import(
  path.join(modules, '@modelcontextprotocol/server/dist/index.mjs')
);
const text = { type: 'string' };
const object = (properties) => fromJsonSchema({ type: 'object', properties });
const said = (words) => ({ content: [{ type: 'text', text: words }] });

function make() {
  const own = new McpServer(
    { name: 'stateless-http', version: '1' },
    { capabilities: { tools: { listChanged: true } } },
  );
  const region = { ...text, 'x-mcp-header': 'Region' };
  const note = { inputSchema: object({ id: text }) };
  own.registerTool('read_note', note, ({ id }) => said(`note ${id}`));
  own.registerTool('read_region', { inputSchema: object({ region }) }, (args) => said(args.region));
  own.registerTool('read_steps', { inputSchema: object({}) }, async (_, ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    if (progressToken !== undefined)
      await ctx.mcpReq.notify({
        method: 'notifications/progress',
        params: { progressToken, progress: 1, message: 'half' },
      });
    return said('done');
  });
  own.registerTool('read_slow', { inputSchema: object({}) }, async (_, ctx) => {
    const aborted = () => appendFileSync(record, '{"aborted":true}\n');
    ctx.mcpReq.signal?.addEventListener('abort', aborted);
    await new Promise((resolve) => setTimeout(resolve, 20_000).unref());
    return said('late');
  });
  return own;
}
const handler = createMcpHandler(make, { legacy });

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  const { method, headers } = request;
  appendFileSync(record, JSON.stringify({ method, headers, body }) + '\n');
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const asked = new Request(`http://127.0.0.1${request.url}`, {
    method: request.method,
    headers: request.headers,
    body: request.method === 'POST' ? body : undefined,
    signal: gone.signal,
  });
  const answer = await handler.fetch(asked);
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (!answer.body) return response.end();
  Readable.fromWeb(answer.body).on('error', () => response.destroy()).pipe(response);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
