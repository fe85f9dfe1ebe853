// A tool server with the habits of real ones: plain Node, over stdio or HTTP. It answers a call
// with what it was given, and appends what it receives to RECORD.
//   node habits.mjs (stdio|http) RECORD HABITS     (JSON, or @FILE; all of it may be missing)
// HABITS: `lists` are the results of `tools/list` by cursor ("" is the first), as texts so that
// members may be doubled or numbers large; `capabilities`; `instructions`; `refuse` is how the list
// is refused, a message. Over HTTP `lose` is the status and text for a session that is not the
// newest, where each call that says `{"lose": true}` makes a new one be wanted; `move` is the
// status and place with which every request is sent elsewhere. The port is the first line there.
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const [wire, record, text = '{}'] = process.argv.slice(2);
const habits = JSON.parse(text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text);
const { capabilities = { tools: {} }, lists = {}, instructions, refuse, lose, move } = habits;

function answer({ id, method, params }) {
  if (id === undefined) return undefined;
  const whole = (member) => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},${member}}`;
  const result = (value) => whole(`"result":${value}`);
  switch (method) {
    case 'initialize':
      return result(
        JSON.stringify({
          protocolVersion: params.protocolVersion,
          capabilities,
          serverInfo: { name: 'habits', version: '1' },
          instructions,
        }),
      );
    case 'tools/list':
      if (refuse) return whole(`"error":{"code":-32000,"message":${JSON.stringify(refuse)}}`);
      return result(lists[params?.cursor ?? ''] ?? '{"tools":[]}');
    case 'tools/call':
      return result(
        JSON.stringify({
          content: [{ type: 'text', text: JSON.stringify(params.arguments ?? null) }],
        }),
      );
    default:
      return result('{}');
  }
}

function pipes() {
  createInterface({ input: process.stdin }).on('line', (line) => {
    appendFileSync(record, line + '\n');
    const said = answer(JSON.parse(line));
    if (said) process.stdout.write(said + '\n');
  });
}

function web() {
  let session = 0;
  const server = createServer((request, response) => {
    if (move) return response.writeHead(move[0], { location: move[1] }).end();
    if (request.method !== 'POST') return response.writeHead(405).end();
    let body = '';
    request.on('data', (bytes) => (body += bytes));
    request.on('end', () => {
      appendFileSync(record, body + '\n');
      const message = JSON.parse(body);
      const opens = message.method === 'initialize';
      if (opens) ++session;
      if (lose && !opens && request.headers['mcp-session-id'] !== `s${session}`) {
        return response.writeHead(lose[0], { 'content-type': 'application/json' }).end(lose[1]);
      }
      const said = answer(message);
      if (message.params?.arguments?.lose) ++session;
      if (said === undefined) return response.writeHead(202).end();
      const headers = { 'content-type': 'application/json' };
      if (opens) headers['mcp-session-id'] = `s${session}`;
      response.writeHead(200, headers).end(said);
    });
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
}

if (wire === 'http') web();
else pipes();
