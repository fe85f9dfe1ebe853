// A tool server over pipes, put behind HTTP: each message that is posted is a line for it, and what
// it says belongs to the request with that id, or, where it asks or tells, to the one that is open.
// Plain Node; prints its port. `node piped.mjs PROGRAM…`
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const [program, ...words] = process.argv.slice(2);
const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
child.on('exit', () => process.exit(0));
const open = new Map();

createInterface({ input: child.stdout }).on('line', (line) => {
  const { id, method } = JSON.parse(line);
  const whose = method === undefined ? open.get(id) : [...open.values()].at(-1);
  if (!whose) return;
  whose.write(`data: ${line}\n\n`);
  if (method !== undefined) return;
  open.delete(id);
  whose.end();
});

const server = createServer((request, response) => {
  if (request.method !== 'POST') return response.writeHead(405).end();
  let body = '';
  request.on('data', (bytes) => (body += bytes));
  request.on('end', () => {
    const { id, method } = JSON.parse(body);
    child.stdin.write(body + '\n');
    if (id === undefined || method === undefined) return response.writeHead(202).end();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    open.set(id, response);
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
