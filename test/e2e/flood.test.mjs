// S07: servers and clients that send too much, too slowly or without end. The others keep being
// answered, memory and journal stay small. No test here measures how fast anything is.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { begin } from './doors.mjs';
import { World, code } from './world.mjs';

const hostile = path.join(path.dirname(fileURLToPath(import.meta.url)), 'hostile.mjs');
const message_bytes_max = 64 << 20;
const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools: {allowed: [{name: [read_note, read_again], class: read_only}]}
`;

async function world(t, mode, env = {}) {
  const w = new World(policy);
  t.after(() => w.end());
  const command = ['node', hostile, w.record, mode];
  const client = await w.client({ command, env });
  const other = await w.client({
    command: ['node', hostile, `${w.record}.other`, ''],
    env: { ...env, PAWL_RUN: 'other' },
  });
  return [w, client, other];
}

const peak_mib = (w, node = w.nodes()[0]) => {
  const status = readFileSync(`/proc/${node}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024;
};
const records = (w) => w.pawl('audit', 'query', '--json').out.split('\n').filter(Boolean).length;
const answers = (client) => client.call('read_again', { id: 'n' });

for (const mode of ['progress', 'changes', 'stderr']) {
  test(`S07 a flood of ${mode} leaves other runs, memory and journal alone`, async (t) => {
    const [w, client, other] = await world(t, mode);
    let over = false;
    const flooded = client.call('read_note', { id: 'n' }, { progressToken: 1 }).then((result) => {
      over = true;
      return result;
    });
    let meanwhile = 0;
    while (!over && meanwhile < 100_000) {
      assert.equal((await answers(other)).isError, undefined);
      ++meanwhile;
    }
    assert.equal((await flooded).content[0].text, 'done');
    assert.equal((await answers(client)).isError, undefined);
    assert.ok(meanwhile > 0);
    assert.ok(peak_mib(w) < 256, `${peak_mib(w)} MiB`);
    assert.ok(records(w) < 2 * meanwhile + 200, `${records(w)} records, ${meanwhile} calls`);
    assert.ok(w.seen('tools/list').length < 60, 'the list is read at most once a second');
    if (mode === 'stderr') assert.ok(client.err.length >= 20_000_000);
  });
}

test('S07 a flood of changes over HTTP leaves other sessions, memory and journal alone', async (t) => {
  const behind = (w) => [process.execPath, hostile, w.record, 'changes'];
  const [w, client] = await begin(t, 'http', { policy, behind });
  const other = await w.join({});
  let over = false;
  const flooded = client.call('read_note', { id: 'n' }).finally(() => {
    over = true;
  });
  let meanwhile = 0;
  do {
    assert.equal((await answers(other)).isError, undefined);
  } while (++meanwhile < 100_000 && !over);
  assert.equal((await flooded).content[0].text, 'done');
  assert.equal((await answers(client)).isError, undefined);
  assert.ok(peak_mib(w, w.node.pid) < 256, `${peak_mib(w, w.node.pid)} MiB`);
  assert.ok(records(w) < 2 * meanwhile + 200, `${records(w)} records, ${meanwhile} calls`);
});

test('S07 an answer beyond the limit is one clear error', async (t) => {
  const [w, client, other] = await world(t, 'huge');
  const result = await client.call('read_note', { id: 'n' });
  assert.equal(code(result), 'upstream_failed');
  assert.match(result.content[0].text, /too long/);
  for (const each of [client, other]) assert.equal((await answers(each)).isError, undefined);
  assert.ok(w.pawl('audit', 'query', '--json').out.includes('answer too long'));
});

test('S07 a request beyond the limit is one clear error, and reaches no server', async (t) => {
  const [w, client, other] = await world(t, '');
  const head = '{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"read_note",';
  const refused = await client.raw(5, head + '"arguments":{"id":"' + 'x'.repeat(message_bytes_max));
  assert.equal(code(refused), 'ambiguous_request');
  assert.match(refused.error.message, /longer than the limit/);
  assert.equal(client.heard.filter((m) => m.id === 5).length, 1);
  assert.equal(w.calls().length, 0);
  for (const each of [client, other]) assert.equal((await answers(each)).isError, undefined);
});

test('S07 a server that answers one byte a second ends at the deadline of the call', async (t) => {
  const [w, client, other] = await world(t, 'drips', { PAWL_CALL_DEADLINE: '2s' });
  const result = await client.call('read_note', { id: 'n' });
  assert.equal(code(result), 'upstream_failed');
  assert.match(result.content[0].text, /in time/);
  assert.equal((await answers(other)).isError, undefined);
  assert.ok(w.seen('notifications/cancelled').length > 0);
});
