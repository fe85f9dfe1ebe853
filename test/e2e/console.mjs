// A node with a console and two reviewers, a browser for it, and a person who signs with a key of
// WebCrypto like the page does, but is not a page: for what a browser would never send.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { Served } from './served.mjs';
import { modules, sleep } from './world.mjs';

export const passphrase = 'correct horse battery';
const { subtle } = globalThis.crypto;

export async function until(found, what = 'it') {
  for (let i = 0; i < 3000; ++i) {
    const value = await found();
    if (value) return value;
    await sleep(20);
  }
  throw new Error(`${what} never came`);
}

// Everybody is a lead, and eve is an auditor besides.
export class Watched extends Served {
  async begin({ persons = ['ada', 'bob', 'eve'], tls = '', ...options } = {}) {
    const listen = `{mcp: "127.0.0.1:0", console: "127.0.0.1:0"${tls}}`;
    await super.begin({ listen, ...options });
    if (!this.origin) throw new Error(this.log);
    for (const name of persons) {
      const words = ['reviewers', 'add', name, '--group', 'leads', '--config', this.config];
      const done = await this.later(...words, '--as', 'ada');
      if (done.status !== 0) throw new Error(done.err);
    }
    const auditors = persons.includes('eve') ? '  auditors: [eve]\n' : '';
    const roles = `  default_reviewers: [leads]\n${auditors}`;
    this.edit((text) => text.replace('people:\n', `people:\n${roles}`));
    await until(() => this.log.includes('was read again'), 'the new file');
    this.console = this.json('console').address;
    this.port = Number(new URL(this.console).port);
    return this;
  }
  edit(change) {
    writeFileSync(this.config, change(readFileSync(this.config, 'utf8')));
    this.node.kill('SIGHUP');
  }
  // A request exactly as it is said, without what a browser or a client would add.
  request(method, place, headers = {}, body = undefined) {
    const { request } = this.ca ? https : http;
    const where = { host: '127.0.0.1', port: this.port, path: `/console/${place}`, ca: this.ca };
    return new Promise((resolve, reject) => {
      const asked = request(
        { ...where, method, headers },
        (answer) => {
          let text = '';
          answer.on('data', (bytes) => (text += bytes));
          answer.on('end', () =>
            resolve({ status: answer.statusCode, headers: answer.headers, text }),
          );
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }
  // The answer as soon as its head is there.
  stream(place, headers) {
    const where = { host: '127.0.0.1', port: this.port, path: `/console/${place}`, headers };
    return new Promise((resolve, reject) => http.get(where, resolve).on('error', reject));
  }
  async person(name, words = passphrase) {
    const one = new Person(this, name);
    one.answer = await one.signIn(words);
    return one;
  }
}

const base64url = (bytes) => Buffer.from(bytes).toString('base64url');

export class Person {
  constructor(world, name) {
    this.world = world;
    this.name = name;
    this.origin = new URL(world.console).origin;
    this.headers = { origin: this.origin, 'content-type': 'application/json' };
  }
  async signIn(words) {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
    this.pair = await subtle.generateKey(algorithm, false, ['sign', 'verify']);
    const { kty, crv, x, y } = await subtle.exportKey('jwk', this.pair.publicKey);
    const body = `${JSON.stringify({ person: this.name, key: { kty, crv, x, y } })}\n${words}`;
    const headers = { origin: this.origin, 'content-type': 'application/octet-stream' };
    const answer = await this.world.request('POST', 'api/sign-in', headers, body);
    this.cookie = answer.headers['set-cookie']?.[0];
    const said = JSON.parse(answer.text);
    if (answer.status === 200) {
      this.said = said;
      this.headers['x-pawl-token'] = said.token;
      this.headers.cookie = this.cookie.split(';')[0];
    }
    return answer;
  }
  get(place, more = {}) {
    return this.world.request('GET', `api/${place}`, { ...this.headers, ...more });
  }
  async json(place) {
    return JSON.parse((await this.get(place)).text);
  }
  post(place, body = {}, more = {}) {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.world.request('POST', `api/${place}`, { ...this.headers, ...more }, text);
  }
  async nonce() {
    return JSON.parse((await this.post('challenge')).text).nonce;
  }
  // The body of an act; `over` changes it after it was signed.
  async signed(act, { nonce, pair = this.pair, origin = this.origin, over = {} } = {}) {
    const once = nonce ?? (await this.nonce());
    const keys = Object.keys(act).sort();
    const pairs = keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(act[key])}`);
    const text = `{${pairs.join(',')}}`;
    const digest = Buffer.from(await subtle.digest('SHA-256', Buffer.from(text))).toString('hex');
    const { node } = this.said;
    const lines = ['pawl console act v1', node, origin, this.name, once, `sha256:${digest}`, ''];
    const signature = await subtle.sign(
      { name: 'ECDSA', hash: 'SHA-256' },
      pair.privateKey,
      Buffer.from(lines.join('\n')),
    );
    return { act, nonce: once, signature: base64url(signature), ...over };
  }
  async act(act, options) {
    return this.post('act', await this.signed(act, options));
  }
  async approve(id, more = {}) {
    const { approval } = await this.json(`approvals/${id}`);
    const act = { kind: 'answer', approval: id, approve: true, reason: '', typed: '' };
    return this.act({ ...act, shown: approval.shown ?? '', ...more });
  }
}

// Debian's browser; nothing where it is not installed.
function browserPath() {
  const found = spawnSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' });
  const file = found.stdout.trim();
  return file && existsSync(file) ? file : null;
}
// Why a test that needs a browser is left out, or false. Where the caller named one, as
// scripts/test does after it installed it, leaving out is a failure: nothing was looked at.
export function browserless() {
  if (browserPath()) return false;
  const why = 'there is no `chromium` on the path';
  if (process.env.PAWL_BROWSER === 'required') throw new Error(why);
  return why;
}
export async function openBrowser() {
  const { chromium } = await import(path.join(modules, 'playwright-core/index.mjs'));
  return chromium.launch({
    executablePath: browserPath(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}
