// J03 from outside: the disk of a gateway is full, and has room again.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Served } from './served.mjs';
import { open } from './tester.mjs';
import { Numbers, until } from './watched.mjs';
import { code } from './world.mjs';

// A small disk of its own for the state directory, in a mount namespace that ends with the gateway.
// A process beside it takes all the room while the file `fill` lies there, and gives it back.
const surroundings = `
mount -t tmpfs -o size=24m,mode=700 none "$1" || exit 3
(while kill -0 $$ 2>/dev/null; do
  if [ -e "$2/fill" ]; then
    [ -e "$2/filled" ] || { cat /dev/zero > "$1/filler" 2>/dev/null; : > "$2/filled"; }
  elif [ -e "$1/filler" ]; then
    rm "$1/filler"; rm -f "$2/filled"
  fi
  sleep 0.02
done) &
shift 2
exec "$@"
`;

test('J03 a gateway whose disk is full says so, grants nothing, and recovers', async (t) => {
  const w = new Served(open);
  t.after(() => w.end());
  const signs = path.join(w.dir, 'signs');
  mkdirSync(signs);
  mkdirSync(w.state, { recursive: true });
  const through = ['unshare', '-rm', 'sh', '-c', surroundings, 'sh', w.state, signs];
  await w.begin({ listen: '{mcp: "127.0.0.1:0", metrics: "127.0.0.1:0"}', through });
  assert.ok(w.origin, w.log);
  const health = async (of) => (await fetch(`${w.origin}/${of}`)).status;
  assert.equal(await health('readyz'), 200);
  const session = await w.open();
  const long = { customer_id: 'x'.repeat(30_000) };
  assert.equal(code(await session.call('read_customer_record', long)), undefined);

  const fill = path.join(signs, 'fill');
  writeFileSync(fill, '');
  await until(() => existsSync(path.join(signs, 'filled')));
  // The journal may have room of its own until then.
  let refused;
  for (let i = 0; i < 2000 && refused !== 'audit_unavailable'; ++i) {
    refused = code(await session.call('read_customer_record', long));
  }
  assert.equal(refused, 'audit_unavailable');
  assert.equal(await health('readyz'), 503);
  assert.equal(await health('healthz'), 503);
  const red = await Numbers.of(w);
  assert.equal(red.sum('pawl_granting'), 0);
  assert.equal(red.sum('pawl_ready'), 0);
  const reached = w.calls('read_customer_record').length;
  assert.equal(code(await session.call('read_customer_record', long)), 'audit_unavailable');
  assert.equal(w.calls('read_customer_record').length, reached, 'nothing goes on');

  rmSync(fill);
  await until(async () => (await health('readyz')) === 200);
  assert.equal(code(await session.call('read_customer_record', long)), undefined);
  assert.equal((await Numbers.of(w)).sum('pawl_granting'), 1);
});
