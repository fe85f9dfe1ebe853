// Who may use the decision API, and what stands when the node or a run ends; the program's own
// commands for it, and the client in TypeScript.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Gatehouse, clerk } from './api_world.mjs';
import { fixture, modules, sleep } from './world.mjs';

const need = createRequire(path.join(modules, 'x.js'));
let g;
before(async () => {
  g = await new Gatehouse().serve();
});
after(() => g.end());

test('a key that is taken back opens nothing any more', async () => {
  const prefix = g.keys.other.slice(5, 13);
  assert.equal((await g.ask(g.keys.other, 'POST', '/v1/runs', {})).status, 201);
  const done = await g.later('keys', 'revoke', prefix);
  assert.equal(done.status, 0, done.err);
  assert.equal((await g.ask(g.keys.other, 'POST', '/v1/runs', {})).status, 401);
  assert.match(readFileSync(g.config, 'utf8'), new RegExp(`${prefix}:revoked`));
  const listed = JSON.parse(g.make('keys', 'list', '--json'));
  assert.equal(listed.find((key) => key.prefix === prefix).revoked, true);
});

test('the key set checks credentials with another library', async () => {
  const { createLocalJWKSet, jwtVerify } = await import(need.resolve('jose'));
  const run = await g.run();
  const keys = (await g.ask('', 'GET', '/.well-known/jwks.json')).json;
  const { payload } = await jwtVerify(run.credential, createLocalJWKSet(keys), {
    issuer: g.address,
    audience: `${g.address}/v1`,
    typ: 'pawl-run+jwt',
  });
  assert.deepEqual([payload.run, payload.act.sub], [run.run, 'orchestrator']);
});

test('a call whose outcome was not told before the node died', async () => {
  const h = await new Gatehouse(clerk).serve();
  try {
    const run = await h.run({ key: 'long' });
    const said = (await h.propose(run, 'put_note', { text: 'x' })).json;
    assert.equal(said.effect, 'allow');
    await h.stop('SIGKILL');
    await h.serve();
    const late = await h.settle(run, said.call, { outcome: 'completed' });
    assert.equal(late.status, 404, 'its end is written: unknown');
    const [ended] = h.records('call.ended').filter((r) => r.call === said.call);
    assert.equal(ended.outcome, 'indeterminate');
    const after = await h.propose(run, 'read_note', {});
    assert.ok(after.status === 401 || after.json.code === 'run_halted', JSON.stringify(after));
  } finally {
    await h.end();
  }
});

test('a definition that is pinned is not left out', async () => {
  const h = new Gatehouse(clerk);
  const schema = { type: 'object', properties: { id: { type: 'string' } } };
  const definition = { name: 'put_note', inputSchema: schema };
  await h.serve();
  try {
    const run = await h.run();
    const first = await h.propose(run, 'put_note', { id: 'a' }, { definition });
    assert.equal(first.json.effect, 'allow', JSON.stringify(first.json));
    const without = await h.propose(run, 'put_note', { id: 'a', more: 1 });
    assert.equal(without.json.code, 'tool_changed');
    const wider = await h.propose(
      run,
      'put_note',
      { id: 'a', more: 1 },
      { definition: { name: 'put_note', inputSchema: { type: 'object' } } },
    );
    assert.equal(wider.json.code, 'tool_changed');
    const unknown = await h.propose(run, 'put_note', { id: 'a', more: 1 }, { definition });
    assert.equal(unknown.json.code, 'constraint');
  } finally {
    await h.end();
  }
});

test('a person opens a run for an agent elsewhere', async () => {
  const made = await g.later('runs', 'create', '--role', 'clerk', '--lasts', '10m', '--json');
  assert.equal(made.status, 0, made.err);
  const run = JSON.parse(made.out);
  assert.equal((await g.propose(run, 'read_note', {})).json.effect, 'allow');
  const state = (await g.ask(run.credential, 'GET', `/v1/runs/${run.run}`)).json;
  assert.notEqual(state.sponsor, 'clerk', 'the person who opened it answers for it');
  const listed = JSON.parse((await g.later('runs', 'list', '--json')).out);
  assert.ok(listed.some((one) => one.run === run.run));
  const closed = await g.later('runs', 'close', run.run, '--reason', 'done');
  assert.equal(closed.status, 0, closed.err);
  assert.equal((await g.propose(run, 'read_note', {})).status, 401);
  const unknown = await g.later('runs', 'create', '--role', 'unknown');
  assert.match(unknown.err, /there is no role `unknown`/);
});

test('the client in TypeScript', async () => {
  const { Pawl, PawlError } = await import('../../clients/typescript/src/index.ts');
  const agent = new Pawl({ address: g.address, key: g.keys.orchestrator });
  const executor = new Pawl({ address: g.address, key: g.keys.executor });
  const run = await agent.open();
  const events = [];
  const stop = new AbortController();
  const following = (async () => {
    for await (const event of executor.events(run.id, { signal: stop.signal })) events.push(event);
  })().catch(() => {});
  const decision = await run.propose('read_note', { id: 'a' });
  assert.equal(decision.effect, 'allow');
  const kept = await executor.settle(run.id, decision.call, {
    outcome: 'completed',
    result: { title: 't', body: 'b' },
  });
  assert.deepEqual(kept.result, { title: 't' });
  const held = [];
  const waiting = run.propose(
    'send_mail',
    { to: 'c@example.org' },
    { patience_seconds: 40, onHeld: (one) => held.push(one.approval) },
  );
  const question = await g.question();
  await g.later('approvals', 'deny', question.approval, '--as', 'ada', '--reason', 'no');
  assert.deepEqual([(await waiting).effect, (await waiting).code], ['deny', 'approval_rejected']);
  const child = await run.sub({ agent: 'reader', tools: ['read_note'] });
  assert.equal((await child.state()).parent_run, run.id);
  const part = await run.sub({ agent: 'reader', audience: 'mcp' });
  assert.match(part.opened.audience, /\/mcp\/clerk$/);
  await assert.rejects(part.state(), (error) => error instanceof PawlError && error.status === 401);
  assert.equal((await run.stateOf(part.id)).agent, 'reader');
  assert.equal((await run.closeSub(part.id)).phase, 'closed');
  await assert.rejects(agent.settle(run.id, decision.call, { outcome: 'cancelled' }), (error) => {
    return error instanceof PawlError && error.status === 403 && error.code === 'identity';
  });
  assert.equal((await run.close()).phase, 'closed');
  for (let i = 0; i < 50 && events.at(-1)?.type !== 'run.closed'; ++i) await sleep(20);
  assert.ok(events.some((event) => event.type === 'call.ended'));
  assert.equal(events.at(-1).data.run, run.id);
  stop.abort();
  await following;
});

test('the client in C++, as a program that executes what it may', async () => {
  const built = path.resolve(import.meta.dirname, '../../build/test/examples/orchestrator');
  const program = process.env.PAWL_ORCHESTRATOR ?? path.join(built, 'pawl_orchestrator');
  const child = spawn(program, [g.address], {
    env: { ...g.env, PAWL_AGENT_KEY: g.keys.orchestrator, PAWL_EXECUTOR_KEY: g.keys.executor },
  });
  let said = '';
  child.stdout.on('data', (bytes) => (said += bytes));
  child.stdin.end(
    [
      'read_note {"id":"a\\u00e4\\""}',
      'put_note {"text":"x"}',
      'delete_note {}',
      'send_mail {"to":"c@example.org"}',
      'sub read_note: read_note {"id":"1"}',
      'sub read_note: put_note {"text":"x"}',
      'sub read_*',
      'read_note {"id":',
    ].join('\n'),
  );
  const [status] = await once(child, 'exit');
  assert.equal(status, 0, said);
  const lines = said.trimEnd().replace(/127\.0\.0\.1:\d+/, 'here').split('\n');
  assert.deepEqual(lines.slice(0, 11), [
    'allow: {"title":"a note"}',
    'allow: {"asked":{"text":"x"},"body":"not for the model","title":"a note"}',
    'deny: not_granted',
    'hold: approval_pending',
    'allow: {"title":"a note"}',
    'helper: open after 1 steps, closed',
    'deny: not_granted',
    'helper: open after 1 steps, closed',
    'helper: open after 0 steps, closed, at http://here/mcp/clerk',
    'failed: 400 ambiguous_request',
    'run: closed',
  ]);
  assert.ok(lines.includes('event: call.ended'));
  assert.equal(lines.at(-1), 'event: run.closed');
  // An unknown key, and an address at which no gateway listens.
  const lost = spawnSync(program, [g.address], { env: { PAWL_AGENT_KEY: 'x' }, encoding: 'utf8' });
  assert.equal(lost.stdout, 'failed: 401 identity\n');
  const unreachable = spawnSync(program, ['http://127.0.0.1:1'], { env: {}, encoding: 'utf8' });
  assert.equal(unreachable.stdout, 'failed: 0 unreachable\n');
});

test('a rotated key: what it signed is good for a day, or for nothing', async () => {
  const kids = async () =>
    (await g.ask('', 'GET', '/.well-known/jwks.json')).json.keys.map((key) => key.kid);
  const before = await kids();
  const run = await g.run();
  const done = await g.later('keys', 'rotate', '--json');
  assert.deepEqual(JSON.parse(done.out), { checking: 1, node_told: true }, done.err);
  const after = await kids();
  assert.deepEqual(after.slice(1), before, 'the key before stays in the set');
  assert.equal((await g.propose(run, 'read_note', {})).json.effect, 'allow');
  const fresh = await g.run();
  const kid = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid;
  assert.deepEqual([kid(run.credential), kid(fresh.credential)], [before[0], after[0]]);
  const now = await g.later('keys', 'rotate', '--at-once');
  assert.match(now.out, /open nothing/);
  assert.equal((await kids()).length, 1);
  for (const old of [run, fresh]) {
    assert.equal((await g.propose(old, 'read_note', {})).status, 401);
  }
  assert.equal((await g.propose(await g.run(), 'read_note', {})).json.effect, 'allow');
});

test('roles that could not be told apart are not served', () => {
  const h = new Gatehouse(clerk);
  const twin = path.join(h.dir, 'twin.yaml');
  writeFileSync(twin, clerk.replace('id: clerk', 'id: twin'));
  const text = readFileSync(h.config, 'utf8');
  writeFileSync(
    h.config,
    text
      .replace('roles:\n', `roles:\n  twin: {file: "${twin}"}\n`)
      .replace('agents:\n', `agents:\n  double: {role: twin, keys: ["AbCdEfGh:${'a'.repeat(64)}"]}\n`),
  );
  const done = h.pawl('serve');
  assert.equal(done.status, 2, done.err);
  assert.match(done.err, /`clerk@example` is the identity of the role `clerk` too/);
  h.end();
});

test('the MCP door asks who calls, and takes the run of a credential', async () => {
  const h = new Gatehouse(clerk);
  const served = JSON.stringify(['node', fixture, h.record]);
  const text = readFileSync(h.config, 'utf8');
  const roles = text.replace(/clerk: \{file: (.*)\}/, 'clerk: {file: $1, servers: [crm]}');
  writeFileSync(h.config, `${roles}servers: {crm: {command: ${served}}}\n`);
  await h.serve();
  const hello = (token) =>
    h.ask(
      token,
      'POST',
      '/mcp/clerk',
      {
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: {
          protocolVersion: '2025-11-25',
          capabilities: {},
          clientInfo: { name: 'raw', version: '1' },
        },
      },
      { accept: 'application/json, text/event-stream' },
    );
  try {
    const api = await h.run();
    const mcp = await h.run({ audience: 'mcp', key: 'shared' });
    for (const token of ['', 'x', api.credential, 'pawl_' + 'A'.repeat(43)]) {
      assert.equal((await hello(token)).status, 401, token);
    }
    assert.equal((await hello(h.keys.executor)).status, 403, 'who executes does not propose');
    // A caller that proves nothing does not learn whether a role exists.
    const said = async (role, token) => {
      const headers = token ? { authorization: `Bearer ${token}` } : {};
      const answer = await fetch(`${h.address}/mcp/${role}`, { method: 'POST', headers });
      const fields = [...answer.headers].filter(([name]) => name !== 'date');
      return { status: answer.status, fields, body: await answer.text() };
    };
    for (const [token, status] of [['', 401], ['pawl_' + 'A'.repeat(43), 401]]) {
      const known = await said('clerk', token);
      assert.equal(known.status, status);
      assert.deepEqual(await said('unknown', token), known);
    }
    assert.equal((await said('unknown', h.keys.orchestrator)).status, 403);
    // Nor whose a run is; the attempt is noted.
    const theirs = await h.ask(h.keys.other, 'POST', `/v1/runs/${api.run}/calls`, {});
    assert.equal(theirs.status, 404);
    const noted = h.records('noted').map((one) => `${one.topic}: ${one.text}`);
    assert.ok(noted.some((one) => one.startsWith('identity refused: `other`')), noted.join('\n'));
    assert.equal((await hello(h.keys.orchestrator)).status, 200);
    assert.equal((await hello(mcp.credential)).status, 200);
    const listed = JSON.parse((await h.later('runs', 'list', '--json')).out);
    assert.equal(listed.length, 3, 'the session of the credential is in its run');
    // Without its agents the file opens nothing.
    const without = readFileSync(h.config, 'utf8').replace(/agents:[^]*?\n(?=people|servers)/, '');
    writeFileSync(h.config, without);
    h.node.kill('SIGHUP');
    await sleep(500);
    for (const token of ['', h.keys.orchestrator]) assert.equal((await hello(token)).status, 401);
  } finally {
    await h.end();
  }
});
