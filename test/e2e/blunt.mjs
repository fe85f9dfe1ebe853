// A tool server of the older era that writes its answers badly: plain Node, over stdio or HTTP.
//   node blunt.mjs (stdio|http) RECORD [HABIT]
// A call of `read_note` is answered as its `id` says, everything else in order; HABIT is how it
// answers when it is opened, or what its list holds. Over HTTP its port is the first line.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const [wire, record, habit = ''] = process.argv.slice(2);
const deep = (levels) => '['.repeat(levels) + ']'.repeat(levels);
const said = (text) => `{"content":[{"type":"text","text":"${text}"}]}`;
const whole = (id, result) => `{"jsonrpc":"2.0","id":${id},"result":${result}}`;
const latin = Buffer.from([0x63, 0x61, 0x66, 0xe9]).toString('latin1');

// The bytes of an answer, as a text of Latin-1.
export function answers(id, how) {
  const rest = `"result":${said('fine')}`;
  const known = {
    half: whole(id, said('half \\ud83d')),
    latin: whole(id, said(latin)),
    control: whole(id, said('a\tb')),
    mark: '\xef\xbb\xbf' + whole(id, said('fine')),
    'id text': whole(`"${id}"`, said('fine')),
    'id point': whole(`${id}.0`, said('fine')),
    'id power': whole(`${id}e0`, said('fine')),
    'no error': `{"jsonrpc":"2.0","id":${id},${rest},"error":null}`,
    'no result': `{"jsonrpc":"2.0","id":${id},"result":null,"error":{"code":7,"message":"sorry"}}`,
    'bare error': `{"jsonrpc":"2.0","id":${id},"error":"sorry"}`,
    both: `{"jsonrpc":"2.0","id":${id},${rest},"error":{"code":7,"message":"sorry"}}`,
    'null result': whole(id, 'null'),
    'list result': whole(id, '[]'),
    'text result': whole(id, '"done"'),
    'no jsonrpc': `{"id":${id},${rest}}`,
    more: `{"jsonrpc":"2.0","id":${id},${rest},"time":7}`,
    nan: whole(id, '{"content":[],"value":NaN}'),
    cut: whole(id, said('fine')).slice(0, -4),
    deep: whole(id, `{"content":[],"structuredContent":{"a":${deep(200)}}}`),
    abyss: whole(id, `{"content":[],"structuredContent":{"a":${deep(100_000)}}}`),
    batch: `[${whole(id, said('fine'))}]`,
    twice: whole(id, said('fine')) + whole(id, said('fine')),
    log: `answering ${id}\n` + whole(id, said('fine')),
    echo: `{"jsonrpc":"2.0","id":${id},"method":"tools/call"}\n` + whole(id, said('fine')),
    quoted: `sent ${whole(id, said('fine'))}\n` + whole(id, said('fine')),
    record: `{"level":"error","id":${id},"error":"none"}\n` + whole(id, said('fine')),
    nobody: `{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"sorry"}}`,
    'nobody at all': `{"jsonrpc":"2.0","error":{"code":-32700,"message":"sorry"}}`,
    'no method': `{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"sorry"}}`,
    other: whole(id + 1000, said('fine')),
    silence: '',
    noise: 'no message at all',
    pretty: JSON.stringify(JSON.parse(whole(id, said('fine'))), null, 2),
  };
  return how.startsWith('raw ') ? Buffer.from(how.slice(4), 'base64').toString('latin1') : known[how];
}

const tool = (name, description = 'reads') =>
  `{"name":"${name}","description":"${description}","inputSchema":{"type":"object",` +
  `"properties":{"id":{"type":"string"},"http":{"type":"string"}}}}`;
function list() {
  const more = {
    'list half': tool('read_more', 'half \\ud83d'),
    'list latin': tool('read_more', latin),
    'list deep': tool('read_more').replace('"properties":', `"x":${deep(200)},"properties":`),
  }[habit];
  return `{"tools":[${[tool('read_note'), more, tool('read_last')].filter(Boolean).join(',')}]}`;
}
const hello = (version) =>
  `{"protocolVersion":"${version}","capabilities":{"tools":{}},` +
  '"serverInfo":{"name":"blunt","version":"1"}}';

// Nothing: it is a notification.
function answer({ id, method, params }) {
  if (id === undefined) return undefined;
  if (method === 'tools/call') return answers(id, params.arguments?.id ?? 'control');
  const result = { initialize: hello(params?.protocolVersion), 'tools/list': list() }[method];
  const how = habit.startsWith(`${method} `) ? habit.slice(method.length + 1) : '';
  if (how === 'no error') return `{"jsonrpc":"2.0","id":${id},"result":${result},"error":null}`;
  if (how === 'id text') return whole(`"${id}"`, result);
  return how === '' ? whole(id, result ?? '{}') : answers(id, how);
}

function pipes() {
  createInterface({ input: process.stdin }).on('line', (line) => {
    appendFileSync(record, line + '\n');
    const bytes = answer(JSON.parse(line));
    if (bytes) process.stdout.write(Buffer.from(bytes + '\n', 'latin1'));
  });
}

// STATUS TYPE BODY of an answer, where the call says that.
function web() {
  const notified = {
    null: [200, 'application/json', 'null'],
    empty: [200, 'application/json', ''],
    object: [200, 'application/json', '{}'],
    result: [200, 'application/json', whole(1, '{}')],
    page: [200, 'text/html', '<p>'],
    plain: [204, undefined, ''],
    refused: [400, 'text/plain', 'no'],
    broken: [500, 'text/plain', 'no'],
    open: [200, 'text/event-stream', undefined],
    long: [200, 'application/json', undefined],
  };
  const server = createServer((request, response) => {
    if (request.method !== 'POST') return response.writeHead(405).end();
    let body = '';
    request.on('data', (bytes) => (body += bytes));
    request.on('end', () => {
      appendFileSync(record, body + '\n');
      const message = JSON.parse(body);
      const bytes = answer(message);
      const asked = message.params?.arguments;
      let [status, type, text] = [200, 'application/json', bytes];
      if (bytes === undefined) [status, type, text] = notified[habit] ?? [202, undefined, ''];
      else if (asked?.http) [status, type] = JSON.parse(asked.http);
      const headers = type ? { 'content-type': type } : {};
      if (message.method === 'initialize') headers['mcp-session-id'] = 's1';
      response.writeHead(status, headers);
      response.flushHeaders();
      if (text !== undefined && asked?.id !== 'silence') response.end(Buffer.from(text, 'latin1'));
    });
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
}

if (wire === 'http') web();
else pipes();
