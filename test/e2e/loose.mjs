// A tool server whose tool takes arguments that its schema does not list: plain Node. It answers a
// call with what it was given. What it receives is appended to RECORD.
//   node loose.mjs RECORD SCHEMA     (JSON)
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [record, inputSchema] = process.argv.slice(2);
const tools = [{ name: 'read_any', inputSchema: JSON.parse(inputSchema) }];

createInterface({ input: process.stdin }).on('line', (line) => {
  appendFileSync(record, line + '\n');
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const given = JSON.stringify(params?.arguments ?? null);
  const result = {
    initialize: {
      protocolVersion: params?.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'loose', version: '1' },
    },
    'tools/list': { tools },
    'tools/call': { content: [{ type: 'text', text: given }] },
  }[method];
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result: result ?? {} }) + '\n');
});
