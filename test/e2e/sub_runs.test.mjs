// Sub-agents that speak MCP: the credential of a sub-run at the door of its role, in both eras, in
// front of a tool server that records what it receives. Ids as in docs/reference/cases.md.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Served, modern, read } from './served.mjs';
import { open } from './tester.mjs';
import { code, fixture, pawl, sleep } from './world.mjs';

const customer = { customer_id: 'c' };
const order = { order_id: 'o', status: 'ok' };
const mail = { to: 'a@myco.example', body: 'b' };

// A gateway with one agent, which opens runs and parts of them.
class Family extends Served {
  async start(t, { role = 'tester', ...options } = {}) {
    t.after(() => this.end());
    this.config = path.join(this.dir, 'pawl.yaml');
    const words = ['keys', 'create', 'main', '--json'];
    const made = JSON.parse(spawnSync(pawl, words, { env: this.env, encoding: 'utf8' }).stdout);
    this.key = made.key;
    const more = `agents: {main: {role: ${role}, keys: ["${made.keep}"]}}\n`;
    await this.begin({ more, ...options });
    assert.ok(this.origin, this.log);
    this.url = `${this.origin}/mcp/${role}`;
    return this;
  }
  async api(token, method, target, body) {
    const headers = { authorization: `Bearer ${token}` };
    if (body) headers['content-type'] = 'application/json';
    const answer = await fetch(this.origin + target, {
      method,
      headers,
      body: body && JSON.stringify(body),
    });
    return { status: answer.status, headers: answer.headers, json: await answer.json() };
  }
  async run(body = {}) {
    const opened = await this.api(this.key, 'POST', '/v1/runs', body);
    assert.equal(opened.status, 201, JSON.stringify(opened.json));
    return opened.json;
  }
  sub(parent, body) {
    return this.api(parent.credential, 'POST', '/v1/runs', { agent: 'reader', ...body });
  }
  async part(parent, body = {}) {
    const opened = await this.sub(parent, { audience: 'mcp', ...body });
    assert.equal(opened.status, 201, JSON.stringify(opened.json));
    return opened.json;
  }
  stands(run, by = this.key) {
    return this.api(by, 'GET', `/v1/runs/${run.run}`).then(({ json }) => json);
  }
  // A client that has this credential.
  holder({ credential }) {
    const who = Object.create(this);
    const authorization = `Bearer ${credential}`;
    who.post = (message, headers = {}, options = {}) =>
      Served.prototype.post.call(this, message, { authorization, ...headers }, options);
    return who;
  }
  records(type) {
    const lines = this.pawl('audit', 'query', '--json').out.split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line)).filter((record) => record.type === type);
  }
  refusals() {
    return this.records('noted').filter(({ topic }) => topic === 'identity refused');
  }
}

// What a client of either era does with a credential.
const eras = {
  older: async (who) => {
    const session = await who.open();
    const list = async () => (await read(await session.post('tools/list'))).at(-1).result;
    return { list, call: (name, args) => session.call(name, args), hello: session.hello.result };
  },
  modern: async (who) => {
    const ask = async (method, params) => {
      const said = (await read(await who.ask(method, params))).at(-1);
      return said.result ?? said;
    };
    return {
      list: () => ask('tools/list'),
      call: (name, args) => ask('tools/call', { name, arguments: args }),
      hello: await ask('server/discover'),
    };
  },
};
const names = ({ tools }) => tools.map(({ name }) => name).sort();
const begin = (t) => new Family(`${open}approval: {reviewers: [leads], within: 5m}\n`).start(t);

for (const [era, connect] of Object.entries(eras)) {
  test(`R16 two levels below a run, the last at the MCP door (${era})`, async (t) => {
    const w = await begin(t);
    const run = await w.run();
    const tools = ['read_*', 'update_order_status'];
    const above = (await w.sub(run, { tools, limits: { steps: 4 } })).json;
    const below = await w.part(above, { agent: 'page-reader', tools: ['read_customer_record'] });
    assert.match(below.audience, /\/mcp\/tester$/);
    assert.equal(below.parent_run, above.run);
    const client = await connect(w.holder(below));
    const list = await client.list();
    assert.deepEqual(names(list), ['read_customer_record']);
    assert.ok(list._meta['pawl/list'].offered > 1);
    assert.equal((await client.call('read_customer_record', customer)).isError, undefined);
    // Of its parent's and of the role's, and not its own.
    for (const [name, args] of Object.entries({
      update_order_status: order,
      read_slow: { ms: 1 },
      delete_customer_record: customer,
    })) {
      const denied = await client.call(name, args);
      assert.equal(code(denied), 'not_granted', name);
      assert.match(denied.content[0].text, /the sub-run has no such tool/);
    }
    const spent = await client.call('read_customer_record', customer);
    assert.equal(code(spent), 'ceiling');
    assert.match(spent.content[0].text, /has used its 4 steps/);
    const sibling = await connect(w.holder(await w.part(above)));
    const said = await sibling.call('read_customer_record', customer);
    assert.match(said.content[0].text, new RegExp(`${above.run}. has used its 4 steps`));
    assert.equal(w.calls().length, 1, 'the server saw one call');
    // What is below is counted above, and its name stands at each decision.
    assert.deepEqual((({ steps, denials }) => [steps, denials])(await w.stands(run)), [6, 5]);
    const seen = await w.stands(above, run.credential);
    assert.deepEqual([seen.steps, seen.denials], [6, 5]);
    const decided = w.records('call.decided');
    assert.equal(decided.length, 6);
    for (const [i, { run: at, note }] of decided.entries()) {
      assert.equal(at, run.run);
      const whose = i < 5 ? `sub-run ${below.run} of page-reader` : 'sub-run s-\\w+ of reader';
      assert.match(note, new RegExp(`^${whose}`));
    }
    const [, opened] = w.records('noted').filter(({ topic }) => topic === 'sub-run');
    assert.match(opened.text, new RegExp(`"parent_run":"${above.run}","run":"${below.run}"`));
    assert.match(opened.text, /"audience":"[^"]*\/mcp\/tester"/);
  });

  test(`a part without a list has the tools of its run, and the steps left (${era})`, async (t) => {
    const w = await begin(t);
    const run = await w.run({ task: { execution: { max_steps: 2 } } });
    const whole = await connect(w.holder(await w.run({ audience: 'mcp' })));
    const part = await connect(w.holder(await w.part(run)));
    assert.deepEqual(names(await part.list()), names(await whole.list()));
    assert.equal((await part.call('update_order_status', order)).isError, undefined);
    const other = await connect(w.holder(await w.part(run)));
    assert.equal((await other.call('update_order_status', order)).isError, undefined);
    assert.equal(code(await part.call('update_order_status', order)), 'ceiling');
    assert.equal((await w.stands(run)).phase, 'halted');
  });

  test(`the switch over a run takes its parts along (${era})`, async (t) => {
    const w = await begin(t);
    const run = await w.run();
    const who = w.holder(await w.part((await w.sub(run, {})).json));
    const client = await connect(who);
    const slow = client.call('read_slow', { ms: 60_000 }).catch((error) => error);
    for (let i = 0; i < 200 && w.calls('read_slow').length === 0; ++i) await sleep(20);
    const killed = await w.later('kill', 'run', run.run, '--reason', 'test');
    assert.equal(killed.status, 0, killed.err);
    assert.equal(code(await slow), 'killed');
    assert.equal((await who.ask('tools/list')).status, 401);
    assert.equal((await w.sub(run, { audience: 'mcp' })).status, 401);
  });

  test(`a part that its parent closes ends, with what waits in it (${era})`, async (t) => {
    const w = await begin(t);
    const words = ['reviewers', 'add', 'ada', '--group', 'leads', '--config', w.config];
    assert.equal((await w.later(...words)).status, 0);
    const run = await w.run();
    const part = await w.part(run);
    const who = w.holder(part);
    const client = await connect(who);
    const held = client.call('send_customer_email', mail);
    let question;
    for (let i = 0; i < 200 && !question; ++i) {
      await sleep(25);
      const listed = await w.later('approvals', 'list', '--json');
      [question] = JSON.parse(listed.out);
    }
    const closed = await w.api(run.credential, 'POST', `/v1/runs/${part.run}/close`);
    assert.deepEqual([closed.status, closed.json.phase], [200, 'closed']);
    const done = await w.later('approvals', 'approve', question.approval, '--as', 'ada');
    assert.equal(done.status, 0, done.err);
    const said = await held;
    assert.equal(code(said), 'not_granted');
    assert.match(said.content[0].text, /the sub-run is over/);
    assert.equal(w.calls().length, 0, 'nothing ran for who is not there');
    assert.equal((await who.ask('tools/list')).status, 401);
    assert.equal((await w.stands(run)).phase, 'open');
  });
}

test('a credential is for one door, and refused at the other with a record', async (t) => {
  const w = await begin(t);
  const run = await w.run();
  const part = await w.part(run);
  const wrong = [];
  for (const target of [`/v1/runs/${part.run}`, `/v1/runs/${run.run}`]) {
    wrong.push(await w.api(part.credential, 'GET', target));
  }
  wrong.push(await w.sub(part, {}));
  const call = { tool: 'read_customer_record', arguments: customer };
  wrong.push(await w.api(part.credential, 'POST', `/v1/runs/${part.run}/calls`, call));
  const plain = (await w.sub(run, {})).json;
  assert.match(plain.audience, /\/v1$/);
  for (const token of [plain.credential, run.credential]) {
    wrong.push(await w.holder({ credential: token }).ask('tools/list'));
    wrong.push(await w.holder({ credential: token }).post({ jsonrpc: '2.0', id: 1 }));
  }
  for (const { status, headers } of wrong) {
    assert.equal(status, 401);
    assert.match(headers.get('www-authenticate'), /error="invalid_token"/);
  }
  assert.equal(w.refusals().length, wrong.length);
  assert.equal(w.calls().length, 0);
  assert.equal((await w.stands(run)).steps, 0, 'an unknown caller is charged to no run');
});

test('what no part may have: more tools, more steps, more time', async (t) => {
  const w = await begin(t);
  const run = await w.run({ lasts_seconds: 120 });
  const above = (await w.sub(run, { tools: ['read_*'], limits: { steps: 2 } })).json;
  for (const more of [
    { tools: ['update_order_status'] },
    { tools: ['*'] },
    { limits: { steps: 3 } },
  ]) {
    const refused = await w.sub(above, { audience: 'mcp', ...more });
    assert.deepEqual([refused.status, refused.json.code], [403, 'not_granted']);
  }
  for (const wrong of [{ audience: 'web' }, { audience: 7 }, { lasts_seconds: 5 }]) {
    assert.equal((await w.sub(above, wrong)).status, 400);
  }
  const long = await w.part(above, { lasts_seconds: 86_400 });
  assert.ok(Date.parse(long.expires) <= Date.parse(run.expires));
  const none = await w.part(above, { tools: [] });
  const client = await eras.modern(w.holder(none));
  assert.deepEqual(names(await client.list()), []);
  assert.equal(code(await client.call('read_customer_record', customer)), 'not_granted');
});

test('a part whose time is over is unknown, and its session ends', async (t) => {
  const w = await begin(t);
  const run = await w.run();
  const part = await w.part(run, { lasts_seconds: 10 });
  const who = w.holder(part);
  const session = await who.open();
  assert.equal((await session.call('read_customer_record', customer)).isError, undefined);
  await sleep(Math.max(0, Date.parse(part.expires) - Date.now()) + 200);
  assert.equal((await session.post('tools/list')).status, 401);
  assert.match(w.refusals().at(-1).text, /over|expired/);
  assert.equal((await w.stands(part, run.credential)).code, 'identity');
  for (let i = 0; i < 100 && !/the sub-run is over/.test(w.log); ++i) await sleep(200);
  assert.match(w.log, new RegExp(`run ${run.run}: the sub-run is over`));
  assert.equal((await w.stands(run)).phase, 'open');
});

test('sessions of parts of one run are not each other’s', async (t) => {
  const w = await begin(t);
  const run = await w.run();
  const [one, two] = [w.holder(await w.part(run)), w.holder(await w.part(run))];
  const session = await one.open();
  const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
  assert.equal((await one.post(list, session.headers)).status, 200);
  assert.equal((await two.post(list, session.headers)).status, 404);
  assert.equal((await w.holder({ credential: w.key }).post(list, session.headers)).status, 404);
});

test('`pawl runs create --parent` makes a part of a run', async (t) => {
  const w = await begin(t);
  const create = async (...words) => w.later('runs', 'create', ...words, '--json');
  const run = JSON.parse((await create('--role', 'tester')).out);
  const words = ['--parent', run.run, '--agent', 'reader', '--tool', 'read_*'];
  const above = JSON.parse((await create(...words, '--steps', '2')).out);
  assert.match(above.audience, /\/v1$/);
  const limits = ['--tool', 'read_customer_record', '--for', 'mcp', '--lasts', '10m'];
  const made = await create('--parent', above.run, '--agent', 'page-reader', ...limits);
  assert.equal(made.status, 0, made.err);
  const part = JSON.parse(made.out);
  const client = await eras.older(w.holder(part));
  assert.deepEqual(names(await client.list()), ['read_customer_record']);
  assert.equal(code(await client.call('read_slow', { ms: 1 })), 'not_granted');
  assert.equal((await client.call('read_customer_record', customer)).isError, undefined);
  assert.equal(code(await client.call('read_customer_record', customer)), 'ceiling');
  for (const [wrong, why] of [
    [['--parent', run.run], /`--agent` is missing/],
    [['--parent', run.run, '--agent', 'a', '--role', 'tester'], /`--role` beside `--parent`/],
    [['--role', 'tester', '--tool', 'x'], /`--tool` belongs to `--parent`/],
    [['--parent', run.run, '--agent', 'a', '--steps', 'few'], /`--steps` is a number/],
    [['--parent', 'r-00000000', '--agent', 'a'], /there is no run/],
    [['--parent', above.run, '--agent', 'a', '--tool', 'update_*'], /not a tool of the run that asks/],
  ]) {
    const refused = await create(...wrong);
    assert.notEqual(refused.status, 0, wrong.join(' '));
    assert.match(refused.err, why);
  }
});

test('a part at a door that asks no one who they are would be no less', async (t) => {
  const w = new Family(open);
  t.after(() => w.end());
  await w.begin();
  const made = await w.later('runs', 'create', '--role', 'tester', '--json');
  const words = ['--parent', JSON.parse(made.out).run, '--agent', 'a', '--for', 'mcp'];
  const refused = await w.later('runs', 'create', ...words);
  assert.notEqual(refused.status, 0);
  assert.match(refused.err, /no `agents`/);
});

test('behind several servers a part has what it was given of each', async (t) => {
  const w = new Family(open);
  const both = `
version: 1
agent: {id: both, identity: both@example}
tools: {allowed: [{name: "*/read_*", class: read_only}]}
accept_risk:
  - {rule: "tools/*/read_*/class", reason: t, owner: t@example, until: 2030-01-01}
`;
  writeFileSync(path.join(w.dir, 'both.yaml'), both);
  const command = JSON.stringify([process.execPath, fixture, w.record]);
  await w.start(t, {
    role: 'both',
    server: `command: ${command}}, bank: {command: ${command}`,
    roles: 'both: {file: both.yaml, servers: [crm, bank]}',
  });
  const part = await w.part(await w.run(), { tools: ['crm/read_customer_record', 'read_slow'] });
  for (const connect of Object.values(eras)) {
    const client = await connect(w.holder(part));
    const shown = names(await client.list());
    assert.deepEqual(shown, ['bank/read_slow', 'crm/read_customer_record', 'crm/read_slow']);
    assert.equal((await client.call('crm/read_customer_record', customer)).isError, undefined);
    assert.equal((await client.call('bank/read_slow', { ms: 1 })).isError, undefined);
    const denied = await client.call('bank/read_customer_record', customer);
    assert.match(denied.content[0].text, /the sub-run has no such tool/);
    // A name without a server is refused before any session, and charged all the same.
    const nowhere = await client.call('read_customer_record', customer);
    assert.equal(code(nowhere), 'not_granted');
  }
  const decided = w.records('call.decided');
  assert.equal(decided.length, 8);
  for (const { note } of decided) assert.match(note, new RegExp(`^sub-run ${part.run} of reader`));
  assert.equal(w.calls('read_customer_record').length, 2);
});

test('what pawl says the protocol is stays as it is for a part', async (t) => {
  const w = await begin(t);
  const part = w.holder(await w.part(await w.run(), { tools: ['read_customer_record'] }));
  const older = await eras.older(part);
  assert.equal(older.hello.protocolVersion, '2025-11-25');
  const newer = await eras.modern(part);
  assert.deepEqual(newer.hello.supportedVersions, [modern]);
  // A request that never becomes a call is charged to it as well.
  const bad = await part.post('{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}');
  assert.equal(bad.status, 400);
});

test('a sub-run spends the share of the agent that is deployed, whatever it is called', async (t) => {
  const w = await begin(t);
  const words = ['keys', 'create', 'bob', '--json'];
  const bob = JSON.parse(spawnSync(pawl, words, { env: w.env, encoding: 'utf8' }).stdout);
  const more = `bob: {role: tester, keys: ["${bob.keep}"]}`;
  const limits = 'limits: {processes: 8, processes_of_caller: 1}';
  const before = w.deployment;
  writeFileSync(w.config, before.replace('agents: {', `${limits}\nagents: {${more}, `));
  w.node.kill('SIGHUP');
  while (!w.log.includes('the deployment file was read again')) await sleep(20);
  const run = await w.run();
  const first = await w.holder(await w.part(run, { agent: 'bob' })).open();
  assert.ok(first.hello.result, JSON.stringify(first.hello));
  const share = /for this caller: 1, and at most 1 may/;
  for (const agent of ['bob', 'eve']) {
    const part = await w.holder(await w.part(run, { agent })).open();
    assert.match(part.hello.error.message, share, agent);
  }
  assert.match((await w.holder({ credential: w.key }).open()).hello.error.message, share);
  const theirs = await w.holder({ credential: bob.key }).open();
  assert.ok(theirs.hello.result, 'bob has a share of his own');
  const refused = w.records('noted').filter(({ topic }) => topic === 'process refused');
  assert.ok(refused.length > 0);
  for (const { text } of refused) assert.match(text, /^`agent:main`/);
  const clients = w.records('run_opened').map(({ client }) => client);
  assert.ok(w.log.includes('bob of main by credential'), `${w.log}\n${clients}`);
});
