// How a gateway begins: with more freed memory at hand, of which its tool servers know nothing.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Served } from './served.mjs';
import { open } from './tester.mjs';

const name = 'GLIBC_TUNABLES=';
const settings = (process) =>
  readFileSync(`/proc/${process}/environ`, 'utf8')
    .split('\0')
    .filter((entry) => entry.startsWith(name));

async function begun(t, through = []) {
  const w = new Served(open);
  t.after(() => w.end());
  await w.begin({ through });
  const session = await w.open();
  await session.call('read_customer_record', { customer_id: 'c' });
  const [server] = w.children({ child: w.node });
  assert.ok(server);
  return { gateway: settings(w.node.pid), server: settings(server) };
}

test('a gateway begins with its own setting, and its server without one', async (t) => {
  assert.deepEqual(await begun(t), {
    gateway: [`${name}glibc.malloc.tcache_count=256`],
    server: [],
  });
});

test("an operator's own setting of the gateway stands", async (t) => {
  const theirs = `${name}glibc.malloc.tcache_count=9`;
  assert.deepEqual(await begun(t, ['env', theirs]), { gateway: [theirs], server: [] });
});
