// Asks a pawl gateway whether a call may run, and says what became of it.
//
//   const pawl = new Pawl({ address: 'https://gate.example', key: process.env.PAWL_KEY });
//   const run = await pawl.open({ key: 'ticket-141' });
//   const decision = await run.propose('read_note', { id: '7' });
//   if (decision.effect === 'allow') {
//     const result = await execute(decision.tool, decision.arguments);
//     const kept = await executor.settle(run.id, decision.call, { outcome: 'completed', result });
//     // give `kept.result` to the agent, not `result`
//   }
//
// `execute` gets exactly the arguments that were decided, which may be spelled otherwise than those
// that were proposed. Who settles has a key of its own, which the agent does not see.
// Needs nothing but `fetch`.

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Arguments = { [name: string]: Json };

export type Allowed = {
  effect: 'allow';
  code: 'none';
  call: string;
  tool: string;
  server?: string;
  arguments: Arguments;
  class: string;
  settle_by: string;
  scope?: string[];
  credential?: string;
  approval?: string;
  notify?: boolean;
  /** What was decided of a call that may run because its role is watched and not stopped. */
  decided?: 'deny' | 'hold';
  enforced?: false;
};
export type Refused = {
  effect: 'deny' | 'hold';
  code: string;
  reason: string;
  tool: string;
  server?: string;
  call?: string;
  approval?: string;
  rule?: string;
  rule_at?: string;
  policy?: string;
  retryable?: boolean;
  warning?: string;
};
export type Decision = Allowed | Refused;

export type Outcome =
  | { outcome: 'completed'; result?: Arguments; records?: number }
  | { outcome: 'failed'; error?: string; records?: number }
  | { outcome: 'cancelled' };
export type Settlement = {
  call: string;
  outcome: 'completed' | 'failed' | 'cancelled' | 'indeterminate';
  result?: Arguments;
  error?: string;
  code?: string;
  reason?: string;
  warning?: string;
  withheld?: number;
};

export type RunState = {
  run: string;
  phase: 'open' | 'halted' | 'killed' | 'closed';
  agent?: string;
  sponsor?: string;
  parent_run?: string;
  why?: string;
  steps?: number;
  denials?: number;
  /** Of a sub-run: its calls that were sent, or are about to be; their records where those are bounded. */
  calls?: number;
  records?: number;
};
export type Opened = RunState & { credential: string; audience: string; expires: string };

export type NewRun = {
  key?: string;
  task?: Arguments;
  user_text?: string;
  sponsor?: string;
  lasts_seconds?: number;
  audience?: 'api' | 'mcp';
};
export type NewSubRun = {
  agent: string;
  /** The door that the credential is for: with `mcp`, that of the role, and not this one. */
  audience?: 'api' | 'mcp';
  tools?: string[];
  /** `calls` that are executed, and the `records` that they touch. */
  limits?: { steps?: number; denials?: number; calls?: number; records?: number };
  lasts_seconds?: number;
};
export type ProposeOptions = {
  server?: string;
  definition?: Arguments;
  // How long a held call is waited for in all; the gateway is asked again until then.
  patience_seconds?: number;
  signal?: AbortSignal;
  onHeld?: (held: Refused) => void;
};
export type RunEvent = { id: string; type: string; data: Arguments };

// The gateway said no to the request itself: not known, not permitted, not there, too much.
export class PawlError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, reason: string) {
    super(`${status} ${code}: ${reason}`);
    this.name = 'PawlError';
    this.status = status;
    this.code = code;
  }
}

export type Options = { address: string; key: string; fetch?: typeof fetch };
const leg_seconds = 45;

// What every caller has: an address, and what proves who it is.
class Caller {
  readonly address: string;
  readonly #token: string;
  readonly #fetch: typeof fetch;
  constructor({ address, key, fetch: other }: Options) {
    this.address = address.replace(/\/$/, '');
    this.#token = key;
    this.#fetch = other ?? fetch;
  }
  async request(method: string, path: string, body?: unknown, signal?: AbortSignal, more = {}) {
    const answer = await this.#fetch(this.address + path, {
      method,
      redirect: 'error',
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...more,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
    if (answer.ok) return answer;
    const said = (await answer.json().catch(() => ({}))) as { code?: string; reason?: string };
    throw new PawlError(answer.status, said.code ?? 'internal', said.reason ?? answer.statusText);
  }
  async json<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    return (await this.request(method, path, body, signal)).json() as Promise<T>;
  }
}

export class Run {
  readonly id: string;
  readonly opened: Opened;
  readonly #caller: Caller;
  constructor(opened: Opened, options: Options) {
    this.id = opened.run;
    this.opened = opened;
    this.#caller = new Caller({ ...options, key: opened.credential });
  }
  // What the agent may be given: it is good for this run and nothing else.
  get credential() {
    return this.opened.credential;
  }
  // Comes back for a held call until somebody answered, or the patience is over.
  async propose(tool: string, args: Arguments, options: ProposeOptions = {}): Promise<Decision> {
    const { server, definition, patience_seconds = leg_seconds, signal, onHeld } = options;
    const until = Date.now() + patience_seconds * 1000;
    for (;;) {
      const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      const decision = await this.#caller.json<Decision>(
        'POST',
        `/v1/runs/${this.id}/calls`,
        { tool, arguments: args, server, definition, wait_seconds: Math.min(left, leg_seconds) },
        signal,
      );
      if (decision.effect !== 'hold') return decision;
      onHeld?.(decision);
      if (Date.now() >= until) return decision;
    }
  }
  // With `audience: 'mcp'` the credential is for the sub-agent's client; what that run may be asked
  // here, this one asks: `stateOf`, `closeSub`.
  async sub(wanted: NewSubRun): Promise<Run> {
    const opened = await this.#caller.json<Opened>('POST', '/v1/runs', wanted);
    return new Run(opened, { address: this.#caller.address, key: opened.credential });
  }
  state(): Promise<RunState> {
    return this.#caller.json('GET', `/v1/runs/${this.id}`);
  }
  close(): Promise<RunState> {
    return this.#caller.json('POST', `/v1/runs/${this.id}/close`);
  }
  stateOf(sub: string): Promise<RunState> {
    return this.#caller.json('GET', `/v1/runs/${sub}`);
  }
  closeSub(sub: string): Promise<RunState> {
    return this.#caller.json('POST', `/v1/runs/${sub}/close`);
  }
}

// With the key of an agent.
export class Pawl {
  readonly #options: Options;
  readonly #caller: Caller;
  constructor(options: Options) {
    this.#options = options;
    this.#caller = new Caller(options);
  }
  async open(wanted: NewRun = {}): Promise<Run> {
    return new Run(await this.#caller.json<Opened>('POST', '/v1/runs', wanted), this.#options);
  }
  // Needs the right `settle`. Once for each call.
  settle(run: string, call: string, outcome: Outcome): Promise<Settlement> {
    return this.#caller.json('POST', `/v1/runs/${run}/calls/${call}/outcome`, outcome);
  }
  // Needs the right `watch`. Ends when the gateway or `signal` ends it; go on with the last `id`.
  async *events(run: string, options: { after?: string; signal?: AbortSignal } = {}) {
    const { after = '', signal } = options;
    const answer = await this.#caller.request('GET', `/v1/runs/${run}/events`, undefined, signal, {
      accept: 'text/event-stream',
      ...(after ? { 'last-event-id': after } : {}),
    });
    // Read by hand: an iterator over the body does not always hear of the signal.
    const reader = answer.body!.getReader();
    const stop = () => void reader.cancel().catch(() => {});
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    const decoder = new TextDecoder();
    let text = '';
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        text += decoder.decode(value, { stream: true });
        const blocks = text.split('\n\n');
        text = blocks.pop()!;
        for (const block of blocks) {
          const field = (name: string) =>
            block
              .split('\n')
              .filter((line) => line.startsWith(`${name}: `))
              .map((line) => line.slice(name.length + 2))
              .join('\n');
          if (!field('data')) continue;
          const event: RunEvent = {
            id: field('id'),
            type: field('event'),
            data: JSON.parse(field('data')),
          };
          yield event;
        }
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      stop();
    }
  }
}
