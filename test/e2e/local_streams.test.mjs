// Streams of callers who prove nothing, where the deployment file changes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Served } from './served.mjs';
import { open } from './tester.mjs';
import { sleep } from './world.mjs';

// Ends when streams of both eras have, after the file is read with this change.
async function heardUntil(w, change) {
  const session = await w.open();
  const streams = [await session.listen(), await w.ask('subscriptions/listen')];
  for (const one of streams) assert.equal(one.status, 200);
  const ended = Promise.all(streams.map((one) => one.text()));
  writeFileSync(w.config, change(w.deployment));
  w.node.kill('SIGHUP');
  while (!/was read again|what was in force stays/.test(w.log)) await sleep(20);
  assert.match(w.log, /was read again/);
  return ended;
}

test('a caller that proves nothing hears nothing more once the file names agents', async (t) => {
  const w = new Served(open);
  t.after(() => w.end());
  await w.begin();
  const words = ['keys', 'create', 'main', '--json'];
  const { keep } = JSON.parse(execFileSync(process.env.PAWL, words, { env: w.env }));
  await heardUntil(w, (file) => `${file}agents: {main: {role: tester, keys: ["${keep}"]}}\n`);
});

test('a caller that proves nothing hears nothing more of a role that is not served', async (t) => {
  const w = new Served(open);
  t.after(() => w.end());
  await w.begin();
  writeFileSync(path.join(w.dir, 'other.yaml'), open.replaceAll('tester', 'other'));
  await heardUntil(w, (file) => file.replace('{tester: {file: policy', '{other: {file: other'));
});
