// One case at both doors: a client over pipes of `pawl mcp`, and one over HTTP of `pawl serve`, which
// send what they are told to and keep what they hear. A world of either starts its server again
// with other manners, enrols a reviewer, and accepts what that server offers.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Served, events, read } from './served.mjs';
import { open } from './tester.mjs';
import { World, fixture } from './world.mjs';

export const doors = ['stdio', 'http'];

// [world, client] of a fixture with these manners behind this door; `behind`: the command of
// another server, made of the world; `files`: what lies beside the policy, by name.
export async function begin(t, door, options = {}) {
  const { policy = open, mode = '', capabilities = {}, behind, files = {} } = options;
  const w = new { stdio: Piped, http: Reached }[door](policy);
  t.after(() => w.end());
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(w.dir, name), text);
  w.behind = behind?.(w);
  await w.start(mode);
  return [w, await w.join(capabilities)];
}

class Piped extends World {
  start(mode) {
    this.mode = mode;
  }
  join(capabilities) {
    const args = this.behind ? ['--server', 'crm'] : [];
    return this.client({ mode: this.mode, command: this.behind, args, capabilities });
  }
  async again(client, mode) {
    await client.close();
    this.start(mode);
    return this.join({});
  }
  accept(person) {
    const command = ['node', fixture, this.record, this.mode];
    return this.pawl('accept', '--policy', this.policy, '--yes', '--as', person, '--', ...command);
  }
}

class Reached extends Served {
  async start(mode) {
    this.mode = mode;
    await this.begin({ mode, command: this.behind });
    assert.ok(this.origin, this.log);
  }
  async join(capabilities) {
    return new Client(await this.open(capabilities));
  }
  enrol() {
    const words = ['reviewers', 'add', 'ada', '--group', 'leads', '--config', this.config];
    const done = this.pawl(...words);
    if (done.status !== 0) throw new Error(done.err);
  }
  async again(client, mode) {
    await client.close();
    this.node.kill('SIGTERM');
    await this.ended;
    const command = (manners) =>
      JSON.stringify([process.execPath, fixture, this.record, manners].filter(Boolean));
    const [before, after] = [command(this.mode), command(mode)];
    const text = readFileSync(this.config, 'utf8');
    assert.ok(text.includes(before), text);
    writeFileSync(this.config, text.replace(before, after));
    this.mode = mode;
    await this.serve();
    return this.join({});
  }
  accept(person) {
    const where = ['--config', this.config, '--server', 'crm'];
    return this.pawl('accept', '--policy', this.policy, '--yes', '--as', person, ...where);
  }
}

// As they come; what is not a stream of events comes whole.
async function* messages(answer) {
  const streams = answer.headers.get('content-type')?.startsWith('text/event-stream');
  if (!streams) return yield* await read(answer);
  for await (const { message } of events(answer)) if (message) yield message;
}

class Client {
  constructor(session) {
    this.session = session;
    this.heard = [];
    this.hear().catch(() => {});
  }
  async hear() {
    for await (const { message } of events(await this.session.listen())) {
      if (message) this.heard.push(message);
    }
  }
  async request(method, params) {
    let last;
    for await (const message of messages(await this.session.post(method, params))) {
      this.heard.push(message);
      last = message;
    }
    return last;
  }
  // An answer to what the server asked.
  respond(id, result) {
    return this.session.world.post({ jsonrpc: '2.0', id, result }, this.session.headers);
  }
  async call(name, args, _meta) {
    const answer = await this.request('tools/call', { name, arguments: args, _meta });
    return answer.result ?? answer;
  }
  close() {
    return this.session.close();
  }
}
