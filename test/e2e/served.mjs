// A world with `pawl serve` in it: its deployment file, its node in the foreground, and a client
// that sends exactly the requests it is told to.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { World, fixture } from './world.mjs';

export const older = '2025-11-25';
export const modern = '2026-07-28';
const meta = 'io.modelcontextprotocol/';
export const envelope = (capabilities = {}) => ({
  [`${meta}protocolVersion`]: modern,
  [`${meta}clientInfo`]: { name: 'raw', version: '1' },
  [`${meta}clientCapabilities`]: capabilities,
});

export class Served extends World {
  // `command`: the server's; `server`: all that the deployment file says of it, instead; `more`:
  // further lines of that file; `role`: what it says of the role besides; `roles`: further ones.
  async begin({
    mode = '',
    command,
    server,
    more = '',
    role = '',
    roles = '',
    listen = '{mcp: "127.0.0.1:0"}',
    through,
  } = {}) {
    this.config = path.join(this.dir, 'pawl.yaml');
    const own = [process.execPath, fixture, this.record, mode].filter(Boolean);
    const behind = command ?? own;
    this.deployment = `version: 1
listen: ${listen}
roles: {tester: {file: policy.yaml, servers: [crm]${role}}${roles && `, ${roles}`}}
servers: {crm: {${server ?? `command: ${JSON.stringify(behind)}`}}}
${more}`;
    writeFileSync(this.config, this.deployment);
    await this.serve(through);
    return this;
  }
  // `through` stands before the program: surroundings that it is started in.
  async serve(through = []) {
    const words = [process.env.PAWL, 'serve', '--config', this.config, '--state-dir', this.state];
    const [program, ...more] = [...through, ...words];
    this.node = spawn(program, more, { env: this.env });
    this.log = '';
    this.ended = once(this.node, 'exit').then(([status]) => status);
    const listens = new Promise((resolve) => {
      this.node.stderr.on('data', (bytes) => {
        this.log += bytes;
        const found = /serving at (https?:\/\/\S+)/.exec(this.log);
        if (found) resolve(found[1]);
      });
    });
    this.origin = await Promise.race([listens, this.ended.then(() => null)]);
    this.url = `${this.origin}/mcp/tester`;
  }
  async end() {
    this.node?.kill('SIGKILL');
    await this.ended;
    await super.end();
  }
  // What the agent's side receives, where a test wants to look at it: the bytes of each answer by
  // themselves, its status and header fields first.
  async reach(options) {
    const answer = await fetch(this.url, options);
    if (!this.received) return answer;
    const fields = [...answer.headers].map(([name, value]) => `${name}: ${value}`);
    const kept = [Buffer.from([answer.status, ...fields, '', ''].join('\n'))];
    this.received.push(kept);
    if (!answer.body) return answer;
    const [told, copy] = answer.body.tee();
    const keep = async () => {
      for await (const bytes of copy) kept.push(Buffer.from(bytes));
    };
    keep().catch(() => {});
    const { status, headers } = answer;
    return new Response(told, { status, headers });
  }
  post(message, headers = {}, options = {}) {
    return this.reach({
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body: typeof message === 'string' ? message : JSON.stringify(message),
      ...options,
    });
  }
  // A request of the stateless revision, with the fields that belong to it.
  ask(method, params = {}, { id = 1, headers = {}, capabilities = {}, ...options } = {}) {
    const name = params.name ?? params.uri;
    const fields = { 'mcp-protocol-version': modern, 'mcp-method': method };
    if (name !== undefined) fields['mcp-name'] = name;
    const body = {
      jsonrpc: '2.0',
      id,
      method,
      params: { ...params, _meta: { ...envelope(capabilities), ...params._meta } },
    };
    return this.post(body, { ...fields, ...headers }, options);
  }
  // A session of the older revisions.
  async open(capabilities = {}) {
    const params = {
      protocolVersion: older,
      capabilities,
      clientInfo: { name: 'raw', version: '1' },
    };
    const answer = await this.post({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
    const session = new Session(this, answer.headers.get('mcp-session-id'));
    [session.hello] = (await read(answer)).slice(-1);
    await session.tell('notifications/initialized');
    return session;
  }
}

class Session {
  constructor(world, id) {
    this.world = world;
    this.id = id;
    this.next = 1;
    this.headers = { 'mcp-session-id': id, 'mcp-protocol-version': older };
  }
  tell(method, params) {
    return this.world.post({ jsonrpc: '2.0', method, params }, this.headers);
  }
  post(method, params, options) {
    const id = options?.id ?? this.next++;
    return this.world.post({ jsonrpc: '2.0', id, method, params }, this.headers, options);
  }
  async call(name, args, _meta) {
    if (!this.id) throw new Error(`there is no session: ${JSON.stringify(this.hello)}`);
    const answer = await this.post('tools/call', { name, arguments: args, _meta });
    const messages = await read(answer);
    return messages.at(-1).result ?? messages.at(-1);
  }
  listen(last, options = {}) {
    return this.world.reach({
      headers: {
        ...this.headers,
        accept: 'text/event-stream',
        ...(last ? { 'last-event-id': last } : {}),
      },
      ...options,
    });
  }
  close() {
    return this.world.reach({ method: 'DELETE', headers: this.headers });
  }
}

// The events of a stream as they come: `{id, message}`; a message of nothing is null.
export async function* events(answer) {
  let text = '';
  for await (const bytes of answer.body.pipeThrough(new TextDecoderStream())) {
    text += bytes;
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end < 0) break;
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const field = (name) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      if (lines.every((line) => line.startsWith(':'))) continue;
      yield { id: field('id'), message: field('data') ? JSON.parse(field('data')) : null };
    }
  }
}

// Every message of an answer, JSON or events: which of the two it is, depends on the time it takes.
export async function read(answer) {
  if (answer.headers.get('content-type')?.startsWith('application/json'))
    return [await answer.json()];
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  const all = [];
  for await (const { message } of events(answer)) if (message) all.push(message);
  return all;
}
