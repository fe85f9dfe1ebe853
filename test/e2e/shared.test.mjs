// One process of a server for the sessions of several runs: `shared: true`. Ids as in
// docs/reference/cases.md.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { text, until } from './endpoint.mjs';
import { Served, events, read } from './served.mjs';
import { program } from './twice.mjs';
import { code } from './world.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const role = (name, more = '') => `
version: 1
agent: {id: ${name}, identity: ${name}@example}
tools:
  allowed:
    - name: [crm/read, crm/wait, crm/read_who, crm/read_back, crm/read_graph]
      class: read_only${more}
    - {name: [crm/die, crm/create_entities], class: reversible small}
    - {name: "mcp:elicitation/create", class: read_only}
accept_risk:
  - {rule: "tools/mcp:elicitation/create/class", reason: t, owner: t@example, until: 2030-01-01}
`;

async function served(t, { server, more = '', file = '', manner = [] } = {}) {
  const w = new Served('');
  t.after(() => w.end());
  for (const name of ['ada', 'bob']) {
    writeFileSync(path.join(w.dir, `${name}.yaml`), role(name, more));
  }
  const words = [process.execPath, path.join(here, 'mortal.mjs')];
  const mortal = [...words, w.record, 'crm', `${w.dir}/lie`, ...manner];
  w.config = path.join(w.dir, 'pawl.yaml');
  writeFileSync(
    w.config,
    `version: 1
listen: {mcp: "127.0.0.1:0"}
roles: {ada: {file: ada.yaml, servers: [crm]}, bob: {file: bob.yaml, servers: [crm]}}
servers: {crm: {shared: true, ${server ?? `command: ${JSON.stringify(mortal)}`}}}
${file}`,
  );
  await w.serve();
  w.as = (name, tool, args, options = {}) => {
    w.url = `${w.origin}/mcp/${name}`;
    return w.ask('tools/call', { name: tool, arguments: args, _meta: options.meta }, options);
  };
  w.openAs = (name) => {
    w.url = `${w.origin}/mcp/${name}`;
    return w.open({ elicitation: {} });
  };
  return w;
}
const starts = (w) => w.seen('started').length;
const last = async (answer) => (await read(await answer)).at(-1).result;
const calling = (w, name, session) => (tool, args) => {
  w.url = `${w.origin}/mcp/${name}`;
  return session.call(tool, args);
};

test('S08 two runs with the same ids and tokens share a process and see nothing of each other', async (t) => {
  const w = await served(t);
  const all = [];
  for (let id = 1; id <= 30; ++id) {
    for (const name of ['ada', 'bob']) {
      const words = `${name} ${id}`;
      const answer = w.as(name, 'read_back', { id: words }, { id, meta: { progressToken: id } });
      all.push(
        (async () => {
          const messages = await read(await answer);
          assert.equal(text(messages.at(-1).result), words);
          assert.equal(messages.at(-1).id, id);
          for (const { method, params } of messages.slice(0, -1)) {
            assert.equal(method, 'notifications/progress');
            assert.deepEqual([params.progressToken, params.message], [id, words]);
          }
          return messages.length;
        })(),
      );
    }
  }
  const counts = await Promise.all(all);
  assert.ok(counts.some((count) => count > 1));
  assert.equal(starts(w), 1);
  const runs = (await w.later('runs', 'list', '--json')).out;
  assert.ok(runs.includes('"ada"') && runs.includes('"bob"'));
});

test('what cannot be said to be one session’s reaches none: questions of a shared server', async (t) => {
  const w = await served(t);
  const one = await w.openAs('ada');
  const two = await w.openAs('bob');
  const heard = [];
  for (const session of [one, two]) {
    (async () => {
      for await (const { message } of events(await session.listen())) {
        if (message) heard.push(message);
      }
    })().catch(() => {});
  }
  assert.equal(one.hello.result.capabilities.logging, undefined);
  assert.equal(text(await calling(w, 'ada', one)('read_who', { id: 'x' })), 'for method not found');
  assert.equal(text(await calling(w, 'bob', two)('read', {})), 'read of crm 1');
  assert.deepEqual(heard, []);
  assert.match(w.log, /shared server `crm`: `elicitation\/create` was refused/);
  assert.equal(starts(w), 1);
});

test('one cancels its own call; the other goes on, and the last one ends the process', async (t) => {
  const w = await served(t);
  const one = await w.openAs('ada');
  const two = await w.openAs('bob');
  w.url = `${w.origin}/mcp/ada`;
  one.post('tools/call', { name: 'wait', arguments: {} }, { id: 'same' }).catch(() => {});
  w.url = `${w.origin}/mcp/bob`;
  two.post('tools/call', { name: 'wait', arguments: {} }, { id: 'same' }).catch(() => {});
  await until(() => w.calls('wait').length === 2);
  await two.tell('notifications/cancelled', { requestId: 'same' });
  await until(() => w.seen('notifications/cancelled').length === 1);
  const ids = w.calls('wait').map((call) => call.id);
  assert.ok(ids.includes(w.seen('notifications/cancelled')[0].params.requestId));
  assert.equal(text(await calling(w, 'bob', two)('read', {})), 'read of crm 1');
  const { pid } = w.seen('started')[0];
  await two.close();
  w.url = `${w.origin}/mcp/ada`;
  assert.equal(text(await one.call('read', {})), 'read of crm 1');
  await one.close();
  await until(() => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  });
});

test('its end is the end for all, and it is started again once', async (t) => {
  const w = await served(t);
  const one = await w.openAs('ada');
  const two = await w.openAs('bob');
  const waits = calling(w, 'bob', two)('wait', {});
  await until(() => w.calls('wait').length === 1);
  const died = calling(w, 'ada', one)('die', {});
  assert.equal(code(await died), 'upstream_failed');
  assert.equal(code(await waits), 'upstream_failed');
  // An effect that was lost halts its own run, and no other.
  assert.equal(code(await calling(w, 'ada', one)('read', {})), 'run_halted');
  assert.equal(text(await calling(w, 'bob', two)('read', {})), 'read of crm 2');
  const three = await w.openAs('bob');
  assert.equal(text(await calling(w, 'bob', three)('read', {})), 'read of crm 2');
  assert.equal(starts(w), 2);
});

// A modern client comes first, and the server answers its `server/discover` with an empty result.
test('an older server that answers everything is there for clients of both eras', async (t) => {
  const w = await served(t, { manner: ['polite'] });
  assert.equal(text(await last(w.as('ada', 'read', {}))), 'read of crm 1');
  const older = await w.openAs('bob');
  assert.equal(text(await calling(w, 'bob', older)('read', {})), 'read of crm 1');
  assert.equal(text(await last(w.as('ada', 'read', {}))), 'read of crm 1');
  assert.equal(starts(w), 1);
});

test('two runs share what a server from npm keeps', async (t) => {
  const memory = ['node', program('server-memory')];
  const w = await served(t, {
    server: `command: ${JSON.stringify(memory)}, env: [MEMORY_FILE_PATH]`,
  });
  const entity = { name: 'lovelace', entityType: 'person', observations: ['first'] };
  const made = await last(w.as('ada', 'create_entities', { entities: [entity] }));
  assert.equal(made.isError, undefined, JSON.stringify(made));
  const graph = await last(w.as('bob', 'read_graph', {}));
  assert.match(text(graph), /lovelace/);
});

test('secrets and sharing exclude each other, before anything is started', async (t) => {
  const risk = 'accept_risk: {reason: a test, owner: o@example, until: 2099-01-01}';
  const secret = `credentials: {token: {env: TOKEN, roles: [ada, bob], ${risk}}}\n`;
  const refused = async (options, words) => {
    const w = await served(t, options);
    assert.equal(w.origin, null);
    assert.match(w.log.replace(/\s+/g, ' '), words);
    assert.equal(w.seen().length, 0);
  };
  const own = 'command: [x], credential: token, variable: TOKEN';
  await refused({ server: own, file: secret }, /a server that gets a secret is not shared/);
  const url = 'url: "http://127.0.0.1:1/mcp"';
  await refused({ server: url }, /`shared` is about a server that has a `command`/);
  const more = '\n      credential: token';
  await refused({ more, file: secret }, /is `shared`, and the policy of role `ada` names a cred/);
});
