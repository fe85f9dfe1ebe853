// Layers of a deployment while runs are open: what is stricter counts at once; what is laxer,
// missing or broken changes nothing that is in force, and nothing new is granted under it.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { start, usable } from './tester.mjs';
import { code, sleep, turned_away } from './world.mjs';

const org = `
version: 1
layer: org
owner: security@example
require:
  - {if: 'tool.endsWith("update_order_status")', then: deny, say: "not this year"}
`;
const deployment = 'version: 1\nlayers: [../../org.yaml]\n';
const args = { order_id: 'a', status: 'ok' };

async function until(what, holds) {
  for (let i = 0; i < 300; ++i) {
    if (await holds()) return;
    await sleep(100);
  }
  assert.fail(`it never came true: ${what}`);
}

const begin = (t, text = org) => start(t, { lists: { 'org.yaml': text }, deployment });
const change = (w, text) => writeFileSync(path.join(w.dir, 'org.yaml'), text);

test('a layer refuses what the role grants, and says whose line it is', async (t) => {
  const [w, client] = await begin(t);
  await usable(client);
  const refused = await client.call('update_order_status', args);
  assert.equal(code(refused), 'constraint');
  assert.match(refused.content[0].text, /org\.yaml:6/);
  assert.match(refused.content[0].text, /not this year/);
  assert.equal(w.calls('update_order_status').length, 0);
});

test('a stricter layer counts at once, for the open run', async (t) => {
  const [w, client] = await begin(t, org.replace('then: deny', 'then: notify'));
  assert.equal(code(await client.call('update_order_status', args)), undefined);
  change(w, org);
  await until('it is refused', async () =>
    code(await client.call('update_order_status', args)) === 'constraint');
});

test('a layer that gets laxer waits for a person', async (t) => {
  const [w, client] = await begin(t);
  w.enrol();
  await usable(client);
  change(w, org.replace('then: deny', 'then: notify'));
  await until('it waits', () => w.json('status').policies_waiting.length === 1);
  const [waiting] = w.json('status').policies_waiting;
  assert.match(waiting.laxer, /what the layer `org` requires in line 6 is gone, weaker/);
  assert.equal(code(await client.call('update_order_status', args)), 'constraint');
  assert.equal(w.calls('update_order_status').length, 0);
});

test('a layer that is gone takes nothing away from an open run, and no run begins', async (t) => {
  const [w, client] = await begin(t);
  await usable(client);
  rmSync(path.join(w.dir, 'org.yaml'));
  await until('a person is told', () =>
    /nothing is granted without it/.test(w.pawl('audit', 'tail').out));
  assert.equal(code(await client.call('update_order_status', args)), 'constraint');
  await usable(client);
  assert.ok(turned_away(await w.client({ env: { PAWL_RUN: 'another' } })));
});

test('a deployment file without its layer is a laxer policy, and waits', async (t) => {
  const [w, client] = await begin(t);
  await usable(client);
  writeFileSync(path.join(w.dir, 'config', 'pawl', 'pawl.yaml'), 'version: 1\n');
  assert.ok(turned_away(await w.client({ env: { PAWL_RUN: 'another' } })));
  assert.equal(code(await client.call('update_order_status', args)), 'constraint');
  assert.match(w.pawl('audit', 'tail').out, /laxer is .*what the layer `org` requires/);
});
