// Pages that are typed: the fenced blocks of README.md and of the guides, in their order, by a
// person who has never used pawl: a home directory with nothing in it, and where this runs as root,
// another user. A block of `sh` is typed, a block of `yaml` is a file or a part of one, and a block of `text`
// behind one of `sh` is what it prints: `…` stands for anything.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { modules, pawl, removed } from './world.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const nobody = 65534;
const own = 'build/release/src/app';

// The blocks of a page, or of the sections of it whose headings these are: `{lang, text, shown}`.
export function blocks(file, ...headings) {
  const text = readFileSync(path.join(root, file), 'utf8');
  const sections = text.split(/^(?=## )/m);
  const chosen =
    headings.length === 0
      ? sections
      : headings.map((heading) => {
          const found = sections.find((section) => section.startsWith(`## ${heading}\n`));
          assert.ok(found, `${file} has no section ${heading}`);
          return found;
        });
  const all = [];
  for (const [, lang, body] of chosen.join('').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)) {
    if (lang === 'text') all.at(-1).shown = body;
    else all.push({ lang, text: body, shown: '' });
  }
  return all;
}

// The rows of the page's table of clients: `{client, setting}`.
export function clients(file) {
  const text = readFileSync(path.join(root, file), 'utf8');
  const table = /^\| client \| configuration \|\n.*\n((?:\|.*\n)+)/m.exec(text)[1];
  return table
    .trim()
    .split('\n')
    .map((row) => {
      const [, client, setting] = /^\| ([^|]+) \| (.*) \|$/.exec(row);
      return { client, setting };
    });
}

// Whether this was printed: every line that the page shows, in its order, whatever stands between.
export function assertShown(printed, shown, what) {
  const plain = printed.replaceAll(/\x1b\[[0-9;]*m/g, '').replaceAll(/[ \t]+/g, ' ');
  let at = 0;
  for (const line of shown.split('\n').filter((each) => each.trim())) {
    const words = line.trim().replaceAll(/\s+/g, ' ');
    const pattern = words
      .split(/ ?… ?/)
      .map((part) => RegExp.escape?.(part) ?? part.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
      .join('.*?');
    const found = new RegExp(pattern).exec(plain.slice(at));
    assert.ok(found, `${what}\nshows: ${words}\nand prints:\n${plain}`);
    at += found.index + found[0].length;
  }
}

// What `npx -y` starts: the packages that the tests have installed.
const npx = `#!/bin/sh
[ "$1" = -y ] && shift
package=$1
shift
case $package in
  @modelcontextprotocol/inspector) package=mcp-inspector ;;
  @modelcontextprotocol/*) package=mcp-\${package#@modelcontextprotocol/} ;;
esac
exec ${process.execPath} "$(readlink -f "${modules}/.bin/$package")" "$@"
`;

export class Newcomer {
  // `files`: what of this repository lies in the folder in which is typed.
  constructor(...files) {
    this.dir = mkdtempSync(path.join(tmpdir(), 'pawl-typed-'));
    this.home = path.join(this.dir, 'home');
    this.at = path.join(this.dir, 'pawl');
    this.bin = path.join(this.dir, 'bin');
    const program = path.join(this.at, own);
    for (const place of [this.home, this.bin, program]) mkdirSync(place, { recursive: true });
    for (const file of files) {
      cpSync(path.join(root, file), path.join(this.at, file), { recursive: true });
    }
    copyFileSync(pawl, path.join(program, 'pawl'));
    chmodSync(path.join(program, 'pawl'), 0o755);
    this.write(path.join(this.bin, 'npx'), npx, 0o755);
    this.passphrase = path.join(this.home, 'passphrase');
    this.write(this.passphrase, 'correct horse battery\n', 0o600);
    this.user = process.getuid() === 0 ? { uid: nobody, gid: nobody } : {};
    chmodSync(this.dir, 0o755);
    if (this.user.uid) spawnSync('chown', ['-R', `${nobody}:${nobody}`, this.home, this.at]);
    this.env = {
      HOME: this.home,
      PATH: `${program}:${this.bin}:/usr/local/bin:/usr/bin:/bin`,
      PAWL_PASSPHRASE_FILE: this.passphrase,
      PAWL_NODE_IDLE: '20s',
      MCP_INSPECTOR_SECRET_STORE: 'memory',
    };
    this.started = [];
  }
  write(file, text, mode = 0o644) {
    const place = path.resolve(this.at, file);
    writeFileSync(place, text, { mode });
    chmodSync(place, mode);
    if (this.user?.uid) chownSync(place, nobody, nobody);
  }
  // The shell in which a block is typed; `more` are words for its environment.
  shell(text, more = {}) {
    const options = { cwd: this.at, env: { ...this.env, ...more }, ...this.user };
    const child = spawn('bash', ['--norc', '-euc', text], options);
    this.started.push(child);
    child.text = '';
    child.stdin.on('error', () => {});
    child.stderr.on('data', (bytes) => (child.text += bytes));
    child.over = new Promise((resolve) => child.on('exit', resolve));
    return child;
  }
  read(file) {
    return readFileSync(path.resolve(this.at, file), 'utf8');
  }
  // To its end; `says` is what is typed where it asks, at a terminal if it has to be one.
  async run(text, { says = '', tty = false } = {}) {
    const child = tty
      ? this.shell('exec script -qefc "$TYPED" /dev/null', { TYPED: `bash --norc -euc '${text}'` })
      : this.shell(text);
    child.stdout.on('data', (bytes) => (child.text += bytes));
    child.stdin.end(says);
    const status = await child.over;
    return { status, out: child.text };
  }
  // A block of a page, which has to be good unless `status` says otherwise, and to print what the
  // page shows.
  async type(block, { status = 0, says, tty, words = (text) => text } = {}) {
    const done = await this.run(words(block.text), { says, tty });
    assert.equal(done.status, status, `${block.text}\n${done.out}`);
    assertShown(done.out, words(block.shown), block.text);
    return done.out;
  }
  async end() {
    for (const child of this.started) child.kill('SIGKILL');
    spawnSync('pkill', ['-f', `pawl node --state-dir ${this.home}/`]);
    await removed(this.dir);
  }
}

// What a client does with its setting: starts the command, and speaks MCP with it.
export class Client {
  constructor(newcomer, text) {
    this.child = newcomer.shell(text);
    this.waiting = new Map();
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      const message = JSON.parse(line);
      this.waiting.get(message.id)?.(message);
    });
    this.next = 1;
  }
  send(message) {
    this.child.stdin.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n');
  }
  ask(method, params) {
    const id = this.next++;
    this.send({ id, method, params });
    return new Promise((resolve, reject) => {
      this.waiting.set(id, resolve);
      this.child.over.then(() => reject(new Error(`it ended: ${this.child.text}`)));
      setTimeout(() => reject(new Error(`no answer: ${this.child.text}`)), 60_000).unref();
    });
  }
  async open() {
    const hello = await this.ask('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'newcomer', version: '1' },
    });
    this.send({ method: 'notifications/initialized' });
    return hello.result;
  }
  call(name, args) {
    return this.ask('tools/call', { name, arguments: args });
  }
}
