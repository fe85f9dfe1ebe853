// Mixed load on one `pawl serve` for a while: clients of both eras and of the decision API, a
// person who answers some questions, an operator who kills, resumes and reloads, and tool servers
// with moods: a process for each, one that sessions share, one over HTTP, and two behind one
// endpoint. Afterwards: memory was flat, nothing ran twice or without a decision, no process is
// left, and the journal verifies.
//   node soak.mjs SECONDS SEED
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Served } from '../e2e/served.mjs';
import { pawl, sleep } from '../e2e/world.mjs';
import { Modern, Older, Orchestrator } from './actors.mjs';
import { dice } from './dice.mjs';

const seconds = Number(process.argv[2] ?? 120);
const seed = Number(process.argv[3] ?? Math.trunc(Math.random() * 1e9));
const here = path.dirname(fileURLToPath(import.meta.url));
const server = path.join(here, 'server.mjs');

// Which servers each role has.
const offered = {
  steady: ['steady'],
  moody: ['moody'],
  common: ['common'],
  remote: ['remote'],
  both: ['left', 'right'],
};
const policy = (role) => {
  const servers = offered[role];
  const named = (tool) =>
    servers.length > 1 ? `[${servers.map((one) => `${one}/${tool}`).join(', ')}]` : tool;
  const risks = (servers.length > 1 ? servers.map((one) => `${one}/put`) : ['put'])
    .map((name) => `  - {rule: tools/${name}/class, reason: soak, owner: ada, until: 2099-12-31}`);
  return `
version: 1
agent: {id: ${role}, identity: ${role}@example}
tools:
  allowed:
    - {name: ${named('look')}, class: read_only}
    - {name: ${named('put')}, class: reversible small}
    - name: ${named('send')}
      class: irreversible small
      requires_approval: true
      approval_timeout_seconds: 15
  blocked: [drop]
accept_risk:
${risks.join('\n')}
execution: {max_steps: 200, max_denials: 50, max_wall_clock: 1h}
`;
};

class Place extends Served {
  constructor() {
    super('');
    this.met = new Map();
    this.oddities = [];
    this.known = new Set();
    this.stopping = false;
    this.count = (what) => this.met.set(what, (this.met.get(what) ?? 0) + 1);
  }
  strange(what) {
    if (this.oddities.length < 20) this.oddities.push(what);
    else this.oddities.length = 20;
  }
  async open() {
    this.effects = path.join(this.dir, 'effects');
    writeFileSync(this.effects, '');
    this.offered = offered;
    this.roles = Object.keys(offered);
    const each = (make) => this.roles.map(make).join(', ');
    for (const role of this.roles) writeFileSync(path.join(this.dir, `${role}.yaml`), policy(role));
    const run = (mood) =>
      `command: ${JSON.stringify([process.execPath, server, this.effects, String(seed), mood])}`;
    const words = [path.join(here, 'remote.mjs'), this.effects, String(seed)];
    this.far = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    const port = Number(await new Promise((resolve) => this.far.stdout.once('data', resolve)));
    const servers = [
      `steady: {${run('steady')}}`,
      `moody: {${run('moody')}}`,
      `common: {shared: true, ${run('moody')}}`,
      `remote: {url: "http://127.0.0.1:${port}/mcp"}`,
      `left: {${run('moody')}}`,
      `right: {${run('steady')}}`,
    ];
    this.enrol();
    this.killNode();
    this.config = path.join(this.dir, 'pawl.yaml');
    const plain = `version: 1
listen: {mcp: "127.0.0.1:0"}
roles: {${each((role) => `${role}: {file: ${role}.yaml, servers: [${offered[role].join(', ')}]}`)}}
servers: {${servers.join(', ')}}
people: {default_reviewers: [leads], ada: {groups: [leads]}}
`;
    writeFileSync(this.config, plain);
    this.keys = {};
    const agents = [];
    for (const name of [...this.roles, 'executor']) {
      const words = ['keys', 'create', name, '--config', this.config, '--json'];
      const made = JSON.parse(spawnSync(pawl, words, { env: this.env, encoding: 'utf8' }).stdout);
      this.keys[name] = made.key;
      const role = name === 'executor' ? 'steady' : name;
      const rights = name === 'executor' ? 'rights: [settle, watch], ' : '';
      agents.push(`${name}: {role: ${role}, ${rights}keys: ["${made.keep}"]}`);
    }
    writeFileSync(this.config, `${plain}agents: {${agents.join(', ')}}\n`);
    await this.serve();
    if (!this.origin) throw new Error(this.log);
    return this;
  }
  // Processes that stand below the node, now.
  below() {
    const words = ['-P', String(this.node.pid)];
    return spawnSync('pgrep', words, { encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
  }
  status() {
    const text = readFileSync(`/proc/${this.node.pid}/status`, 'utf8');
    const files = readdirSync(`/proc/${this.node.pid}/fd`).length;
    const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(text)[1]);
    return { megabytes: kilobytes / 1024, files, servers: this.below().length };
  }
  records() {
    const done = spawnSync(
      pawl,
      ['audit', 'query', '--json', '--state-dir', this.state],
      { env: this.env, encoding: 'utf8', maxBuffer: 1 << 30 },
    );
    return done.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }
}

// Answers questions as people do: some yes, some no, some never.
async function person(world, roll) {
  while (!world.stopping) {
    await sleep(300);
    const { out } = await world.later('approvals', 'list', '--json');
    for (const { approval } of JSON.parse(out || '[]')) {
      const n = roll(4);
      if (n === 0 || world.stopping) continue;
      const verb = n === 1 ? 'deny' : 'approve';
      const reason = verb === 'deny' ? ['--reason', 'soak'] : [];
      const done = await world.later('approvals', verb, approval, '--as', 'ada', ...reason);
      world.count(`person: ${verb} ${done.status === 0 ? '' : 'too late'}`.trim());
    }
  }
}

// Disturbs: kills and resumes, reloads, and ends servers from outside.
async function operator(world, roll) {
  while (!world.stopping) {
    await sleep(1500 + roll(1500));
    // Where a run is halted, its agent stands still until an operator resumes it.
    switch (roll(2) === 0 ? 2 : roll(4)) {
      case 0: {
        await world.later('kill', 'tool', 'put', '--reason', 'soak');
        await sleep(300);
        const words = ['resume', 'tool', 'put', '--as', 'ada', '--reason', 'soak'];
        const { status } = await world.later(...words);
        world.count(status === 0 ? 'operator: killed and resumed' : 'operator: resume failed');
        break;
      }
      case 1:
        world.node.kill('SIGHUP');
        world.count('operator: reloaded');
        break;
      case 2: {
        const { out } = await world.later('runs', 'list', '--json');
        for (const { run, halted } of JSON.parse(out || '[]')) {
          if (!halted || world.stopping) continue;
          const words = ['resume', 'run', run, '--as', 'ada', '--reason', 'soak'];
          const { status } = await world.later(...words);
          world.count(status === 0 ? 'operator: resumed a run' : 'operator: run not resumed');
        }
        break;
      }
      default: {
        const servers = world.below();
        if (servers.length === 0) break;
        try {
          process.kill(Number(servers[roll(servers.length)]), 'SIGKILL');
          world.count('operator: ended a server');
        } catch {
          // It was gone already.
        }
      }
    }
  }
}

const world = await new Place().open();
console.log(`soak: ${seconds} s, seed ${seed}, node ${world.node.pid} at ${world.origin}`);
const started = Date.now();
const actors = [
  new Older(world, 'older', seed + 1),
  new Older(world, 'older', seed + 2),
  new Older(world, 'older', seed + 3),
  new Modern(world, 'modern', seed + 4),
  new Modern(world, 'modern', seed + 5),
  new Modern(world, 'modern', seed + 6),
  new Orchestrator(world, 'orchestrator', seed + 7),
];
const playing = [
  ...actors.map((actor) => actor.play()),
  person(world, dice(seed + 8)),
  operator(world, dice(seed + 9)),
];
const samples = [];
let died = false;
world.ended.then(() => (died = true));
while (Date.now() - started < seconds * 1000 && !died) {
  await sleep(1000);
  if (died) break;
  samples.push(world.status());
  if (samples.length % 10 === 0) {
    const { megabytes, files, servers } = samples.at(-1);
    const done = world.met.get('done') ?? 0;
    const at = String(Math.round((Date.now() - started) / 1000)).padStart(5);
    const size = `${megabytes.toFixed(1)} MB, ${files} descriptors, ${servers} servers`;
    console.log(`soak: ${at} s  ${done} calls done, ${world.met.get('runs') ?? 0} runs, ${size}`);
  }
}
world.stopping = true;
await Promise.race([Promise.all(playing), sleep(40_000)]);

let passed = 0;
let failed = 0;
const check = (what, fine, told = '') => {
  console.log(`${fine ? 'passed' : 'FAILED'}: ${what}${fine || !told ? '' : `\n  ${told}`}`);
  if (fine) ++passed;
  else ++failed;
};

check('the node lived', !died, world.log.slice(-2000));
const odd = world.oddities.join('\n  ');
check('every answer was that of its call', odd === '', odd);

// Flat: the last quarter is no larger than the second but for a sixth, and a little for pages that
// come late. What grows with every call or run grows by far more in that time.
const mean = (from, to) => {
  const part = samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to));
  return part.reduce((sum, { megabytes }) => sum + megabytes, 0) / part.length;
};
const [early, late] = [mean(0.25, 0.5), mean(0.75, 1)];
const grown = `${early.toFixed(1)} MB in the second quarter, ${late.toFixed(1)} MB in the last`;
check(`memory is flat: ${grown}`, late < early * 1.17 + 4);
const files = samples.map((sample) => sample.files);
check(`descriptors are bounded: at most ${Math.max(...files)}`, Math.max(...files) < 400);

const before = world.below();
world.node.kill('SIGTERM');
const status = await Promise.race([world.ended, sleep(30_000).then(() => 'still there')]);
world.far.kill('SIGKILL');
check('SIGTERM ends the node in order', status === 0, `${status}: ${world.log.slice(-2000)}`);
await sleep(200);
const left = before.filter((pid) => spawnSync('kill', ['-0', pid]).status === 0);
const others = spawnSync('pgrep', ['-f', world.effects], { encoding: 'utf8' }).stdout.trim();
check('no process is left', left.length === 0 && others === '', `${left} ${others}`);

const verified = world.pawl('audit', 'verify');
check('the journal verifies', verified.status === 0, verified.out + verified.err);
const records = world.records();
const allowed = new Map();
for (const record of records) {
  if (record.type !== 'call.decided' || record.effect !== 'allow') continue;
  if (record.server !== '') allowed.set(record.tool, (allowed.get(record.tool) ?? 0) + 1);
}
const effects = readFileSync(world.effects, 'utf8').split('\n').filter(Boolean);
const executed = (tool) => effects.filter((line) => line.startsWith(`${tool} `)).length;
for (const tool of ['put', 'send']) {
  const told = `${executed(tool)} executed, ${allowed.get(tool) ?? 0} allowed`;
  const some = executed(tool) > 0;
  check(`${tool}: ${told}`, some && executed(tool) <= (allowed.get(tool) ?? 0));
}
const idle = world.roles.filter((role) => !world.met.get(`done: ${role}`));
check('every way to a server was used', idle.length === 0, idle.join(' '));
check('nothing blocked was executed', executed('drop') === 0);
check('nothing was executed twice', new Set(effects).size === effects.length);

const counts = [...world.met].sort(([a], [b]) => (a < b ? -1 : 1));
console.log(`soak: ${records.length} records; what the actors met:`);
for (const [what, times] of counts) console.log(`  ${String(times).padStart(7)}  ${what}`);
await world.end();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
