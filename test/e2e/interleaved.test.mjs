// Two runs of two agents at one server, with the same ids and progress tokens, and everything at
// the same time: calls, progress, questions and cancellations. Nothing of one reaches the other,
// whether each has a process, they share one, or the server is over HTTP; for clients of both eras.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { text, until } from './endpoint.mjs';
import { serve } from './over_http.mjs';
import { Served, events } from './served.mjs';
import { sleep } from './world.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const mingled = path.join(here, 'mingled.mjs');
const names = ['ada', 'bob'];
const capabilities = { elicitation: { form: {} } };
const many = 8;
const role = (name) => `
version: 1
agent: {id: ${name}, identity: ${name}@example}
tools:
  allowed:
    - {name: [crm/read_back, crm/read_who, crm/wait], class: read_only}
    - {name: "mcp:elicitation/create", class: read_only}
accept_risk:
  - {rule: "tools/mcp:elicitation/create/class", reason: t, owner: t@example, until: 2030-01-01}
`;

async function* messages(answer) {
  if (answer.headers.get('content-type')?.startsWith('application/json')) yield answer.json();
  else for await (const { message } of events(answer)) if (message) yield message;
}

// One of the two: what it sends, and everything that it hears.
class Agent {
  constructor(world, name) {
    Object.assign(this, { world, name, heard: [], questions: 0 });
  }
  at() {
    this.world.url = `${this.world.origin}/mcp/${this.name}`;
    return this.world;
  }
  words(tool, id) {
    return `${tool} ${id} of ${this.name}`;
  }
  // Sends a call and reads all of its answer; a question is answered by who is asked.
  async call(tool, id, { more = {}, signal } = {}) {
    const words = this.words(tool, id);
    const params = { name: tool, arguments: { words }, _meta: { progressToken: id }, ...more };
    let last;
    for await (const message of messages(await this.send(params, id, signal))) {
      this.heard.push(message);
      if (message.method === 'notifications/progress') {
        const { progressToken, message: said } = message.params;
        assert.deepEqual([progressToken, said], [id, words]);
      }
      if (message.method === 'elicitation/create') await this.reply(message);
      last = message;
    }
    assert.equal(last.id, id);
    return last.result ?? assert.fail(JSON.stringify(last));
  }
  // Whose question it is: it names the call, and the call names its agent.
  answer({ message }) {
    const [, call] = /asks: read_who (\d+) of (\w+)\?$/.exec(message) ?? assert.fail(message);
    assert.ok(message.endsWith(`of ${this.name}?`), `${this.name} was asked ${message}`);
    this.questions += 1;
    return { action: 'accept', content: { to: `${this.name}-${call}` } };
  }
}

class Older extends Agent {
  async open() {
    this.session = await this.at().open({ elicitation: {} });
    return this;
  }
  send(params, id, signal) {
    this.at();
    return this.session.post('tools/call', params, { id, signal });
  }
  reply({ id, params }) {
    const result = this.answer(params);
    return this.at().post({ jsonrpc: '2.0', id, result }, this.session.headers);
  }
  async who(id) {
    return text(await this.call('read_who', id));
  }
  async cancelled(id, sent) {
    const stop = new AbortController();
    const call = this.call('wait', id, { signal: stop.signal });
    call.catch(() => {});
    await sent();
    this.at();
    await this.session.tell('notifications/cancelled', { requestId: id });
    return () => stop.abort();
  }
}

class Modern extends Agent {
  async open() {
    return this;
  }
  send(params, id, signal) {
    return this.at().ask('tools/call', params, { id, capabilities, signal });
  }
  reply(message) {
    assert.fail(`a modern client was sent ${JSON.stringify(message)}`);
  }
  async who(id) {
    const leg = await this.call('read_who', id);
    if (leg.resultType !== 'input_required') return text(leg);
    const [[key, question], ...none] = Object.entries(leg.inputRequests);
    assert.deepEqual(none, []);
    const inputResponses = { [key]: this.answer(question.params) };
    const more = { inputResponses, requestState: leg.requestState };
    return text(await this.call('read_who', id, { more }));
  }
  async cancelled(id, sent) {
    const stop = new AbortController();
    const call = this.call('wait', id, { signal: stop.signal });
    call.catch(() => {});
    await sent();
    stop.abort();
    return () => {};
  }
}

const command = (w) => JSON.stringify([process.execPath, mingled, w.record]);
const ways = {
  'a process for each': (t, w) => `command: ${command(w)}`,
  'a shared process': (t, w) => `shared: true, command: ${command(w)}`,
  'a server over HTTP': async (t, w) => `url: "${(await serve(t, mingled, [w.record, 'http'])).url}"`,
};

async function world(t, way, Era) {
  const w = new Served('');
  t.after(() => w.end());
  for (const name of names) writeFileSync(path.join(w.dir, `${name}.yaml`), role(name));
  w.config = path.join(w.dir, 'pawl.yaml');
  writeFileSync(
    w.config,
    `version: 1
listen: {mcp: "127.0.0.1:0"}
roles: {ada: {file: ada.yaml, servers: [crm]}, bob: {file: bob.yaml, servers: [crm]}}
servers: {crm: {${await ways[way](t, w)}}}
`,
  );
  await w.serve();
  assert.ok(w.origin, w.log);
  return [w, await Promise.all(names.map((name) => new Era(w, name).open()))];
}
const ids = (from) => Array.from({ length: many }, (_, i) => from + i);
const of = (line) => /of (\w+)$/.exec(line.params.arguments.words)[1];

for (const way of Object.keys(ways)) {
  for (const Era of [Older, Modern]) {
    const era = Era === Older ? 'older' : 'modern';
    test(`S08 two runs of ${era} clients at ${way} never see each other’s messages`, async (t) => {
      const [w, agents] = await world(t, way, Era);
      const shared = way === 'a shared process';
      const alone = way === 'a process for each';
      const all = [];
      const ends = [];
      const reached = (agent, id) => () =>
        until(() => w.calls('wait').find((one) => one.params.arguments.words === agent.words('wait', id)));
      for (let i = 0; i < many; ++i) {
        for (const agent of agents) {
          all.push(agent.call('read_back', 1 + i).then((result) => {
            assert.equal(text(result), agent.words('read_back', 1 + i));
          }));
          all.push(agent.who(101 + i).then((said) => {
            const own = `${agent.words('read_who', 101 + i)} for ${agent.name}-${101 + i}`;
            const none = `${agent.words('read_who', 101 + i)} for method not found`;
            if (shared) return assert.equal(said, none);
            // Which of several calls a pipe's question is about, a modern client cannot be told.
            const either = alone && Era === Modern;
            return assert.ok(said === own || (either && said === none), said);
          }));
          all.push(agent.cancelled(201 + i, reached(agent, 201 + i)).then((end) => ends.push(end)));
        }
      }
      await Promise.all(all);
      await until(() => w.seen('notifications/cancelled').length === 2 * many);
      for (const end of ends) end();
      // Those that were cancelled are those that waited, each of them once, and where they were.
      const calls = w.calls();
      const found = w.seen('notifications/cancelled').map(({ place, params }) => {
        const at = calls.filter((one) => one.place === place && one.id === params.requestId);
        assert.equal(at.length, 1);
        return at[0].params.arguments.words;
      });
      const waited = agents.flatMap((agent) => ids(201).map((id) => agent.words('wait', id)));
      assert.deepEqual(found.sort(), waited.sort());
      // Alone, each is asked and answers for itself, also at the same time.
      if (alone && Era === Modern) {
        const own = (id) => names.map((name) => `read_who ${id} of ${name} for ${name}-${id}`);
        // What was cancelled is still on its way to its end for a moment.
        for (let id = 7; ; ++id) {
          const said = await Promise.all(agents.map((agent) => agent.who(id)));
          if (said.join() === own(id).join()) break;
          assert.ok(id < 200, said.join());
          await sleep(50);
        }
      }
      for (const [i, agent] of agents.entries()) {
        const other = names[1 - i];
        for (const one of agent.heard) {
          const heard = JSON.stringify(one);
          assert.ok(!heard.includes(`of ${other}`) && !heard.includes(`${other}-`), heard);
        }
        const steps = agent.heard.filter((one) => one.method === 'notifications/progress');
        assert.ok(steps.length > many, `${steps.length} steps of progress`);
        if (shared) assert.equal(agent.questions, 0);
        else if (!alone || Era === Older) assert.equal(agent.questions, many);
      }
      const places = (name) =>
        new Set(calls.filter((one) => of(one) === name).map((one) => one.place));
      const [mine, theirs] = names.map(places);
      if (shared) assert.deepEqual([...mine], [...theirs]);
      else assert.ok([...mine].every((place) => !theirs.has(place)));
      // What each answered arrived where it was asked.
      for (const { place, result } of w.seen().filter((one) => one.result?.content?.to)) {
        const own = result.content.to.startsWith('ada') ? mine : theirs;
        assert.ok(own.has(place), result.content.to);
      }
      const runs = (await w.later('runs', 'list', '--json')).out;
      assert.ok(names.every((name) => runs.includes(`"${name}"`)), runs);
      const audit = await w.later('audit', 'verify');
      assert.equal(audit.status, 0, audit.err);
    });
  }
}
