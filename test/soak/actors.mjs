// Those who use the gateway during the soak. Each works in a loop until it is told to stop, expects
// to be refused at any moment, and counts what it met.
import { dice } from './dice.mjs';
import { events, modern, older, envelope } from '../e2e/served.mjs';
import { sleep } from '../e2e/world.mjs';

const patience = 20_000;
// A call that no executor settles is kept for an hour, which no soak lasts: with more of them its
// memory would show nothing else.
const forgotten_max = 100;
let tokens = 0;
let forgotten = 0;

export class Actor {
  constructor(world, name, seed) {
    this.world = world;
    this.name = name;
    this.roll = dice(seed);
    this.count = world.count;
  }
  // One run after the other, each with a credential of its own.
  async play() {
    while (!this.world.stopping) {
      try {
        await this.#run();
      } catch (error) {
        this.count(`${this.name}: ${error.cause?.code ?? error.name}`);
        await sleep(200);
      }
    }
  }
  async #run() {
    const { origin } = this.world;
    const audience = this.name === 'orchestrator' ? undefined : 'mcp';
    this.role = audience ? this.world.roles[this.roll(this.world.roles.length)] : 'steady';
    const key = this.world.keys[this.role];
    this.url = `${origin}/mcp/${this.role}`;
    const opened = await this.post(`${origin}/v1/runs`, { audience }, `Bearer ${key}`);
    if (opened.status === 429) {
      this.count('too many runs');
      await sleep(1000);
      return;
    }
    if (!opened.ok) throw new Error(`opening a run: ${opened.status} ${await opened.text()}`);
    const { run, credential } = await opened.json();
    if (this.world.known.has(run)) this.count('joined a run of another');
    this.world.known.add(run);
    this.run = run;
    this.bearer = `Bearer ${credential}`;
    this.count('runs');
    await this.work(20 + this.roll(80));
    if (this.roll(4) > 0) await this.post(`${origin}/v1/runs/${run}/close`, {}, `Bearer ${key}`);
  }
  post(url, body, authorization = this.bearer, headers = {}, signal = undefined) {
    return fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization,
        ...headers,
      },
      body: JSON.stringify(body),
      signal: signal ?? AbortSignal.timeout(patience),
    });
  }
  // Which tool comes next: mostly reads.
  draw() {
    const n = this.roll(20);
    if (n < 11) return 'look';
    if (n < 17) return 'put';
    return n < 19 ? 'send' : 'drop';
  }
  // What is called, under the name that it has at the endpoint of this role.
  call() {
    const servers = this.world.offered[this.role];
    const tool = this.draw();
    const name = servers.length > 1 ? `${servers[this.roll(servers.length)]}/${tool}` : tool;
    return { tool, name, token: `t${++tokens}` };
  }
  // The answer to the request `id`, of JSON or of a stream.
  async read(answer, id) {
    if (!answer.headers.get('content-type')?.startsWith('text/event-stream')) {
      const text = await answer.text();
      // The run was closed by another actor, and its session with it.
      if (answer.status === 401 || answer.status === 404) return { over: answer.status };
      return text.startsWith('{') ? JSON.parse(text) : { status: `${answer.status} ${text}` };
    }
    for await (const { message } of events(answer)) {
      if (message?.id === id && message.method === undefined) return message;
    }
    return { status: 'the stream ended' };
  }
  // What came of a call, as a word to count; what was answered has to be this call's.
  met({ tool, token }, message) {
    if (message.over) {
      this.count(`over: ${message.over}`);
      return 'run_halted';
    }
    const said = message.result?.content?.[0]?.text ?? '';
    const decision = message.result?._meta?.['pawl/decision'];
    if (message.result && !message.result.isError && !decision?.code?.startsWith('pending')) {
      if (said !== `${tool} ${token}`) this.world.strange(`${tool} ${token} was answered: ${said}`);
      if (tool === 'drop') this.world.strange(`${tool} was executed`);
      this.count('done');
      this.count(`done: ${this.role}`);
    } else {
      const other = `answered: ${JSON.stringify(message.error ?? message)}`.slice(0, 110);
      this.count(decision?.code ?? other);
    }
    return decision?.code;
  }
}

export class Older extends Actor {
  async work(calls) {
    const { url } = this;
    const params = {
      protocolVersion: older,
      capabilities: {},
      clientInfo: { name: 'soak', version: '1' },
    };
    const hello = await this.post(url, { jsonrpc: '2.0', id: 0, method: 'initialize', params });
    const session = hello.headers.get('mcp-session-id');
    await this.read(hello, 0);
    if (!session) return;
    const fields = { 'mcp-session-id': session, 'mcp-protocol-version': older };
    const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' };
    await this.post(url, initialized, this.bearer, fields);
    for (let id = 1; id <= calls && !this.world.stopping; ++id) {
      const call = this.call();
      const { name, token } = call;
      const _meta = { progressToken: id };
      const params = { name, arguments: { token }, _meta };
      const message = { jsonrpc: '2.0', id, method: 'tools/call', params };
      const leaves = this.roll(12) === 0 ? AbortSignal.timeout(20 + this.roll(100)) : undefined;
      let code;
      try {
        const answer = await this.post(url, message, this.bearer, fields, leaves);
        code = this.met(call, await this.read(answer, id));
      } catch (error) {
        this.count(leaves ? 'left' : `no answer: ${error.name}`);
        const cancelled = { requestId: id, reason: 'soak' };
        const words = { jsonrpc: '2.0', method: 'notifications/cancelled', params: cancelled };
        await this.post(url, words, this.bearer, fields);
      }
      if (code === 'run_halted') break;
    }
    if (this.roll(3) > 0) {
      const headers = { ...fields, authorization: this.bearer };
      await fetch(url, { method: 'DELETE', headers, signal: AbortSignal.timeout(patience) });
    }
  }
}

export class Modern extends Actor {
  async work(calls) {
    for (let id = 1; id <= calls && !this.world.stopping; ++id) {
      const { url } = this;
      const call = this.call();
      const { name, token } = call;
      const fields = {
        'mcp-protocol-version': modern,
        'mcp-method': 'tools/call',
        'mcp-name': name,
      };
      const params = { name, arguments: { token }, _meta: envelope() };
      const leaves = this.roll(12) === 0 ? AbortSignal.timeout(20 + this.roll(100)) : undefined;
      const ask = (more) =>
        this.post(
          url,
          { jsonrpc: '2.0', id, method: 'tools/call', params: { ...params, ...more } },
          this.bearer,
          fields,
          leaves,
        ).then((answer) => this.read(answer, id));
      try {
        let message = await ask({});
        while (message.result?.resultType === 'input_required') {
          message = await ask({ requestState: message.result.requestState });
        }
        if (this.met(call, message) === 'run_halted') break;
      } catch (error) {
        this.count(leaves ? 'left' : `no answer: ${error.name}`);
      }
    }
  }
}

// Uses the decision API: it executes what is allowed by itself, and says so with another key.
export class Orchestrator extends Actor {
  async work(calls) {
    const base = `${this.world.origin}/v1/runs/${this.run}/calls`;
    for (let id = 1; id <= calls && !this.world.stopping; ++id) {
      const tool = this.draw();
      const body = { tool, arguments: { token: `t${++tokens}` }, wait_seconds: 5 };
      const answer = await this.post(base, body, this.bearer, { accept: 'application/json' });
      const said = await answer.json();
      this.count(`asked: ${said.effect ?? answer.status} ${said.code ?? JSON.stringify(said)}`);
      if (said.code === 'run_halted' || answer.status === 401) break;
      if (said.effect !== 'allow') continue;
      if (tool === 'drop') this.world.strange('drop was allowed');
      // Now and then the executor forgets to say what happened.
      if (this.roll(15) === 0 && forgotten < forgotten_max) {
        ++forgotten;
        continue;
      }
      const outcome = this.roll(5) === 0 ? 'failed' : 'completed';
      const words = outcome === 'failed' ? { error: 'soak' } : { result: { ok: true } };
      const settle = `Bearer ${this.world.keys.executor}`;
      await this.post(`${base}/${said.call}/outcome`, { outcome, ...words }, settle);
    }
  }
}
