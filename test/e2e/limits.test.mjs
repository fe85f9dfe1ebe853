// `limits` of the deployment file: what one caller may take of `pawl serve`.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Served } from './served.mjs';
import { open } from './tester.mjs';
import { sleep } from './world.mjs';

const records = (w) =>
  w
    .pawl('audit', 'query', '--json')
    .out.split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
async function until(found) {
  for (let i = 0; i < 500; ++i) {
    if (await found()) return;
    await sleep(20);
  }
  throw new Error('it never came');
}

test('a caller at its share of processes is refused, and the refusal is a record', async (t) => {
  const w = new Served(open);
  t.after(() => w.end());
  await w.begin({ more: 'limits: {processes: 4, processes_of_caller: 2, sessions_of_caller: 4}' });
  const first = await w.open();
  const second = await w.open();
  assert.ok(first.id && second.id);
  const third = await w.open();
  assert.match(
    third.hello.error.message,
    /too many processes of servers are running for this caller: 2, and at most 2 may/,
  );
  assert.ok(records(w).some((one) => one.type === 'noted' && one.topic === 'process refused'));
  // Who has sessions keeps them; one that ends makes room.
  assert.equal((await first.call('read_customer_record', { customer_id: 'c' })).isError, undefined);
  await second.close();
  await until(async () => (await w.open()).hello.result);
  // What the file says then counts for what begins then.
  writeFileSync(w.config, w.deployment.replace('sessions_of_caller: 4', 'sessions_of_caller: 2'));
  w.node.kill('SIGHUP');
  await until(() => w.log.includes('the deployment file was read again'));
  assert.match((await w.open()).hello.error.message, /too many sessions/);
  assert.ok(
    records(w).some((one) => one.topic === 'request refused' && /too many sessions/.test(one.text)),
  );
});

test('a share that is more than all of it does not load', async (t) => {
  const w = new Served(open);
  t.after(() => w.end());
  await w.begin({ more: 'limits: {processes: 4, processes_of_caller: 5}' });
  assert.equal(await w.ended, 2);
  assert.match(w.log, /`processes_of_caller` is 5, and there are 4 `processes` for all/);
});
