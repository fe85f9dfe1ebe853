// What the tests share: a scratch world with its own state, policy, reviewer, and a raw client.
import { spawn, spawnSync, execFile } from 'node:child_process';
import { createInterface } from 'node:readline';
import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const pawl = process.env.PAWL;
export const modules = process.env.PAWL_E2E_MODULES;
const here = path.dirname(fileURLToPath(import.meta.url));
export const fixture = path.join(here, 'fixture.mjs');

// The seed's policy, word for word, with the limits of `execution` open to a test.
export const seed = ({ steps = 25, wall = 120, timeout = 300 } = {}) => `
agent:
  id: "support-agent-v2"
  identity: "support-agent@myco.iam"
tools:
  allowed:
    - name: "read_customer_record"
      scope: ["customer_id", "order_history", "contact_info"]
    - name: "update_order_status"
      constraints:
        max_records_per_run: 10
        allowed_statuses: ["cancelled", "refunded", "processing"]
    - name: "send_customer_email"
      requires_approval: true
      approval_timeout_seconds: ${timeout}
      auto_deny_on_timeout: true
  blocked:
    - "delete_customer_record"
    - "access_payment_raw"
    - "bulk_send_email"
execution:
  max_steps: ${steps}
  max_tokens_per_run: 50000
  max_wall_clock_seconds: ${wall}
  max_cost_usd: 2.00
  on_budget_exceeded:
    action: "halt_and_escalate"
    notify: "#oncall-agents"
`;

export class World {
  constructor(policy) {
    this.dir = mkdtempSync(path.join(tmpdir(), 'pawl-e2e-'));
    mkdirSync(path.join(this.dir, 'config'));
    this.state = path.join(this.dir, 'state');
    this.record = path.join(this.dir, 'record');
    this.policy = path.join(this.dir, 'policy.yaml');
    this.passphrase = path.join(this.dir, 'passphrase');
    writeFileSync(this.policy, policy);
    writeFileSync(this.passphrase, 'correct horse battery\n', { mode: 0o600 });
    this.env = {
      ...process.env,
      XDG_CONFIG_HOME: path.join(this.dir, 'config'),
      PAWL_PASSPHRASE_FILE: this.passphrase,
      PAWL_RUN: 'r',
      PAWL_NODE_IDLE: '1s',
      RECORD: this.record,
    };
    this.clients = [];
  }
  pawl(...args) {
    const dashes = args.includes('--') ? args.indexOf('--') : args.length;
    const words = [...args.slice(0, dashes), '--state-dir', this.state, ...args.slice(dashes)];
    const done = spawnSync(pawl, words, { env: this.env, encoding: 'utf8', timeout: 60_000 });
    return { status: done.status, out: done.stdout, err: done.stderr };
  }
  // The same without keeping this process from serving sockets meanwhile.
  later(...args) {
    const words = [...args, '--state-dir', this.state];
    return new Promise((resolve) => {
      execFile(pawl, words, { env: this.env, timeout: 60_000 }, (error, out, err) => {
        resolve({ status: error ? (error.code ?? 1) : 0, out, err });
      });
    });
  }
  // Process ids of this world's node, and of the programs that a client's `pawl mcp` started.
  nodes() {
    const words = ['-f', `pawl node --state-dir ${this.state}`];
    return spawnSync('pgrep', words, { encoding: 'utf8' }).stdout.trim().split('\n');
  }
  children(client) {
    const words = ['-P', String(client.child.pid)];
    return spawnSync('pgrep', words, { encoding: 'utf8' }).stdout.trim().split('\n');
  }
  json(...args) {
    const done = this.pawl(...args, '--json');
    if (done.status === 2) throw new Error(done.err);
    return JSON.parse(done.out);
  }
  // `pawl check` of the policy, its lines unbroken.
  check() {
    const done = spawnSync(pawl, ['check', this.policy], { env: this.env, encoding: 'utf8' });
    return done.stdout.replace(/\s+/g, ' ');
  }
  enrol() {
    const done = this.pawl('reviewers', 'add', 'ada', '--group', 'leads');
    if (done.status !== 0) throw new Error(done.err);
  }
  approve(id, ...more) {
    return this.pawl('approvals', 'approve', id, '--as', 'ada', ...more);
  }
  async question() {
    for (let i = 0; i < 200; ++i) {
      const open = this.json('approvals', 'list');
      if (open.length > 0) return open[0];
      await sleep(50);
    }
    throw new Error('no question was asked');
  }
  // The lines that the server saw, parsed; of one method if given.
  seen(method) {
    if (!existsSync(this.record)) return [];
    const lines = readFileSync(this.record, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    return method ? lines.filter((line) => line.method === method) : lines;
  }
  calls(tool) {
    return this.seen('tools/call').filter((line) => !tool || line.params.name === tool);
  }
  // `through` stands before `pawl mcp`: a client of its own between it and the test.
  // A `modern` one speaks the stateless revision and opens with nothing.
  async client({
    mode = '',
    args = [],
    command,
    env = {},
    capabilities = {},
    through = [],
    modern = false,
  } = {}) {
    const behind = command ?? ['node', fixture, this.record, mode];
    const client = new Raw(this, args, behind, env, through);
    this.clients.push(client);
    client.capabilities = capabilities;
    if (!modern) await client.hello(capabilities);
    return client;
  }
  killNode() {
    spawnSync('pkill', ['-9', '-f', `pawl node --state-dir ${this.state}`]);
  }
  async end() {
    for (const client of this.clients) client.child.kill('SIGKILL');
    spawnSync('pkill', ['-f', `pawl node --state-dir ${this.state}`]);
    // What a node writes as it ends would be found in a folder that is being removed.
    for (let i = 0; i < 200 && this.nodes()[0] !== ''; ++i) await sleep(25);
    await removed(this.dir);
  }
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Removes a folder. A process that ends may write a file after the folder was listed; `rmSync`
// lists it once, so it is asked again.
export async function removed(folder) {
  for (let left = 200; ; --left) {
    try {
      return rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if (left === 0 || error.code !== 'ENOTEMPTY') throw error;
    }
    await sleep(50);
  }
}

// A client that sends exactly the bytes it is told to.
class Raw {
  constructor(world, args, command, env, through) {
    const gate = [pawl, 'mcp', '--policy', world.policy, '--state-dir', world.state, ...args];
    const behind = command.length > 0 ? ['--', ...command] : [];
    const [program, ...words] = [...through, ...gate, ...behind];
    this.child = spawn(program, words, { env: { ...world.env, ...env } });
    this.next = 100;
    this.waiting = new Map();
    this.heard = [];
    this.err = '';
    this.child.stderr.on('data', (bytes) => {
      this.err += bytes;
    });
    this.closed = new Promise((resolve) => this.child.on('exit', (code) => resolve(code)));
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      const message = JSON.parse(line);
      this.heard.push(message);
      if (message.method === undefined) this.waiting.get(JSON.stringify(message.id))?.(message);
    });
    this.child.stdin.on('error', () => {});
  }
  line(text) {
    this.child.stdin.write(text + '\n');
  }
  answer(id, patience = 30_000) {
    return new Promise((resolve, reject) => {
      this.waiting.set(JSON.stringify(id), resolve);
      setTimeout(() => reject(new Error(`no answer to ${id}: ${this.err}`)), patience).unref();
    });
  }
  request(method, params, id = this.next++, patience = undefined) {
    const answer = this.answer(id, patience);
    this.line(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    return answer;
  }
  // A request of the stateless revision; `meta` adds to its envelope.
  ask(method, params = {}, meta = {}, id = this.next++, patience = undefined) {
    const envelope = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': this.capabilities,
    };
    return this.request(method, { ...params, _meta: { ...envelope, ...meta } }, id, patience);
  }
  askFor(patience, method, params) {
    return this.ask(method, params, {}, this.next++, patience);
  }
  // An answer to what the server asked.
  respond(id, result) {
    this.line(JSON.stringify({ jsonrpc: '2.0', id, result }));
  }
  raw(id, text) {
    const answer = this.answer(id);
    this.line(text);
    return answer;
  }
  async hello(capabilities) {
    const hello = this.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities,
      clientInfo: { name: 'raw', version: '1' },
    });
    this.server = await Promise.race([hello, this.closed.then(() => null)]);
    if (this.server)
      this.line(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }));
  }
  async call(name, args, meta) {
    const answer = await this.request('tools/call', {
      name,
      arguments: args,
      ...(meta ? { _meta: meta } : {}),
    });
    return answer.result ?? answer;
  }
  close() {
    this.child.stdin.end();
    return this.closed;
  }
}

// A client that pawl has no policy, no run or no server for.
export const turned_away = (client) =>
  /^Every call is denied: /.test(client.server?.result?.instructions ?? '');
export const code = (result) => result?._meta?.['pawl/decision']?.code ?? result?.error?.data?.code;
