// kill -9 of the node, and sometimes of its shims, at random moments under load. The upstream is
// the recording server: what it executed is compared with what the journal says was decided.
//   node test/crash/kill9.mjs ROUNDS [SEED]      a failing round prints the seed that repeats it
// Processes are not scheduled by the seed: it repeats the choices of a round, not its interleaving.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { code, pawl, sleep, turned_away, World } from '../e2e/world.mjs';
import { readJournal } from './journal.mjs';

const rounds = Number(process.argv[2] ?? 20);
const firstSeed = Number(process.argv[3] ?? Date.now() % 1_000_000);
if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(firstSeed)) {
  console.error('usage: test/crash/run ROUNDS [SEED]');
  process.exit(2);
}

// mulberry32: small, and the same everywhere.
function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { below: (n) => Math.floor(next() * n), chance: (p) => next() < p };
}

const policyOf = ({ steps, records }) => `
version: 1
agent: {id: crash, identity: crash@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only, args: {customer_id: {max_length: 40}}}
    - {name: update_order_status, class: reversible small, max_records_per_run: ${records}, args: {order_id: {max_length: 40}}}
    - {name: send_customer_email, class: irreversible small, args: {to: {max_length: 40}, body: {max_length: 40}}, approval: {within: 20s}}
execution: {max_steps: ${steps}}
`;
const token = {
  read_customer_record: 'customer_id',
  update_order_status: 'order_id',
  send_customer_email: 'to',
};

// `denial_records_max` of src/gate.
const refusalsWrittenOut = 16;

class Crashing extends World {
  // By id: only processes whose command line names this world's own directory.
  nodes() {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
          return words[1] === 'node' && words.includes(this.state);
        } catch {
          return false;
        }
      })
      .map(Number);
  }
  killNode() {
    const found = this.nodes();
    for (const pid of found) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        /* it was already gone */
      }
    }
    return found.length;
  }
  async end() {
    for (const client of this.clients) client.child.kill('SIGKILL');
    this.killNode();
    await sleep(20);
    rmSync(this.dir, { recursive: true, force: true });
  }
  ask(...args) {
    return new Promise((resolve) => {
      execFile(
        pawl,
        [...args, '--state-dir', this.state],
        { env: this.env, timeout: 20_000 },
        (error, out, err) => resolve({ status: error ? (error.code ?? 'killed') : 0, out, err }),
      );
    });
  }
}

const total = { executed: 0, approved: 0, nodes: 0 };

class Round {
  constructor(seed) {
    this.random = random(seed);
    this.limits = { steps: 12 + this.random.below(30), records: 2 + this.random.below(8) };
    this.people = this.random.chance(0.4);
    this.world = new Crashing(policyOf(this.limits));
    this.runs = ['alpha', 'beta'].slice(0, 1 + this.random.below(2));
    this.next = 0;
    this.answered = []; // what a client was told: {name, token, run, code}
    this.halted = new Set(); // runs whose client was told so
    this.kills = []; // tools whose kill was acknowledged
    this.stopping = false;
    this.nodesKilled = 0;
  }

  async client(run) {
    for (let attempt = 0; attempt < 3; ++attempt) {
      const client = await this.world.client({ env: { PAWL_RUN: run } });
      client.run = run;
      if (client.server && !turned_away(client)) return client;
      await client.close();
    }
    throw new Error(`no client could join the run: ${this.world.clients.at(-1).err}`);
  }

  async call(client, name) {
    const key = `${client.run}-${this.next++}`;
    const args =
      name === 'send_customer_email'
        ? { to: key, body: 'b' }
        : name === 'update_order_status'
          ? { order_id: key }
          : { customer_id: key };
    const killedBefore = this.kills.includes(name);
    const haltedBefore = this.halted.has(client.run);
    const answer = await Promise.race([client.call(name, args), client.closed.then(() => null)]);
    if (answer === null) return 'gone';
    const said = code(answer) ?? (answer.isError || answer.error ? 'error' : 'ran');
    if (killedBefore && said === 'ran')
      throw new Error(`${name} ran after its kill was acknowledged`);
    if (haltedBefore && said === 'ran') throw new Error(`${name} ran in a halted run`);
    if (said === 'run_halted') this.halted.add(client.run);
    this.answered.push({ name, token: key, run: client.run, code: said });
    return said;
  }

  // One agent: calls until its connection is gone or the round has heard enough.
  async load(client, calls) {
    for (let i = 0; i < calls && !this.stopping; ++i) {
      const dice = this.random.below(10);
      const name =
        dice < 5
          ? 'read_customer_record'
          : dice < 8 || !this.people
            ? 'update_order_status'
            : 'send_customer_email';
      const said = await this.call(client, name);
      if (said === 'gone') return;
      if (said === 'run_halted' && this.random.chance(0.5)) return;
    }
  }

  async approver() {
    while (!this.stopping) {
      const list = await this.world.ask('approvals', 'list', '--json');
      if (list.status === 0) {
        for (const open of JSON.parse(list.out)) {
          if (open.phase === 'open')
            await this.world.ask('approvals', 'approve', open.approval, '--as', 'ada');
        }
      }
      await sleep(30);
    }
  }

  async killTool() {
    await sleep(this.random.below(80));
    const tool = this.random.chance(0.5) ? 'read_customer_record' : 'update_order_status';
    const done = await this.world.ask('kill', 'tool', tool, '--reason', 'drill');
    if (done.status === 0) this.kills.push(tool);
  }

  // Load, and in the middle of it the end of the node.
  async storm() {
    const clients = [];
    for (let i = 0; i < 2 + this.random.below(2); ++i)
      clients.push(await this.client(this.runs[i % this.runs.length]));
    this.stopping = false;
    const work = clients.flatMap((client) => [this.load(client, 20), this.load(client, 20)]);
    if (this.people) work.push(this.approver());
    if (this.random.chance(0.3)) work.push(this.killTool());
    await sleep(this.people ? 400 + this.random.below(1000) : this.random.below(150));
    if (this.random.chance(0.3)) clients[0].child.kill('SIGKILL');
    if (this.random.chance(0.3)) await sleep(this.random.below(20));
    this.nodesKilled += this.world.killNode();
    this.stopping = true;
    await Promise.all(clients.map((client) => client.closed));
    await Promise.all(work);
  }

  async run() {
    if (this.people) this.world.enrol();
    const storms = 1 + this.random.below(2);
    for (let i = 0; i < storms; ++i) await this.storm();
    if (this.nodesKilled === 0) throw new Error('no node was killed: the round tested nothing');
    await this.after();
    this.check(readJournal(this.world.state));
    total.nodes += this.nodesKilled;
    const verified = await this.world.ask('audit', 'verify');
    const known = !/there is no command|unknown|no such command/i.test(verified.err);
    if (known && verified.status !== 0)
      throw new Error(`the journal does not verify: ${verified.out}${verified.err}`);
    return known;
  }

  // A new node: what was stopped is stopped still, and what was not goes on.
  async after() {
    for (const run of this.runs) {
      const client = await this.client(run);
      for (const tool of [
        ...new Set(this.kills),
        ...(this.halted.has(run) ? ['read_customer_record'] : []),
      ]) {
        const said = await this.call(client, tool);
        if (said === 'ran' || said === 'gone')
          throw new Error(`${tool} was stopped before the crash, and after it: ${said}`);
      }
      await this.call(client, 'read_customer_record');
      await client.close();
    }
    const status = await this.world.ask('status', '--json');
    if (status.status !== 0) throw new Error(`no status: ${status.err}`);
    const stands = JSON.parse(status.out);
    for (const tool of this.kills) {
      if (!stands.kills.some((kill) => kill.name === tool))
        throw new Error(`the kill of ${tool} is gone`);
    }
    if (!stands.ok) throw new Error(`the node gives no grants: ${stands.fault}`);
  }

  check(records) {
    records.forEach((record, i) => {
      if (record.seq !== i) throw new Error(`record ${i} has the number ${record.seq}`);
    });
    const decided = decisions(records);
    const executed = this.world
      .calls()
      .map(({ params }) => ({ name: params.name, token: params.arguments[token[params.name]] }));
    const once = new Set(executed.map((call) => call.token));
    if (once.size !== executed.length) throw new Error('a call was executed twice');
    for (const call of executed) {
      const found = decided.find((d) => d.tool === call.name && d.token === call.token);
      if (!found?.runs)
        throw new Error(
          `${call.name} ${call.token} was executed without a decision that let it run`,
        );
      if (call.name === 'send_customer_email' && !found.approved)
        throw new Error(`${call.token} was executed without an approval`);
    }
    for (const answer of this.answered.filter(({ code: said }) => said === 'ran')) {
      if (!once.has(answer.token))
        throw new Error(`${answer.token} was answered and never executed`);
    }
    total.executed += executed.length;
    total.approved += executed.filter((call) => call.name === 'send_customer_email').length;
    for (const run of this.runs)
      this.checkCeilings(
        run,
        executed.filter((call) => call.token.startsWith(`${run}-`)),
        records,
      );
    this.checkAnswers(decided, records);
  }

  checkCeilings(run, executed, records) {
    if (executed.length > this.limits.steps)
      throw new Error(`${executed.length} calls of ${run} against ${this.limits.steps} steps`);
    const orders = executed.filter((call) => call.name === 'update_order_status').length;
    if (orders > this.limits.records)
      throw new Error(`${orders} records of ${run} against ${this.limits.records}`);
    const opened = records.filter(
      (record) => record.type === 'run.opened' && record.key.endsWith(`:${run}`),
    );
    if (opened.length !== 1) throw new Error(`the run ${run} was opened ${opened.length} times`);
  }

  // What a client was told is in the journal. Only behind the first refusals of a minute, which are
  // records each, more of them are counted in memory, so a crash may lose how many they were.
  checkAnswers(decided, records) {
    const ids = new Map(
      records.filter((r) => r.type === 'run.opened').map((r) => [r.key.split(':').at(-1), r.run]),
    );
    for (const answer of this.answered) {
      if (decided.some((d) => d.tool === answer.name && d.token === answer.token)) continue;
      const refused = records.filter(
        (r) => r.type === 'call.decided' && r.effect === 'deny' && r.run === ids.get(answer.run),
      );
      if (answer.code === 'ran' || refused.length < refusalsWrittenOut) {
        throw new Error(
          `answered, but not in the journal: ${JSON.stringify(answer)}, of ${refused.length} refusals`,
        );
      }
    }
  }
}

// The decisions of one journal, one entry per call: its arguments, whether it may run, who said so.
function decisions(records) {
  const calls = new Map();
  const approved = new Set(
    records
      .filter((r) => r.type === 'approval.answered' && r.answer === 'approve')
      .map((r) => r.approval),
  );
  const used = new Set();
  for (const record of records.filter((r) => r.type === 'call.decided')) {
    const call = calls.get(record.call) ?? {
      tool: record.tool,
      token: undefined,
      runs: false,
      approved: false,
    };
    calls.set(record.call, call);
    for (const text of record.payloads) call.token ??= tokenOf(text, record.tool);
    if (record.code !== 'none' || !['allow', 'notify'].includes(record.effect)) continue;
    call.runs = true;
    if (!approved.has(record.approval) || used.has(record.approval)) continue;
    used.add(record.approval);
    call.approved = true;
  }
  return [...calls.values()];
}

function tokenOf(text, tool) {
  try {
    return JSON.parse(text)[token[tool]];
  } catch {
    return undefined;
  }
}

let passed = 0;
let failed = 0;
let verified = 0;
for (let i = 0; i < rounds; ++i) {
  const seed = firstSeed + i;
  const round = new Round(seed);
  try {
    verified += (await round.run()) ? 1 : 0;
    ++passed;
  } catch (error) {
    ++failed;
    console.log(`seed ${seed}: ${error.message}`);
    if (process.env.VERBOSE) {
      console.log(error.stack);
      for (const client of round.world.clients) console.log(client.err);
      const log = `${round.world.state}/node.log`;
      if (existsSync(log)) console.log(readFileSync(log, 'utf8'));
    }
  }
  await round.world.end();
}
console.log(
  `${total.nodes} nodes killed, ${total.executed} calls executed, ${total.approved} of them after an approval`,
);
if (verified < passed)
  console.log(
    `${passed - verified} rounds without \`audit verify\`: this program has no such command`,
  );
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
