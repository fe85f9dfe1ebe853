// A collector that wants to know who sends: what it gets, where that goes besides (nowhere), and
// what happens while it cannot be read.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { nowhere } from './planted.mjs';
import { Served } from './served.mjs';
import { open } from './tester.mjs';
import { Collector, Numbers, until } from './watched.mjs';

const first = 'zq-collector-key-one-5512';
const second = 'zq-collector-key-two-7781';
const listen = '{mcp: "127.0.0.1:0", metrics: "127.0.0.1:0"}';

async function world(t, { header = '', manner } = {}) {
  const collector = await new Collector(manner).open(t);
  const w = new Served(open);
  t.after(() => w.end());
  w.key = path.join(w.dir, 'otel.key');
  writeFileSync(w.key, first, { mode: 0o600 });
  await w.begin({
    listen,
    more: `traces: {url: "${collector.url}", credential: otel${header}}
credentials: {otel: {file: ${w.key}}}
`,
  });
  assert.ok(w.origin, w.log);
  const session = await w.open();
  const call = () => session.call('read_customer_record', { customer_id: 'c' });
  return { w, collector, call };
}

test('the collector gets its credential, and no one else does', async (t) => {
  const { w, collector, call } = await world(t);
  const told = JSON.stringify(await call());
  await collector.found('pawl decide');
  assert.equal(collector.headers.at(-1).authorization, `Bearer ${first}`);
  writeFileSync(w.key, second, { mode: 0o600 });
  await call();
  await until(() => collector.headers.at(-1).authorization === `Bearer ${second}`);
  const metrics = (await Numbers.of(w)).text;
  const server = readFileSync(w.record, 'utf8');
  const traces = collector.bodies.join('');
  nowhere(w.state, { agent: told, log: w.log, metrics, server, traces }, [first, second]);
});

test('a field of another name holds it whole, and a refusal does not show it', async (t) => {
  const refuses = () => 401;
  const { w, collector, call } = await world(t, { header: ', header: X-Api-Key', manner: refuses });
  await call();
  await until(() => /the collector of traces does not take them: it answered 401/.test(w.log));
  const { authorization, 'x-api-key': key } = collector.headers[0];
  assert.deepEqual([authorization, key], [undefined, first]);
  assert.ok((await Numbers.of(w)).sum('pawl_spans_lost_total') > 0);
  nowhere(w.state, { log: w.log }, [first]);
});

test('while it cannot be read nothing is sent, and calls go on', async (t) => {
  const { w, collector, call } = await world(t);
  rmSync(w.key);
  assert.equal((await call()).isError, undefined);
  await until(() => /the credential `otel` cannot be read/.test(w.log));
  assert.equal(collector.requests, 0);
});

test('no call carries the credential of the collector', async (t) => {
  const { w } = await world(t);
  const config = readFileSync(w.config, 'utf8');
  const wrong = config.replace(/servers: \{crm: \{/, '$&credential: otel, variable: KEY, ');
  assert.notEqual(wrong, config);
  writeFileSync(w.config, wrong);
  w.node.kill('SIGHUP');
  await until(() => /is for the collector of `traces` and for no other/.test(w.log));
});
