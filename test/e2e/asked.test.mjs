// Whose question it is: what servers ask reaches the run, the session and the call that it belongs
// to, and no person where that cannot be told. Ids as in docs/reference/cases.md.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { text, until } from './endpoint.mjs';
import { Served, events, read } from './served.mjs';
import { sleep } from './world.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const role = (name) => `
version: 1
agent: {id: ${name}, identity: ${name}@example}
tools:
  allowed:
    - {name: [crm/read, crm/wait, crm/read_who], class: read_only}
    - {name: "mcp:elicitation/create", class: read_only}
accept_risk:
  - {rule: "tools/mcp:elicitation/create/class", reason: t, owner: t@example, until: 2030-01-01}
`;
const capabilities = { elicitation: { form: {} } };
const accept = (to) => ({ action: 'accept', content: { to } });

async function served(t, crm) {
  const w = new Served('');
  t.after(() => w.end());
  for (const name of ['ada', 'bob']) writeFileSync(path.join(w.dir, `${name}.yaml`), role(name));
  const started = `command: ${JSON.stringify([
    process.execPath,
    path.join(here, 'mortal.mjs'),
    w.record,
    'crm',
    path.join(w.dir, 'lie'),
  ])}`;
  w.config = path.join(w.dir, 'pawl.yaml');
  writeFileSync(
    w.config,
    `version: 1
listen: {mcp: "127.0.0.1:0"}
roles: {ada: {file: ada.yaml, servers: [crm]}, bob: {file: bob.yaml, servers: [crm]}}
servers: {crm: {${crm ?? started}}}
`,
  );
  await w.serve();
  assert.ok(w.origin, w.log);
  w.as = (name, id, params = {}) => {
    w.url = `${w.origin}/mcp/${name}`;
    const call = { name: 'read_who', arguments: { id }, ...params };
    return w.ask('tools/call', call, { id, capabilities });
  };
  return w;
}
const last = async (answer) => (await read(await answer)).at(-1);

test('S08 two runs that are asked at once each answer their own question', async (t) => {
  const w = await served(t);
  const [ada, bob] = await Promise.all([last(w.as('ada', 'a')), last(w.as('bob', 'b'))]);
  const question = (leg) => Object.entries(leg.result.inputRequests)[0];
  assert.match(question(ada)[1].params.message, /: a\?$/);
  assert.match(question(bob)[1].params.message, /: b\?$/);
  const retry = (leg, to) => ({
    inputResponses: { [question(leg)[0]]: accept(to) },
    requestState: leg.result.requestState,
  });
  // The state of one is none of the other's.
  const stolen = await last(w.as('bob', 'a', retry(ada, 'mallory')));
  assert.equal(stolen.error.code, -32602);
  assert.equal(text((await last(w.as('bob', 'b', retry(bob, 'bob')))).result), 'for bob');
  assert.equal(text((await last(w.as('ada', 'a', retry(ada, 'ada')))).result), 'for ada');
});

test('with several open calls a modern client is not asked what may be about any', async (t) => {
  const w = await served(t);
  w.url = `${w.origin}/mcp/ada`;
  const waits = new AbortController();
  const wait = { name: 'wait', arguments: {} };
  w.ask('tools/call', wait, { id: 'w', capabilities, signal: waits.signal }).catch(() => {});
  await until(() => w.calls('wait').length === 1);
  const { result } = await last(w.as('ada', 'a'));
  assert.equal(text(result), 'for method not found');
  const notes = (await w.later('audit', 'query', '--json')).out;
  assert.match(notes, /it does not say to which of several calls it belongs/);
  // … and is, once it is the only one.
  waits.abort();
  await until(() => w.seen('notifications/cancelled').length === 1);
  let leg;
  for (let i = 0; leg?.result.inputRequests === undefined; ++i) {
    await sleep(100);
    leg = await last(w.as('ada', `b${i}`));
    assert.ok(i < 100);
  }
});

test('over HTTP the stream of a call says which call is asked about', async (t) => {
  const server = spawn(process.execPath, [path.join(here, 'asker.mjs'), '/dev/null']);
  t.after(() => server.kill());
  const [port] = await once(server.stdout, 'data');
  const w = await served(t, `url: "http://127.0.0.1:${Number(port)}/mcp"`);
  const legs = await Promise.all(['a', 'b', 'c'].map((id) => last(w.as('ada', id))));
  for (const [i, id] of ['a', 'b', 'c'].entries()) {
    const [[key, question]] = Object.entries(legs[i].result.inputRequests);
    assert.match(question.params.message, new RegExp(`: ${id}\\?$`));
    const { requestState } = legs[i].result;
    const more = { inputResponses: { [key]: accept(id) }, requestState };
    assert.equal(text((await last(w.as('ada', id, more))).result), `for ${id}`);
  }
});

test('a client of the older era is asked in the stream of the call', async (t) => {
  const w = await served(t);
  w.url = `${w.origin}/mcp/ada`;
  const session = await w.open({ elicitation: {} });
  const answer = await session.post('tools/call', { name: 'read_who', arguments: { id: 'a' } });
  const heard = [];
  for await (const { message } of events(answer)) {
    if (!message) continue;
    heard.push(message);
    if (message.method !== 'elicitation/create') continue;
    const { id } = message;
    await w.post({ jsonrpc: '2.0', id, result: accept('ada') }, session.headers);
  }
  assert.deepEqual(heard.map((message) => message.method), ['elicitation/create', undefined]);
  assert.equal(text(heard.at(-1).result), 'for ada');
});
