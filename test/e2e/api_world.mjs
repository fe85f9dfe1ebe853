// A `pawl serve` with agents, and callers of its decision API.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { World, pawl, sleep } from './world.mjs';

export const clerk = `
version: 1
agent: {id: clerk, identity: clerk@example}
tools:
  allowed:
    - {name: read_note, class: read_only, scope: [title]}
    - {name: put_note, class: reversible small}
    - {name: crm/get_name, class: read_only}
    - {name: send_mail, class: irreversible small, requires_approval: true}
    - {name: touch, class: reversible small, max_records_per_run: 10}
approval: {reviewers: [leads], within: 60s}
execution: {max_steps: 60, max_denials: 30}
`;

export class Gatehouse extends World {
  // `agents`: name -> what stands beside the key.
  constructor(policy = clerk, agents = {}) {
    super(policy);
    this.config = path.join(this.dir, 'config', 'pawl', 'pawl.yaml');
    this.keys = {};
    mkdirSync(path.dirname(this.config), { recursive: true });
    const all = {
      orchestrator: '',
      other: '',
      executor: 'rights: [settle, watch], ',
      spokesman: 'rights: [propose, speak], ',
      ...agents,
    };
    this.write('');
    const lines = Object.entries(all).map(([name, more]) => {
      const made = JSON.parse(this.make('keys', 'create', name, '--json'));
      this.keys[name] = made.key;
      return `  ${name}: {role: clerk, ${more}keys: ["${made.keep}"]}\n`;
    });
    this.write(`agents:\n${lines.join('')}`);
    this.enrol();
    this.killNode();
  }
  write(agents) {
    const listen = 'listen: {mcp: "127.0.0.1:0"}\n';
    const roles = `roles:\n  clerk: {file: "${this.policy}"}\n`;
    writeFileSync(this.config, `version: 1\n${listen}${roles}${agents}`, { mode: 0o600 });
  }
  // A command that has no state directory.
  make(...words) {
    return spawnSync(pawl, words, { env: this.env, encoding: 'utf8' }).stdout;
  }
  async serve() {
    this.node = spawn(pawl, ['serve', '--state-dir', this.state], { env: this.env });
    this.said = '';
    this.ended = new Promise((resolve) => this.node.on('exit', resolve));
    for (const stream of [this.node.stdout, this.node.stderr]) {
      stream.on('data', (bytes) => {
        this.said += bytes;
      });
    }
    for (let i = 0; i < 200 && !this.address; ++i) {
      this.address = this.said.match(/serving at (http:\S+)/)?.[1];
      if (!this.address) await sleep(50);
    }
    assert.ok(this.address, this.said);
    return this;
  }
  async stop(signal = 'SIGTERM') {
    this.node.kill(signal);
    this.address = undefined;
    return this.ended;
  }
  async end() {
    this.node?.kill('SIGKILL');
    await super.end();
  }
  log() {
    return readFileSync(path.join(this.state, 'node.log'), 'utf8');
  }
  // One request; the body of the answer is JSON.
  async ask(token, method, target, body, more = {}) {
    const headers = { ...more };
    if (token) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] ??= 'application/json';
    const answer = await fetch(this.address + target, {
      method,
      headers,
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    const json = answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
    return { status: answer.status, headers: answer.headers, json };
  }
  async run(body = {}, as = 'orchestrator') {
    const opened = await this.ask(this.keys[as], 'POST', '/v1/runs', body);
    assert.equal(opened.status, 201, JSON.stringify(opened.json));
    return opened.json;
  }
  propose(run, tool, args, more = {}) {
    return this.ask(run.credential, 'POST', `/v1/runs/${run.run}/calls`, {
      tool,
      arguments: args,
      ...more,
    });
  }
  settle(run, call, outcome, as = 'executor') {
    const target = `/v1/runs/${run.run}/calls/${call}/outcome`;
    return this.ask(this.keys[as] ?? as, 'POST', target, outcome);
  }
  records(type) {
    const lines = this.pawl('audit', 'query', '--json').out.split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line)).filter((record) => record.type === type);
  }
}
