// A tool server that is a program and gets its secret in a variable, written with the SDK from npm.
// What it is asked is appended to RECORD, with its process and the secret it was started with. It
// shows its secret wherever servers do: in results, errors, log messages, and on standard error.
import { appendFileSync } from 'node:fs';
import path from 'node:path';

const [modules, record] = process.argv.slice(2);
const sdk = path.join(modules, '@modelcontextprotocol/sdk/dist/esm');
const { Server } = await import(`${sdk}/server/index.js`);
const { StdioServerTransport } = await import(`${sdk}/server/stdio.js`);
const types = await import(`${sdk}/types.js`);

const names = ['CRM_TOKEN', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];
const secrets = names.map((name) => process.env[name]).filter(Boolean);
const said = secrets.join(' ');
const note = (more) =>
  appendFileSync(record, JSON.stringify({ pid: process.pid, secrets, ...more }) + '\n');
process.stderr.write(`starting with ${said} and ${Buffer.from(said).toString('base64')}\n`);
note({ started: true, env: Object.keys(process.env).sort() });

const server = new Server(
  { name: 'keyed', version: '1' },
  { capabilities: { tools: {}, logging: {} }, instructions: 'be kind' },
);
const inputSchema = { type: 'object', properties: { id: { type: 'string' } } };
server.setRequestHandler(types.ListToolsRequestSchema, () => ({
  tools: ['read_note', 'read_asks', 'read_fails', 'write_note'].map((name) => ({
    name,
    inputSchema,
  })),
}));
server.setRequestHandler(types.CallToolRequestSchema, async ({ params }) => {
  const { name, arguments: args } = params;
  note({ tool: name, args });
  await server.sendLoggingMessage({ level: 'info', data: `used ${said}` });
  process.stderr.write(`called with ${JSON.stringify({ token: said })}\n`);
  if (name === 'read_fails') throw new Error(`cannot log in with ${encodeURIComponent(said)}`);
  if (name === 'read_asks') {
    const requestedSchema = { type: 'object', properties: { to: { type: 'string' } } };
    const answer = await server.elicitInput({ message: `for ${args.id}?`, requestedSchema });
    return { content: [{ type: 'text', text: `${args.id}: ${answer.content?.to}` }] };
  }
  const hex = Buffer.from(said).toString('hex');
  return { content: [{ type: 'text', text: `${name} ${process.pid} ${said} ${hex}` }] };
});
await server.connect(new StdioServerTransport());
