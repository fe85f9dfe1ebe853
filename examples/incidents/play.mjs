// Plays one incident against the real pawl: an agent, the company's tool server behind its policy,
// two reviewers, and the timeline at the end.
//   node play.mjs environment|database|mail|deploy    PAWL names the program, PAWL_MODULES the
//                                                     folder of npm packages
// A test plays the same stories and looks at what `play` returns.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startPostgres } from './postgres.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const indented = (text) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');

class Stage {
  constructor(story, { pawl, modules, tell }) {
    Object.assign(this, { story, pawl, modules, tell, undo: [] });
    this.dir = mkdtempSync(path.join(tmpdir(), 'pawl-incident-'));
    this.undo.push(() => rmSync(this.dir, { recursive: true, force: true, maxRetries: 20 }));
    this.env = {
      ...process.env,
      XDG_CONFIG_HOME: path.join(this.dir, 'config'),
      XDG_STATE_HOME: path.join(this.dir, 'state'),
      PAWL_PASSPHRASE_FILE: path.join(this.dir, 'passphrase'),
      PAWL_NODE_IDLE: '1s',
      PAWL_RUN: story.name,
      NO_COLOR: '1',
    };
    this.policy = path.join(this.dir, 'policy.yaml');
    cpSync(path.join(here, story.name, 'policy.yaml'), this.policy);
    this.file = path.join(this.dir, 'world.json');
    writeFileSync(this.file, JSON.stringify(story.world ?? {}));
  }

  run(...words) {
    const done = spawnSync(this.pawl, words, { env: this.env, encoding: 'utf8', timeout: 60_000 });
    return { status: done.status, out: done.stdout, err: done.stderr };
  }
  must(...words) {
    const done = this.run(...words);
    if (done.status !== 0) throw new Error(`pawl ${words.join(' ')}: ${done.err}${done.out}`);
    return done.out;
  }

  // In life each types a passphrase of their own; here one file holds it for both.
  enrol() {
    writeFileSync(this.env.PAWL_PASSPHRASE_FILE, 'correct horse battery\n', { mode: 0o600 });
    for (const who of ['ada', 'grace']) {
      this.must('reviewers', 'add', who, '--group', this.story.group, '--as', 'ada');
    }
  }

  // The company, in the state in which the day begins. False where it cannot be had here.
  async open() {
    let psql = [];
    if (this.story.database) {
      const postgres = startPostgres({ after: (stop) => this.undo.unshift(stop) });
      if (!postgres) return false;
      const made = postgres.sql(this.story.database);
      if (made.status !== 0) throw new Error(made.stderr);
      this.sql = (text) => postgres.sql(text).stdout.trim();
      psql = ['psql', '-X', postgres.url];
    }
    this.enrol();
    const sdk = (name) =>
      import(
        pathToFileURL(path.join(this.modules, '@modelcontextprotocol/sdk/dist/esm', name)).href
      );
    const { Client } = await sdk('client/index.js');
    const { StdioClientTransport } = await sdk('client/stdio.js');
    const words = [path.join(here, 'company.mjs'), this.modules, this.file, this.story.server];
    const company = ['--policy', this.policy, '--', process.execPath, ...words, ...psql];
    // In production a tool is what a person has looked at: its definition is accepted before.
    this.must('accept', '--as', 'ada', '--yes', ...company);
    const transport = new StdioClientTransport({
      command: this.pawl,
      args: ['mcp', ...company],
      env: this.env,
      stderr: 'ignore',
    });
    this.client = new Client({ name: 'agent', version: '1.0.0' }, { capabilities: {} });
    this.undo.unshift(() => this.client.close());
    await this.client.connect(transport);
    return true;
  }

  async question() {
    for (let i = 0; i < 400; ++i) {
      const open = JSON.parse(this.must('approvals', 'list', '--json'));
      if (open.length > 0) return open[0].approval;
      await sleep(25);
    }
    throw new Error('no question was asked');
  }

  // What people see of a held call, and what they do about it, one after the other.
  async people(acts) {
    const id = await this.question();
    this.tell('\n  THE REVIEWERS see');
    this.tell(indented(this.must('approvals', 'show', id)));
    const done = [];
    for (const { who, does, ...more } of acts) {
      const words = Object.entries(more).flatMap(([name, value]) => [`--${name}`, value]);
      if (does === 'change') words.push('--yes');
      const shown = words.map((word) => (/^[\w./-]+$/.test(word) ? word : JSON.stringify(word)));
      this.tell(`\n  ${who}$ pawl approvals ${does} ${id} ${shown.join(' ')}`);
      const said = this.must('approvals', does, id, '--as', who, ...words);
      this.tell(indented(said.trim().split('\n').at(-1)));
      done.push(does);
    }
    return done;
  }

  async play(step) {
    this.tell(`\n  THE AGENT ${step.says}`);
    this.tell(`    ${step.tool} ${JSON.stringify(step.args)}`);
    const call = this.client.callTool({ name: step.tool, arguments: step.args }, undefined, {
      onprogress: () => {},
      resetTimeoutOnProgress: true,
      timeout: 120_000,
    });
    const acts = step.people ? await this.people(step.people) : [];
    const result = await call;
    const text = result.content.map((part) => part.text ?? part.type).join('\n');
    this.tell(`\n    ${result.isError ? '✗' : '✓'} ${text.trim().split('\n').join('\n      ')}`);
    return { step, acts, refused: result.isError === true, text };
  }

  async end() {
    for (const undo of this.undo) await undo();
  }
}

export async function play(name, { pawl, modules, tell = () => {} }) {
  const { default: told } = await import(`./${name}/story.mjs`);
  const story = { name, ...told };
  const stage = new Stage(story, { pawl, modules, tell });
  try {
    tell(`\n${story.title}\n\n  ${story.plot}`);
    if (!(await stage.open())) return null;
    const before = stage.sql ? stage.sql(story.look) : null;
    const played = [];
    for (const step of story.steps) played.push(await stage.play(step));
    await stage.client.close();
    const after = stage.sql ? stage.sql(story.look) : JSON.parse(readFileSync(stage.file, 'utf8'));
    tell('\n  THE TIMELINE');
    const timeline = stage.must('replay', 'last');
    tell(indented(timeline));
    const proof = stage.must('audit', 'verify');
    tell(indented(proof));
    tell(`\n  IN THE END\n    ${story.moral(after, before)}`);
    return { story, played, before, after, timeline, proof };
  } finally {
    await stage.end();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of process.argv.slice(2)) {
    const settings = { pawl: process.env.PAWL, modules: process.env.PAWL_MODULES };
    const done = await play(name, { ...settings, tell: console.log });
    if (done === null) console.log('\n  PostgreSQL is not installed: apt-get install postgresql');
  }
}
