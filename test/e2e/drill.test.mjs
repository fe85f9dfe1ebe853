// The kill switch, tried: scopes, process trees, and a drill that is a record.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { until } from './heard.mjs';
import { Served } from './served.mjs';
import { code } from './world.mjs';

const policy = `version: 1
agent: {id: tester, identity: tester@example, owner: o@example}
tools: {allowed: [{name: read_customer_record, class: read_only}]}
`;
const canary = `version: 1
agent: {id: canary, identity: canary@example, owner: o@example}
tools: {allowed: [{name: drill_effect, class: reversible small}]}
`;

async function world(t, { every = '30d', role = canary } = {}) {
  const w = new Served(policy);
  t.after(() => w.end());
  writeFileSync(path.join(w.dir, 'canary.yaml'), role);
  w.enrol();
  const config = readFileSync(path.join(w.dir, 'config', 'pawl', 'pawl.yaml'), 'utf8');
  const [verifier] = /verifier: "[^"]*"/.exec(config);
  w.killNode();
  await w.begin({ more: `people: {ada: {groups: [leads], ${verifier}}}\n` });
  assert.ok(w.origin, w.log);
  w.node.kill('SIGKILL');
  await w.ended;
  const with_canary = w.deployment.replace('roles: {', 'roles: {canary: {file: canary.yaml}, ');
  writeFileSync(w.config, `${with_canary}drill: {role: canary, every: ${every}}\n`);
  await w.serve();
  assert.ok(w.origin, w.log);
  return w;
}

const check = (w) => w.later('check', '--config', w.config, w.policy);

test('a drill kills what it started, is measured, and is what check asks for', async (t) => {
  const w = await world(t);
  const before = await check(w);
  assert.equal(before.status, 1);
  assert.match(before.err, /the kill switch never passed a drill/);
  assert.notEqual((await w.later('drill', '--as', 'eve')).status, 0);
  const session = await w.open();
  const done = await w.later('drill', '--as', 'ada', '--json');
  assert.equal(done.status, 0, done.err);
  const drill = JSON.parse(done.out);
  assert.equal(drill.passed, true, done.out);
  assert.equal(drill.processes, 100);
  assert.equal(drill.alive, 0);
  // How fast is a row of scripts/bench; here, that it was measured, and that it ended.
  assert.ok(drill.dead_us > 0 && drill.dead_us < 60_000_000, done.out);
  assert.equal(drill.after, 0);
  assert.ok(drill.calls >= 1);
  t.diagnostic(`last admitted after ${drill.decided_us} us, 100 processes dead after ${drill.dead_us} us`);
  assert.equal(spawnSync('pgrep', ['-P', String(w.node.pid), 'sh']).stdout.toString(), '');
  // No other run was stopped, and nothing stays stopped.
  assert.equal((await session.call('read_customer_record', { customer_id: 'c' })).isError, undefined);
  const status = JSON.parse((await w.later('status', '--json')).out);
  assert.deepEqual(status.kills, []);
  assert.equal(status.drilled_by, 'ada');
  assert.equal((await check(w)).status, 0);
  const everything = await w.later('drill', '--everything', '--as', 'ada');
  assert.equal(everything.status, 0, everything.err);
  assert.match(everything.out, /passed/);
  assert.equal((await session.call('read_customer_record', { customer_id: 'c' })).isError, undefined);
});

test('a stop in earnest outlives a drill, and no auditor tries one', async (t) => {
  const w = await world(t);
  const session = await w.open();
  const call = () => session.call('read_customer_record', { customer_id: 'c' });
  const kills = async () => JSON.parse((await w.later('status', '--json')).out).kills;
  for (const scope of [['all'], ['role', 'canary'], ['tool', 'drill_effect']]) {
    assert.equal((await w.later('kill', ...scope, '--reason', 'it sends mails')).status, 0);
    for (const more of [[], ['--everything']]) {
      const done = await w.later('drill', ...more, '--as', 'ada');
      assert.notEqual(done.status, 0, done.out);
      assert.match(done.err, /kill switch is set for .*it sends mails.*resume it first/);
      const [stands, ...others] = await kills();
      assert.deepEqual([stands.scope, others], [scope[0], []]);
    }
    assert.equal(code(await call()), scope[0] === 'all' ? 'killed' : undefined);
    assert.equal((await w.later('resume', ...scope, '--as', 'ada')).status, 0);
  }
  // What a drill does not cover stands beside it.
  assert.equal((await w.later('kill', 'tool', 'read_big', '--reason', 'x')).status, 0);
  assert.equal((await w.later('drill', '--everything', '--as', 'ada')).status, 0);
  assert.deepEqual((await kills()).map(({ scope, name }) => [scope, name]), [['tool', 'read_big']]);
  assert.equal((await call()).isError, undefined);
  // Enrolled, and an auditor since.
  writeFileSync(w.config, readFileSync(w.config, 'utf8').replace('people: {', 'people: {auditors: [ada], '));
  w.node.kill('SIGHUP');
  await until(() => w.log.includes('was read again'), 'the new file');
  const looks = await w.later('drill', '--as', 'ada');
  assert.notEqual(looks.status, 0);
  assert.match(looks.err, /auditor/);
});

test('a drill whose role permits nothing is none', async (t) => {
  const w = await world(t, { role: canary.replace('drill_effect', 'other') });
  const done = await w.later('drill', '--as', 'ada');
  assert.notEqual(done.status, 0);
  assert.match(done.err, /nothing was tried/);
  assert.equal((await check(w)).status, 1);
  assert.deepEqual(JSON.parse((await w.later('status', '--json')).out).kills, []);
});

test('the switch over a role and a server, and over the processes behind', async (t) => {
  const w = await world(t);
  const session = await w.open();
  const call = () => session.call('read_customer_record', { customer_id: 'c' });
  assert.equal((await call()).isError, undefined);
  for (const [scope, name] of [['role', 'tester'], ['upstream', 'crm'], ['agent', 'tester']]) {
    const killed = await w.later('kill', scope, name, '--reason', 'test');
    assert.equal(killed.status, 0, killed.err);
    assert.match(killed.out, /go on, and every call is denied/);
    assert.equal(code(await call()), 'killed');
    assert.equal((await w.later('resume', scope, name, '--as', 'ada')).status, 0);
    assert.equal((await call()).isError, undefined);
  }
  assert.equal((await w.later('kill', 'server', 'crm', '--reason', 'x')).status, 2);
  const servers = () => spawnSync('pgrep', ['-P', String(w.node.pid)], { encoding: 'utf8' }).stdout;
  assert.notEqual(servers(), '');
  const killed = await w.later('kill', 'upstream', 'crm', '--processes', '--reason', 'x', '--json');
  const { processes } = JSON.parse(killed.out);
  assert.ok(processes.found >= 1);
  assert.deepEqual(processes.alive, []);
  await until(() => servers() === '', 'their end');
});
