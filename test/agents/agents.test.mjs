// Agents as people install them, each through one session of work with the gateway between it and
// a file server: a call that is allowed, one that is denied and whose reason reaches the agent, and
// one that a person approves while the agent waits. Their models are stand-ins on this machine, and
// what they are asked goes through the gateway too.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Served } from '../e2e/served.mjs';
import { pawl, sleep } from '../e2e/world.mjs';
import { agents, modules } from './agents.mjs';
import { Model } from './model.mjs';

const server = path.join(modules, '@modelcontextprotocol/server-filesystem/dist/index.js');
const chosen = (process.env.PAWL_AGENTS ?? Object.keys(agents).join(',')).split(',');
const patience = 120_000;
const real = 'the-key-of-the-deployment';

const policy = (folder, more = '') => `
version: 1
agent: {id: tester, identity: tester@example}
models: {allowed: [{name: "*", uses: ["*"]}]}
tools:
  allowed:
    - name: read_text_file
      class: read_only
      args: {path: {path: {under: "${folder}"}}}
    - name: write_file
      class: irreversible small
      args: {path: {path: {under: "${folder}"}}}
      requires_approval: true
      approval_timeout_seconds: 90
${more}`;

class Desk extends Served {
  // The gateway with one agent that has a key, in front of the file server and the model.
  async open(model, more) {
    this.work = path.join(realpathSync(this.dir), 'work');
    mkdirSync(this.work);
    writeFileSync(path.join(this.work, 'hello.txt'), 'the marker is heliotrope\n');
    writeFileSync(this.policy, policy(this.work, more));
    this.enrol();
    this.killNode();
    const plain = `version: 1
listen: {mcp: "127.0.0.1:0"}
roles: {tester: {file: policy.yaml, servers: [files]}}
people: {default_reviewers: [leads], ada: {groups: [leads]}}
servers: {files: {command: ["${process.execPath}", "${server}", "${this.work}"]}}
credentials: {real: {env: REAL_KEY}}
models:
${['openai', 'anthropic', 'gemini'].map((name) => `  ${name}: {url: "${model.url}", credential: real}`).join('\n')}
`;
    this.env.REAL_KEY = real;
    this.config = path.join(this.dir, 'pawl.yaml');
    writeFileSync(this.config, plain);
    const words = ['keys', 'create', 'desk', '--config', this.config, '--json'];
    const made = spawnSync(pawl, words, { env: this.env, encoding: 'utf8' });
    assert.equal(made.status, 0, made.stderr);
    const { key, keep } = JSON.parse(made.stdout);
    this.key = key;
    writeFileSync(this.config, plain + `agents: {desk: {role: tester, keys: ["${keep}"]}}\n`);
    await this.serve();
    assert.ok(this.origin, this.log);
    return this;
  }
  // Starts the agent; its words are kept.
  start(make) {
    const home = path.join(this.dir, 'home');
    mkdirSync(home);
    const proxy = `${this.origin}/llm`;
    const given = { home, work: this.work, model: proxy, gate: this.url, key: this.key };
    const { command, env } = make(given);
    const surroundings = { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8', ...env };
    this.said = '';
    const [program, ...words] = command;
    this.agent = spawn(program, words, {
      cwd: this.work,
      env: surroundings,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.agent.stdout, this.agent.stderr]) {
      stream.on('data', (bytes) => (this.said += bytes));
    }
    this.left = new Promise((resolve) => {
      this.agent.on('exit', resolve);
      this.agent.on('error', (error) => resolve(error.message));
    });
    const timer = setTimeout(() => this.agent.kill('SIGKILL'), patience);
    this.left.then(() => clearTimeout(timer));
  }
  // The question that the agent's call became, or null where the agent left without one.
  async asked() {
    const left = this.left.then(() => true);
    for (;;) {
      const { out } = await this.later('approvals', 'list', '--json');
      const open = JSON.parse(out || '[]');
      if (open.length > 0) return open[0];
      if (await Promise.race([left, sleep(100)])) return null;
    }
  }
  async end() {
    this.agent?.kill('SIGKILL');
    await super.end();
  }
}

test('no agent can reach anything but this machine', {
  skip: process.env.PAWL_AGENTS_NETWORK === 'open' && 'PAWL_AGENTS_NETWORK=open',
}, () => {
  assert.deepEqual(Object.keys(networkInterfaces()), ['lo']);
});

for (const name of chosen) {
  describe(name, { timeout: patience + 30_000 }, () => {
    let desk, model, answered, question;
    before(async () => {
      model = new Model([]);
      await model.begin();
      desk = await new Desk('').open(model);
      const inside = (file) => path.join(desk.work, file);
      const turn = (tool, args) => ({ server: 'files', tool, args });
      model.turns.push(
        turn('read_text_file', { path: inside('hello.txt') }),
        turn('read_text_file', { path: '/etc/hostname' }),
        turn('write_file', { path: inside('made.txt'), content: 'by the agent' }),
        { text: 'finished' },
      );
      desk.start(agents[name]);
      question = await desk.asked();
      if (question) {
        assert.equal(existsSync(inside('made.txt')), false, 'written before it was approved');
        answered = await desk.later('approvals', 'approve', question.approval, '--as', 'ada');
      }
      await desk.left;
    });
    after(async () => {
      model.end();
      await desk.end();
    });

    const told = () => `${[...model.missing]}\n${desk.said.slice(-3000)}\n${desk.log.slice(-2000)}`;
    test('reads what it may read', () => {
      assert.match(model.results[0] ?? '', /heliotrope/, told());
    });
    test('is told why it may not read elsewhere, and goes on', () => {
      assert.match(model.results[1] ?? '', /pawl/, told());
      assert.match(model.results[1], /path/, told());
      assert.ok(model.results.length > 2, told());
    });
    test('waits for a person, and what was approved is done', () => {
      assert.equal(answered?.status, 0, answered?.err ?? told());
      assert.equal(readFileSync(path.join(desk.work, 'made.txt'), 'utf8'), 'by the agent');
      assert.match(model.results[2] ?? '', /made\.txt/, told());
    });
    test('leaves a journal that says all of it', () => {
      const lines = desk.pawl('audit', 'query', '--json').out.split('\n').filter(Boolean);
      const calls = lines.map((line) => JSON.parse(line)).filter((r) => r.type === 'call.decided');
      const asked = calls.filter((call) => call.server?.startsWith('model:'));
      assert.ok(asked.length >= 4, 'each turn of the model is a call');
      assert.ok(asked.every((call) => call.effect === 'allow'));
      const tools = calls.filter((call) => !asked.includes(call));
      const verdicts = tools.map((call) => `${call.tool}: ${call.effect}`);
      const expected = [
        'read_text_file: allow',
        'read_text_file: deny',
        'write_file: hold',
        'write_file: allow',
      ];
      assert.deepEqual(verdicts, expected);
      const ended = lines.map((line) => JSON.parse(line)).filter((r) => r.spent);
      assert.equal(ended.length, asked.length, 'and has an end with what it used');
      assert.equal(desk.pawl('audit', 'verify').status, 0);
    });
    test('its model sees the key of the deployment, and never that of the agent', () => {
      const seen = JSON.stringify(model.headers);
      assert.ok(model.headers.length > 0 && !seen.includes(desk.key));
      assert.ok(model.headers.every((each) => JSON.stringify(each).includes(real)));
    });
  });
}

// A model that asks for the same call for ever: the run ends at its ceiling, and so does the agent.
for (const name of chosen) {
  describe(`${name}, whose model asks without end`, { timeout: patience + 30_000 }, () => {
    let desk, model, left, records;
    before(async () => {
      model = new Model([]);
      await model.begin();
      desk = await new Desk('').open(model, 'execution: {max_model_calls: 3}\n');
      const args = { path: path.join(desk.work, 'hello.txt') };
      const turn = { server: 'files', tool: 'read_text_file', args };
      model.turns.push(...Array.from({ length: 100 }, () => turn));
      desk.start(agents[name]);
      left = await desk.left;
      const lines = desk.pawl('audit', 'query', '--json').out.split('\n').filter(Boolean);
      records = lines.map((line) => JSON.parse(line));
    });
    after(async () => {
      model.end();
      await desk.end();
    });

    test('is stopped at its ceiling, and says why on its own screen', () => {
      assert.equal(model.requests, 3, desk.said.slice(-2000));
      assert.match(desk.said, /pawl: .*requests to models/, desk.said.slice(-3000));
    });
    test('does not go on trying', () => {
      assert.notEqual(left, 'SIGKILL');
      const calls = records.filter((r) => r.type === 'call.decided');
      const denied = calls.filter((r) => r.server?.startsWith('model:') && r.effect === 'deny');
      assert.ok(denied.length >= 1 && denied.length <= 2, `asked ${denied.length} times more`);
    });
    test('leaves a halted run that people are told of', () => {
      assert.ok(records.some((r) => r.halt && r.code === 'ceiling'));
      assert.ok(records.some((r) => r.type === 'escalated' || r.type.startsWith('escalation')));
    });
  });
}
