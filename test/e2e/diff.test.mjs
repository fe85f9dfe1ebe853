// `pawl diff`: what another policy would have said of real calls, afterwards and while they come.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { open, start } from './tester.mjs';
import { until } from './watched.mjs';
import { pawl } from './world.mjs';

const next = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only, requires_approval: true}
    - {name: update_order_status, class: reversible small, args: {order_id: {max_length: 4}, status: {in: [ok, late]}}}
  blocked: [delete_customer_record]
`;

function candidate(w, text = next) {
  const file = path.join(w.dir, 'next.yaml');
  writeFileSync(file, text);
  return file;
}
const lines = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));

test('calls of the journal under another policy, and none of them happens again', async (t) => {
  const [w, client] = await start(t);
  await client.call('read_customer_record', { customer_id: 'c' });
  await client.call('update_order_status', { order_id: 'o', status: 'late' });
  await client.call('update_order_status', { order_id: 'far too long', status: 'ok' });
  await client.call('delete_customer_record', { customer_id: 'c' });
  const before = w.json('audit', 'query', '--limit', '1').seq;
  const same = w.pawl('diff', '--policy', w.policy);
  assert.equal(same.status, 0, same.err);
  assert.match(same.out, /4 calls of this role: 4 alike/);
  const file = candidate(w);
  const found = w.pawl('diff', '--policy', file, '--json');
  assert.equal(found.status, 1, found.err);
  const said = lines(found.out);
  assert.deepEqual(
    said.map((one) => [one.tool, one.kind, one.was.effect, one.would.effect]),
    [
      ['read_customer_record', 'stricter', 'allow', 'hold'],
      ['update_order_status', 'laxer', 'deny', 'allow'],
      ['update_order_status', 'stricter', 'allow', 'deny'],
    ],
  );
  assert.match(said[2].would.rule_at, /next\.yaml:7:/);
  assert.equal(said[2].would.code, 'constraint');
  const text = w.pawl('diff', '--policy', file);
  assert.match(text.out, /4 calls of this role: 1 alike, 2 stricter, 1 laxer/);
  assert.equal(w.calls().length, 2);
  assert.equal(w.json('audit', 'query', '--limit', '1').seq, before);
  const bad = w.pawl('diff', '--policy', candidate(w, 'version: 1\ntols: {}\n'));
  assert.equal(bad.status, 2);
  assert.match(bad.err, /unknown key `tols`/);
});

test('while calls come, the candidate says what it would have said, and they run', async (t) => {
  const [w, client] = await start(t);
  const words = ['diff', '--policy', candidate(w), '--live', '--json', '--state-dir', w.state];
  await client.call('update_order_status', { order_id: 'o', status: 'ok' });
  const live = spawn(pawl, words, { env: w.env });
  t.after(() => live.kill('SIGKILL'));
  let text = '';
  live.stdout.on('data', (bytes) => (text += bytes));
  const fine = await client.call('read_customer_record', { customer_id: 'c' });
  assert.equal(fine.isError, undefined);
  const first = await until(() => text.includes('\n') && lines(text)[0]);
  assert.deepEqual([first.tool, first.kind], ['read_customer_record', 'stricter']);
  await client.call('update_order_status', { order_id: 'o', status: 'late' });
  await until(() => lines(text.slice(0, text.lastIndexOf('\n') + 1)).length === 2);
  assert.equal(lines(text)[1].kind, 'laxer');
});

test('what was unknown when a call came is not guessed afterwards', async (t) => {
  const [w, client] = await start(t);
  await client.call('read_customer_record', { customer_id: '/srv/a' });
  const file = candidate(
    w,
    open.replace(
      '{name: [read_customer_record, read_big, read_slow], class: read_only}',
      '{name: read_customer_record, class: read_only, args: {customer_id: {path: {under: /srv}}}}',
    ),
  );
  const found = lines(w.pawl('diff', '--policy', file, '--json').out);
  assert.equal(found.length, 1);
  assert.equal(found[0].kind, 'unknown');
  assert.match(found[0].why, /not checked: where/);
});
