// Counters behind the real program: calls side by side, other runs, crashes, and replay.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { start } from './tester.mjs';
import { code, sleep } from './world.mjs';

const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - name: read_slow
      class: read_only
      counters: {waits: {add: args.ms, per: 1h, max: 1000}}
    - {name: read_big, class: read_only}
`;
const slow = (client, ms) => client.call('read_slow', { ms });
const denied = (result) => {
  assert.equal(code(result), 'ceiling', JSON.stringify(result));
  return result.content[0].text;
};
const runs = (result) => assert.equal(result.isError, undefined, JSON.stringify(result));

test('two calls in flight share one sum, and so do two runs and two lives of the node', async (t) => {
  const [w, client] = await start(t, { policy });
  const [first, second] = await Promise.all([slow(client, 600), slow(client, 500)]);
  runs(first);
  assert.match(denied(second), /at most 1000 in 1h, and 400 are left[^]*retry: [^n]/);
  runs(await slow(client, 400));
  denied(await slow(client, 1));
  const other = await w.client({ env: { PAWL_RUN: 'another' } });
  denied(await slow(other, 1));
  w.killNode();
  const again = await w.client({ env: { PAWL_RUN: 'a third' } });
  denied(await slow(again, 1));
  denied(await slow(again, 1001));
  assert.equal(w.calls('read_slow').length, 2);
  const open = w.json('status').runs;
  assert.equal(open.length, 3);
  for (const { run } of open) {
    const replayed = w.pawl('replay', run);
    assert.equal(replayed.status, 0, replayed.out + replayed.err);
  }
});

test('a call that was under way in a crash stays spent', async (t) => {
  const [w, client] = await start(t, { policy });
  slow(client, 900).catch(() => {});
  for (let i = 0; i < 200 && w.calls('read_slow').length === 0; ++i) await sleep(20);
  w.killNode();
  const again = await w.client({ env: { PAWL_RUN: 'after' } });
  denied(await slow(again, 101));
  runs(await slow(again, 100));
});

test('a smaller ceiling counts at once, a greater one waits for a person', async (t) => {
  const [w, client] = await start(t, { policy });
  const offered = async () => (await client.request('tools/list')).result.tools.map((x) => x.name);
  runs(await slow(client, 300));
  const smaller = policy.replace('max: 1000', 'max: 400');
  writeFileSync(w.policy, smaller.replace(/ {4}- \{name: read_big.*\n/, ''));
  for (let i = 0; i < 100 && (await offered()).includes('read_big'); ++i) await sleep(100);
  denied(await slow(client, 101));
  runs(await slow(client, 100));
  writeFileSync(w.policy, policy.replace('max: 1000', 'max: 5000'));
  for (let i = 0; i < 100 && w.json('status').policies_waiting.length === 0; ++i) await sleep(100);
  const [waiting] = w.json('status').policies_waiting;
  assert.match(waiting.laxer, /was at most 400 and is 5000|not granted/);
  denied(await slow(client, 1));
});
