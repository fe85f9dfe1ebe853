// A policy file that changes while a run is open: what is stricter counts at once, what
// is laxer waits for a person, and both are said.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { begin, doors } from './doors.mjs';
import { open, start, usable } from './tester.mjs';
import { code, sleep } from './world.mjs';

async function until(what, holds) {
  for (let i = 0; i < 300; ++i) {
    if (await holds()) return;
    await sleep(100);
  }
  assert.fail(`it never came true: ${what}`);
}

test('R01 a grant that the agent appends waits for a person, and the run is unchanged', async (t) => {
  const [w, client] = await start(t);
  w.enrol();
  await usable(client);
  writeFileSync(w.policy, open.replace('blocked: [delete_customer_record]', 'blocked: [other]'));
  await until('the file waits', () => w.json('status').policies_waiting.length === 1);
  const [waiting] = w.json('status').policies_waiting;
  assert.match(waiting.laxer, /policy\.yaml:\d+: `delete_customer_record` is not blocked any more/);
  assert.match(w.pawl('status').out, /pawl accept --policy .*policy\.yaml/);
  assert.equal(code(await client.call('delete_customer_record', {})), 'blocked');
  assert.equal(w.calls('delete_customer_record').length, 0);
  await usable(client);
  assert.match(w.pawl('audit', 'tail').out, /laxer is .*is not blocked any more/);
});

for (const door of doors) {
  test(`R01 a payee that the agent appends to a list file waits as well (${door})`, async (t) => {
    const policy = open
      .replace('tools:', 'lists: {words: {file: words.txt}}\ntools:')
      .replace('{in: [ok]}', '{in: $words}');
    const [w, client] = await begin(t, door, { policy, files: { 'words.txt': 'ok\n' } });
    const args = (status) => ({ order_id: 'a', status });
    await usable(client);
    writeFileSync(path.join(w.dir, 'words.txt'), 'ok\nevil\n');
    await until('the list waits', () => w.json('status').policies_waiting.length === 1);
    assert.equal(code(await client.call('update_order_status', args('evil'))), 'constraint');
    assert.equal(w.calls('update_order_status').length, 0);
  });
}

test('a stricter file counts at once, for the open run and its list of tools', async (t) => {
  const [w, client] = await start(t);
  const names = async () => (await client.request('tools/list')).result.tools.map((x) => x.name);
  assert.ok((await names()).includes('update_order_status'));
  const args = { order_id: 'a', status: 'ok' };
  assert.equal(code(await client.call('update_order_status', args)), undefined);
  const stricter = open.split('\n').filter((line) => !line.includes('update_order')).join('\n');
  writeFileSync(w.policy, stricter);
  await until('the tool is gone', async () => !(await names()).includes('update_order_status'));
  assert.equal(code(await client.call('update_order_status', args)), 'not_granted');
  assert.equal(w.calls('update_order_status').length, 1);
  assert.ok(client.heard.some((m) => m.method === 'notifications/tools/list_changed'));
  assert.equal(w.json('status').policies_waiting.length, 0);
  // The way back is the laxer one, for a person.
  writeFileSync(w.policy, open);
  await until('the file waits', () => w.json('status').policies_waiting.length === 1);
  assert.equal(code(await client.call('update_order_status', args)), 'not_granted');
});

test('what got laxer is listed before the proof is asked for', async (t) => {
  const [w, client] = await start(t);
  w.enrol();
  await usable(client);
  writeFileSync(w.policy, open.replace('blocked: [delete_customer_record]', 'blocked: [other]'));
  const accepted = w.pawl('accept', '--policy', w.policy, '--as', 'ada');
  assert.equal(accepted.status, 0, accepted.err);
  assert.match(accepted.out, /laxer +\S*policy\.yaml:\d+: `delete_customer_record` is not blocked/);
  assert.ok(accepted.out.indexOf('laxer') < accepted.out.indexOf('accepted'));
  const again = w.pawl('accept', '--policy', w.policy, '--as', 'ada');
  assert.match(again.out, /laxer +nothing/);
});

test('output that cannot be written is an error', async (t) => {
  const [w] = await start(t);
  const { spawnSync } = await import('node:child_process');
  const { openSync } = await import('node:fs');
  for (const words of [['version'], ['check', w.policy], ['help']]) {
    const full = openSync('/dev/full', 'w');
    const done = spawnSync(process.env.PAWL, words, {
      env: w.env,
      encoding: 'utf8',
      stdio: ['ignore', full, 'pipe'],
    });
    assert.equal(done.status, 2, words.join(' '));
    assert.match(done.stderr, /standard output cannot be written/);
  }
});
