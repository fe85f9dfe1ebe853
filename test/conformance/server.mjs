// The fixture of the conformance suite, behind one of two wires and in one or both eras.
//   node server.mjs (stdio|http) (both|legacy|modern)
// Over HTTP it listens at a free port of the loopback and prints it.
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import path from 'node:path';
import { offers } from './offers.mjs';

const [wire, eras] = process.argv.slice(2);
const sdk = path.join(process.env.PAWL_E2E_MODULES, '@modelcontextprotocol/server/dist');
const { WebStandardStreamableHTTPServerTransport: LegacyTransport, createMcpHandler } =
  await import(`${sdk}/index.mjs`);
const { isLegacyRequest } = await import(`${sdk}/index.mjs`);

const direct = {
  tools: (server) => server.sendToolListChanged(),
  prompts: (server) => server.sendPromptListChanged(),
};

async function stdio() {
  const { serveStdio, StdioServerTransport } = await import(`${sdk}/stdio.mjs`);
  if (eras === 'legacy') return offers(direct).connect(new StdioServerTransport());
  return serveStdio(() => offers(direct), eras === 'modern' ? { legacy: 'reject' } : {});
}

// Sessions of the older revisions, one server each.
const sessions = new Map();
async function session(request) {
  const id = request.headers.get('mcp-session-id');
  if (id !== null) {
    const known = sessions.get(id);
    return known ? known.handleRequest(request) : new Response(null, { status: 404 });
  }
  const transport = new LegacyTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (made) => void sessions.set(made, transport),
  });
  transport.onclose = () => sessions.delete(transport.sessionId);
  await offers(direct).connect(transport);
  return transport.handleRequest(request);
}

function http() {
  const modern = createMcpHandler(() => offers(told), { legacy: 'reject' });
  const told = {
    tools: () => modern.notify.toolsChanged(),
    prompts: () => modern.notify.promptsChanged(),
  };
  const serve = async (request) => {
    if (eras === 'legacy') return session(request);
    if (eras === 'both' && (await isLegacyRequest(request.clone()))) return session(request);
    return modern.fetch(request);
  };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const { method, headers } = request;
    const answer = await serve(
      new Request(`http://127.0.0.1${request.url}`, {
        method,
        headers,
        body: method === 'POST' ? Buffer.concat(chunks) : undefined,
        signal: gone.signal,
      }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (!answer.body) return response.end();
    response.flushHeaders();
    Readable.fromWeb(answer.body).on('error', () => response.destroy()).pipe(response);
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
}

if (wire === 'http') http();
else await stdio();
