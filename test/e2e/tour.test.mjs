// The tour of README.md, to the letter: its own commands, in their order, by somebody who has never
// used pawl: a home directory with nothing in it, and where this runs as root, another user.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pawl, removed, sleep } from './world.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const folder = '/tmp/pawl-example';
const nobody = 65534;

// The blocks of the tour, as they stand there.
function blocks() {
  const text = readFileSync(path.join(root, 'README.md'), 'utf8');
  const begin = text.indexOf('\n## A tour');
  const tour = text.slice(begin, text.indexOf('\n## ', begin + 4));
  return [...tour.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block);
}

// A file server for which nobody has to ask npm.
const server = `#!${process.execPath}
const say = (id, result) =>
  process.stdout.write(JSON.stringify({jsonrpc: '2.0', id, result}) + '\\n');
const schema = (...names) => ({type: 'object', required: names,
  properties: Object.fromEntries(names.map((name) => [name, {type: 'string'}]))});
const tools = [
  {name: 'read_file', inputSchema: schema('path'), annotations: {readOnlyHint: true}},
  {name: 'write_file', inputSchema: schema('path', 'content'), annotations: {destructiveHint: true}},
  {name: 'move_file', inputSchema: schema('source', 'destination')},
];
require('node:readline').createInterface({input: process.stdin}).on('line', (line) => {
  const {id, method, params} = JSON.parse(line);
  if (method === 'initialize') {
    return say(id, {protocolVersion: params.protocolVersion, capabilities: {tools: {}},
      serverInfo: {name: 'files', version: '1'}});
  }
  if (method === 'tools/list') return say(id, {tools});
  if (method === 'tools/call') return say(id, {content: [{type: 'text', text: 'done'}]});
  if (id !== undefined) say(id, {});
});
`;

class Newcomer {
  constructor() {
    this.dir = mkdtempSync(path.join(tmpdir(), 'pawl-tour-'));
    this.home = path.join(this.dir, 'home');
    const bin = path.join(this.dir, 'bin');
    for (const place of [this.home, bin]) mkdirSync(place);
    copyFileSync(pawl, path.join(bin, 'pawl'));
    writeFileSync(path.join(bin, 'npx'), server);
    this.passphrase = path.join(this.dir, 'passphrase');
    writeFileSync(this.passphrase, 'correct horse battery\n');
    for (const file of ['pawl', 'npx']) chmodSync(path.join(bin, file), 0o755);
    this.user = process.getuid() === 0 ? { uid: nobody, gid: nobody } : {};
    chmodSync(this.dir, 0o755);
    rmSync(folder, { recursive: true, force: true });
    if (this.user.uid) {
      for (const place of [this.home, this.passphrase]) chownSync(place, nobody, nobody);
    }
    chmodSync(this.passphrase, 0o600);
    this.bin = bin;
    this.env = {
      HOME: this.home,
      PATH: `${bin}:/usr/local/bin:/usr/bin:/bin`,
      PAWL_PASSPHRASE_FILE: this.passphrase,
      PAWL_NODE_IDLE: '20s',
    };
  }
  // As the tour has it; the folder of the program is another one here.
  words(block) {
    return block.replaceAll('build/release/src/app', path.relative(root, this.bin));
  }
  async run(block) {
    const options = { cwd: root, env: this.env, ...this.user };
    const child = spawn('bash', ['-euc', this.words(block)], options);
    let out = '';
    child.stdout.on('data', (bytes) => (out += bytes));
    child.stderr.on('data', (bytes) => (out += bytes));
    const status = await new Promise((resolve) => child.on('exit', resolve));
    return { status, out };
  }
  async end() {
    spawnSync('pkill', ['-f', `pawl node --state-dir ${this.home}/`]);
    await removed(this.dir);
    await removed(folder);
  }
}

// Whoever starts the command of step 4: a client.
class Client {
  constructor(newcomer, block) {
    const options = { cwd: root, env: newcomer.env, ...newcomer.user };
    this.child = spawn('bash', ['-euc', newcomer.words(block)], options);
    this.err = '';
    this.child.stderr.on('data', (bytes) => (this.err += bytes));
    this.waiting = new Map();
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      const message = JSON.parse(line);
      this.waiting.get(message.id)?.(message);
    });
    this.next = 1;
  }
  ask(method, params) {
    const id = this.next++;
    this.child.stdin.write(JSON.stringify({ jsonrpc: '2.0', id, method, params }) + '\n');
    return new Promise((resolve, reject) => {
      this.waiting.set(id, resolve);
      setTimeout(() => reject(new Error(`no answer: ${this.err}`)), 60_000).unref();
    });
  }
  call(name, args) {
    return this.ask('tools/call', { name, arguments: args });
  }
}

test('the tour of README works to the letter', async (t) => {
  const one = new Newcomer();
  t.after(() => one.end());
  const all = blocks();
  const has = (words) => all.find((block) => block.includes(words));
  const good = async (block) => {
    assert.ok(block, 'the tour has this step');
    const done = await one.run(block);
    assert.equal(done.status, 0, `${block}\n${done.out}`);
    return done.out;
  };
  await good(has('mkdir -p'));
  assert.match(await good(has('pawl check')), /file-agent/);
  assert.match((await one.run(has('pawl decide'))).out, /"deny"|deny/);
  await one.run(has('pawl explain'));
  await good(has('pawl test'));
  assert.match(await good(has('pawl reviewers add')), /enrolled {3}you/);

  const client = new Client(one, has('pawl mcp'));
  t.after(() => client.child.kill());
  await client.ask('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'tour', version: '1' },
  });
  const { result } = await client.ask('tools/list', {});
  assert.deepEqual(
    result.tools.map(({ name }) => name).sort(),
    ['move_file', 'read_file', 'write_file'],
  );
  const denied = await client.call('read_file', { path: '/etc/passwd' });
  assert.equal(denied.result.isError, true);
  const moved = client.call('move_file', {
    source: `${folder}/work/a`,
    destination: `${folder}/work/b`,
  });
  const answers = has('pawl approvals list');
  const list = answers.split('\n')[0];
  let asked = null;
  for (let i = 0; i < 200 && !asked; ++i) {
    asked = (await good(list)).match(/\ba-[0-9a-z]+/);
    if (!asked) await sleep(50);
  }
  assert.ok(asked, 'a question waits');
  // The block as it stands, with the question that there is in the place of the example.
  const said = await good(answers.replaceAll(/a-7k2\b/g, asked[0]));
  assert.match(said, /approved by you/);
  assert.equal((await moved).result.isError, undefined);
  assert.match(await good(has('pawl kill')), /resumed/);
  const looked = await good(has('pawl audit tail'));
  assert.match(looked, /verified/);
  assert.match(looked, /equal/);
});

test('who acts is said, or is the only one that there is', async (t) => {
  const one = new Newcomer();
  t.after(() => one.end());
  const none = await one.run('pawl resume all');
  assert.notEqual(none.status, 0);
  assert.match(none.out, /no reviewer is enrolled/);
  assert.equal((await one.run('pawl reviewers add you')).status, 0);
  assert.equal((await one.run('pawl kill all --reason x; pawl resume all')).status, 0);
  const wrong = await one.run('pawl kill all --reason x; pawl resume all --as yuo');
  assert.notEqual(wrong.status, 0);
  assert.match(wrong.out, /no reviewer is called `yuo`; enrolled is `you`/);
  assert.equal((await one.run('pawl reviewers add bob')).status, 0);
  const two = await one.run('pawl resume all');
  assert.notEqual(two.status, 0);
  assert.match(two.out, /--as NAME`; enrolled are `bob`, `you`/);
  assert.equal((await one.run('pawl resume all --as you')).status, 0);
  const named = await one.run('pawl kill all --reason x; PAWL_REVIEWER=bob pawl resume all');
  assert.equal(named.status, 0, named.out);
});
