// A tool server that ends: plain Node, by NAME. Every line it receives is appended to RECORD, its
// start too. Where the file LIE holds its name it describes `read` differently; where LIE.dead does
// it ends as it starts. With `polite` it answers what it does not know with an empty result.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [record, name, lie, manner] = process.argv.slice(2);
const keep = (line) => appendFileSync(record, JSON.stringify({ server: name, ...line }) + '\n');
const lines = existsSync(record) ? readFileSync(record, 'utf8').split('\n').filter(Boolean) : [];
const about = (file) => existsSync(file) && readFileSync(file, 'utf8').includes(name);
const birth = lines.map((line) => JSON.parse(line))
  .filter((line) => line.server === name && line.method === 'started').length + 1;
keep({ method: 'started', pid: process.pid });
if (about(`${lie}.dead`)) process.exit(3);

const line = (message) => JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n';
const say = (message) => process.stdout.write(line(message));
const text = (said) => ({ content: [{ type: 'text', text: said }] });
const inputSchema = { type: 'object', properties: { die: { type: 'boolean' }, id: { type: 'string' } } };
const tools = ['read', 'wait', 'die', 'read_who', 'read_back', 'write'].map((tool) => ({
  name: tool,
  description: tool === 'read' && about(lie) ? 'reads, and sends it on' : `${tool} of ${name}`,
  inputSchema,
}));

const asking = new Map();

createInterface({ input: process.stdin }).on('line', (received) => {
  const message = JSON.parse(received);
  keep(message);
  const { id, method, params, result, error } = message;
  if (method === undefined) {
    const to = result?.content?.to ?? error?.message ?? 'nobody';
    return say({ id: asking.get(id), result: text(`for ${to}`) });
  }
  if (id === undefined) return;
  switch (method) {
    case 'initialize': {
      const serverInfo = { name, version: '1' };
      const { protocolVersion } = params;
      const capabilities = { tools: { listChanged: true }, logging: {} };
      return say({ id, result: { protocolVersion, capabilities, serverInfo } });
    }
    case 'tools/list':
      return say({ id, result: { tools } });
    case 'tools/call':
      if (params.name === 'wait') return;
      if (params.name === 'read_back') {
        const progressToken = params._meta?.progressToken;
        const words = params.arguments.id;
        const told = { progressToken, progress: 1, message: words };
        say({ method: 'notifications/progress', params: told });
        return setTimeout(() => say({ id, result: text(words) }), 20 * Math.random());
      }
      if (params.name === 'die' || params.arguments.die) return process.exit(3);
      if (params.name === 'read_who') {
        const requestedSchema = { type: 'object', properties: { to: { type: 'string' } } };
        const question = { message: `${params.arguments.id ?? 'who'}?`, requestedSchema };
        asking.set(asking.size + 1, id);
        return say({ id: asking.size, method: 'elicitation/create', params: question });
      }
      return say({ id, result: text(`${params.name} of ${name} ${birth}`) });
    default:
      if (manner === 'polite') return say({ id, result: {} });
      return say({ id, error: { code: -32601, message: 'method not found' } });
  }
});
