// Servers whose answers cannot be read as they stand: over pipes and over HTTP, when they are
// opened, in their lists and in answers to calls. Whatever their bytes, each call has an end, and
// the server can be called afterwards.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { serve } from './over_http.mjs';
import { World, code } from './world.mjs';

const blunt = path.join(path.dirname(fileURLToPath(import.meta.url)), 'blunt.mjs');
const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools: {allowed: [{name: "notes/read_*", class: read_only}]}
`;
const plain = policy.replace('notes/read', 'read');
const seconds = 1000;

async function piped(t, habit = '', env = {}) {
  const w = new World(plain);
  t.after(() => w.end());
  const command = ['node', blunt, 'stdio', w.record, habit];
  return [w, await w.client({ command, env })];
}

async function reached(t, habit = '', env = {}, { modern = false } = {}) {
  const w = new World(policy);
  t.after(() => w.end());
  const { url } = await serve(t, blunt, ['http', w.record, habit]);
  const config = path.join(w.dir, 'pawl.yaml');
  writeFileSync(config, `servers: {notes: {url: "${url}"}}\n`);
  const args = ['--server', 'notes', '--config', config];
  return [w, await w.client({ command: [], args, env, modern })];
}
const doors = { stdio: piped, http: reached };
const note = (client, id, more = {}) => client.call('read_note', { id, ...more });
const text = (result) => result.content?.[0]?.text;
const fine = async (client) => assert.equal(text(await note(client, 'id point')), 'fine');

// What is read all the same.
const read = {
  half: 'half \ufffd',
  latin: 'caf\ufffd',
  control: 'a\tb',
  mark: 'fine',
  'id text': 'fine',
  'id point': 'fine',
  'id power': 'fine',
  'no error': 'fine',
};
// What ends its call with a reason, and at once: no deadline is near.
const ended = {
  both: /both a result and an error/,
  'null result': /not an object/,
  'list result': /not an object/,
  'text result': /not an object/,
  'no jsonrpc': /jsonrpc/,
  more: /does not have/,
  nan: /expected a value/,
  cut: /ends too early/,
  deep: /nested deeper than 128/,
  abyss: /nested deeper than 128/,
  batch: /batch/,
  twice: /more text follows/,
};
for (const [door, begin] of Object.entries(doors)) {
  for (const [how, wanted] of Object.entries(read)) {
    test(`${door}: an answer with ${how} is read`, async (t) => {
      const [, client] = await begin(t);
      assert.equal(text(await note(client, how)), wanted);
    });
  }

  test(`${door}: an error is one, however it is written`, async (t) => {
    const [, client] = await begin(t);
    const told = await note(client, 'no result');
    assert.deepEqual(told.error, { code: 7, message: 'sorry' });
    assert.equal((await note(client, 'bare error')).error.message, 'sorry');
    await fine(client);
  });

  test(`${door}: an answer that cannot be read ends its call at once`, async (t) => {
    const [w, client] = await begin(t);
    const before = Date.now();
    const all = Object.entries(ended).map(async ([how, reason]) => {
      const result = await note(client, how);
      assert.equal(code(result), 'upstream_failed', how);
      assert.match(text(result), reason, how);
    });
    await Promise.all(all);
    assert.ok(Date.now() - before < 30 * seconds);
    await fine(client);
    assert.equal(w.pawl('audit', 'verify').status, 0);
  });
}

test('stdio: what a server prints beside its answers ends nothing', async (t) => {
  const [, client] = await piped(t);
  for (const how of ['log', 'echo', 'quoted', 'record'])
    assert.equal(text(await note(client, how)), 'fine', how);
});

test('stdio: what names no call ends at the deadline of its call', async (t) => {
  const [, client] = await piped(t, '', { PAWL_CALL_DEADLINE: '2s' });
  const all = ['no method', 'other', 'silence', 'noise', 'pretty'].map(async (how) => {
    const result = await note(client, how);
    assert.equal(code(result), 'upstream_failed', how);
    assert.match(text(result), /in time/, how);
  });
  await Promise.all(all);
  await fine(client);
});

test('stdio: an error that names no call ends the only one that is open, at once', async (t) => {
  const [, client] = await piped(t);
  const before = Date.now();
  for (const how of ['nobody', 'nobody at all']) {
    const result = await note(client, how);
    assert.equal(code(result), 'upstream_failed', how);
    assert.match(text(result), /an error that names no request: sorry/, how);
  }
  assert.ok(Date.now() - before < 30 * seconds);
  await fine(client);
});

test('stdio: of two open calls an error that names none ends neither', async (t) => {
  const [, client] = await piped(t, '', { PAWL_CALL_DEADLINE: '2s' });
  for (const result of await Promise.all([note(client, 'silence'), note(client, 'nobody')])) {
    assert.equal(code(result), 'upstream_failed');
    assert.match(text(result), /in time/);
  }
  await fine(client);
});

for (const how of ['half', 'latin', 'deep']) {
  test(`a list with a description that is ${how} is a list`, async (t) => {
    const [w, client] = await piped(t, `list ${how}`);
    const { tools } = (await client.request('tools/list', {})).result;
    const names = tools.map(({ name }) => name);
    if (how === 'deep') {
      assert.deepEqual(names, ['read_note', 'read_last']);
      assert.match(w.pawl('audit', 'query', '--json').out, /tool left out/);
    } else {
      assert.deepEqual(names, ['read_note', 'read_more', 'read_last']);
      assert.match(tools[1].description, /\ufffd$/);
      assert.equal(text(await client.call('read_more', { id: 'id point' })), 'fine');
    }
    await fine(client);
    await client.close();
    w.enrol();
    // What is accepted is what is shown.
    const command = ['node', blunt, 'stdio', w.record, `list ${how}`];
    const accepted = w.pawl('accept', '--policy', w.policy, '--yes', '--as', 'ada', '--', ...command);
    assert.equal(accepted.status, 0, accepted.err);
    const again = await w.client({ command });
    const shown = (await again.request('tools/list', {})).result.tools.map(({ name }) => name);
    assert.deepEqual(shown, names);
    await fine(again);
  });
}

for (const [door, begin] of Object.entries(doors)) {
  for (const method of ['initialize', 'tools/list']) {
    test(`${door}: ${method} may be answered with "error": null, or its id as a text`, async (t) => {
      for (const how of ['no error', 'id text']) {
        const [, client] = await begin(t, `${method} ${how}`);
        await fine(client);
      }
    });
  }

  test(`${door}: a server that answers initialize with nothing that can be read`, async (t) => {
    for (const how of ['null result', 'nan', 'both']) {
      const [, client] = await begin(t, `initialize ${how}`);
      assert.ok(client.server === null || client.server.error, how);
    }
  });

  test(`${door}: a list that cannot be read is an end of the call, and is read again`, async (t) => {
    const [w, client] = await begin(t, 'tools/list nan');
    for (let i = 0; i < 2; ++i) assert.equal(code(await note(client, 'half')), 'upstream_failed');
    assert.equal(w.calls().length, 0);
  });
}

for (const how of ['silence', 'noise', 'nobody']) {
  test(`stdio: what is never answered before a call ends too (${how})`, async (t) => {
    const env = { PAWL_CALL_DEADLINE: '2s' };
    const [, unlisted] = await piped(t, `tools/list ${how}`, env);
    const result = await note(unlisted, 'half');
    assert.equal(code(result), 'upstream_failed');
    assert.ok((await unlisted.request('tools/list', {})).error);
    const [, unopened] = await piped(t, `initialize ${how}`, env);
    assert.ok(unopened.server === null || unopened.server.error);
  });
}

const notified = ['null', 'empty', 'object', 'result', 'page', 'plain', 'refused', 'broken'];
for (const how of [...notified, 'open', 'long']) {
  test(`http: a notification is over with any answer (${how})`, async (t) => {
    const [, client] = await reached(t, how);
    const before = Date.now();
    await fine(client);
    assert.ok(Date.now() - before < 15 * seconds);
  });
}

test('http: an answer that is none ends its request', async (t) => {
  const [, client] = await reached(t, '', { PAWL_CALL_DEADLINE: '60s' });
  const before = Date.now();
  const cases = [
    [202, undefined],
    [204, undefined],
    [200, undefined],
    [200, 'text/html'],
    [200, 'text/plain'],
    [302, 'application/json'],
    [500, 'application/json'],
    [503, 'text/html'],
  ];
  for (const one of cases) {
    const result = await note(client, 'id point', { http: JSON.stringify(one) });
    assert.equal(code(result), 'upstream_failed', one);
  }
  // Without an end of the body too.
  for (const one of [[200, 'text/html'], [200, undefined], [400, 'text/plain'], [500, undefined]])
    assert.ok(await note(client, 'silence', { http: JSON.stringify(one) }), one);
  for (const how of ['other', 'noise', 'pretty']) {
    const result = await note(client, how);
    if (how === 'pretty') assert.equal(text(result), 'fine');
    else assert.equal(code(result), 'upstream_failed', how);
  }
  assert.equal((await note(client, 'nobody')).error.message, 'sorry');
  assert.ok(Date.now() - before < 50 * seconds);
  await fine(client);
});

// Random bytes: pieces of messages, in any order, cut anywhere.
function* bytes(seed) {
  let state = BigInt(seed);
  const next = (below) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
    return Number(state >> 33n) % below;
  };
  const pieces = ['{', '}', '[', ']', '"', ':', ',', '\\', '"id":', '"result":', '"error":', '1'];
  pieces.push('"jsonrpc":"2.0"', 'null', '\\ud83d', 'é', '\n', '\r', '\0', '"method":', '{}', 'data: ');
  const whole = '{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"x"}]}}';
  for (;;) {
    let made = Buffer.from(
      Array.from({ length: next(12) }, () => pieces[next(pieces.length)]).join(''),
    );
    if (next(3) === 0) {
      made = Buffer.from(whole);
      for (let i = next(4); i >= 0; --i) made[next(made.length)] = next(256);
      made = made.subarray(next(4) === 0 ? next(made.length) : 0);
    }
    yield [`raw ${made.toString('base64')}`, next];
  }
}

for (const [door, begin] of Object.entries(doors)) {
  test(`${door}: whatever the bytes of its answer, a call ends`, async (t) => {
    const [w, client] = await begin(t, '', { PAWL_CALL_DEADLINE: '2s' });
    const made = bytes(20_261_125);
    const statuses = [200, 200, 202, 204, 400, 410, 500, 302];
    const types = ['application/json', 'text/event-stream', 'text/html', undefined];
    const calls = [];
    for (let i = 0; i < 120; ++i) {
      const [id, next] = made.next().value;
      const http = JSON.stringify([statuses[next(8)], types[next(4)]]);
      calls.push(note(client, id, door === 'http' ? { http } : {}));
    }
    for (const result of await Promise.all(calls)) assert.ok(result.content ?? result.error);
    await fine(client);
    assert.equal(w.pawl('audit', 'verify').status, 0);
  });
}
