// Adversarial cases; the ids are those of docs/reference/cases.md. Each is checked at the recording
// server, for its code, and for a client that is still usable afterwards. What a door could get
// wrong, requests beside calls and what servers do, is tried over pipes and over HTTP.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { begin, doors } from './doors.mjs';
import { open, start, usable } from './tester.mjs';
import { code, modules, sleep, turned_away, World } from './world.mjs';

const production = `
version: 1
agent: {id: tester, identity: tester@example, owner: o@example}
environment: production
tools: {allowed: [{name: read_customer_record, class: read_only}]}
`;

for (const door of doors) {
  test(`D01 D02 D04 requests with content are denied unless granted, and never reach the server (${door})`, async (t) => {
    const [w, client] = await begin(t, door);
    const requests = [
      ['prompts/get', { name: 'analyze-schema', arguments: { includeData: 'true' } }],
      ['resources/read', { uri: 'table-info://vault' }],
      ['resources/read', { uri: 'file:///etc/passwd' }],
      [
        'completion/complete',
        { ref: { type: 'ref/prompt', name: 'x' }, argument: { name: 'a', value: 'x'.repeat(4096) } },
      ],
      ['resources/subscribe', { uri: 'x://' + 'data'.repeat(100) }],
    ];
    for (const [method, params] of requests) {
      const answer = await client.request(method, params);
      assert.equal(code(answer), 'not_granted', method);
      assert.equal(w.seen(method).length, 0, method);
    }
    // Each is charged as a step.
    for (const [method, steps] of [['completion/complete', [1]], ['resources/read', [1, 1]]]) {
      const words = ['audit', 'query', '--tool', `mcp:${method}`, '--json'];
      const lines = w.pawl(...words).out.split('\n').filter(Boolean);
      const records = lines.map((line) => JSON.parse(line));
      const decided = records.filter((record) => record.type === 'call.decided');
      assert.deepEqual(decided.map((record) => record.steps), steps, method);
    }
    const hidden = (await client.request('prompts/list')).result;
    assert.deepEqual(hidden, { prompts: [], _meta: { 'pawl/list': { granted: 0, hidden: true } } });
    assert.equal(w.seen('prompts/list').length, 0);
    await usable(client);
  });

  test(`D05 D06 a server asks for nothing that is not granted (${door})`, async (t) => {
    const [w, client] = await begin(t, door, {
      mode: 'asks',
      capabilities: { sampling: {}, elicitation: {} },
    });
    await usable(client);
    for (let i = 0; i < 100 && w.seen().filter((m) => m.error).length < 2; ++i) await sleep(20);
    const errors = w.seen().filter((m) => m.error);
    assert.deepEqual(errors.map((m) => m.id).sort(), ['e', 'q']);
    await usable(client);
    assert.equal(
      client.heard.filter(
        (m) => m.method?.startsWith('sampling') || m.method?.startsWith('elicitation'),
      ).length,
      0,
    );
  });

  test(`D08 only listed keys of _meta are forwarded, and the token is ours (${door})`, async (t) => {
    const [w, client] = await begin(t, door);
    await client.call(
      'read_customer_record',
      { customer_id: 'c' },
      { progressToken: 'carries data', baggage: 'x'.repeat(100_000), odd: 1 },
    );
    const [seen] = w.calls();
    assert.deepEqual(Object.keys(seen.params._meta), ['progressToken']);
    assert.equal(typeof seen.params._meta.progressToken, 'number');
  });

  test(`D10 unknown methods are refused in both directions (${door})`, async (t) => {
    const [w, client] = await begin(t, door);
    for (const method of [
      'tools/Call',
      'tools/call ',
      'experimental/run',
      'sampling/createMessage',
    ]) {
      assert.equal((await client.request(method, {})).error.code, -32601, method);
      assert.equal(w.seen(method).length, 0);
    }
    await usable(client);
  });

  test(`S07 ten megabytes and more pass whole (${door})`, async (t) => {
    const [, client] = await begin(t, door);
    const result = await client.call('read_big', { bytes: 11 << 20 });
    assert.equal(result.content[0].text.length, 11 << 20);
  });

  test(`S08 only the first live answer is delivered (${door})`, async (t) => {
    const [, client] = await begin(t, door, { mode: 'twice' });
    await usable(client);
    await usable(client);
    assert.equal(client.heard.filter((m) => m.result?.content?.[0]?.text === 'second').length, 0);
  });

  test(`S09 S10 a changed definition is denied until a reviewer accepts it (${door})`, async (t) => {
    const [w, client] = await begin(t, door);
    await usable(client);
    w.enrol();
    const changed = await w.again(client, 'changed');
    assert.equal(
      code(await changed.call('read_customer_record', { customer_id: 'c' })),
      'tool_changed',
    );
    const shown = (await changed.request('tools/list')).result.tools.map((tool) => tool.name);
    assert.ok(!shown.includes('read_customer_record'));
    assert.notEqual(w.accept('unknown').status, 0);
    const denied = await changed.call('read_customer_record', { customer_id: 'c' });
    assert.equal(code(denied), 'tool_changed');
    const done = w.accept('ada');
    assert.equal(done.status, 0, done.err);
    await usable(await w.again(changed, 'changed'));
    assert.equal(w.calls().length, 2);
  });

  test(`S09 hidden characters in a definition are never accepted (${door})`, async (t) => {
    const [w, client] = await begin(t, door, { mode: 'hidden' });
    assert.equal(
      code(await client.call('read_customer_record', { customer_id: 'c' })),
      'tool_changed',
    );
    assert.equal(w.calls().length, 0);
  });

  test(`S11 names that cannot be told apart are not callable (${door})`, async (t) => {
    const [w, client] = await begin(t, door, { mode: 'twins' });
    assert.equal(
      code(await client.call('read_customer_record', { customer_id: 'c' })),
      'tool_changed',
    );
    assert.equal(w.calls().length, 0);
  });

  test(`S13 in production nothing is callable before it was accepted (${door})`, async (t) => {
    const [w, client] = await begin(t, door, { policy: production });
    const result = await client.call('read_customer_record', { customer_id: 'c' });
    assert.equal(code(result), 'tool_changed');
    assert.equal(w.calls().length, 0);
  });
}

test('P03 P04 arguments that no rule names, and empty ones, are refused', async (t) => {
  const [w, client] = await start(t);
  for (const [expected, args] of [
    ['constraint', { to: 'a@myco.example', body: '', bcc: 'x' }],
    ['schema', { to: [], body: '' }],
    ['schema', { to: null, body: '' }],
    ['schema', { to: { address: 'a@myco.example' }, body: '' }],
    ['schema', { to: [['a@myco.example']], body: '' }],
  ]) {
    const denied = code(await client.call('send_customer_email', args));
    assert.equal(denied, expected, JSON.stringify(args));
  }
  assert.equal(w.calls().length, 0);
  await usable(client);
});

test('P12 mail addresses that two parsers would read differently are refused', async (t) => {
  const [w, client] = await start(t);
  for (const to of [
    'a@evil.example(b@myco.example)',
    '"b@myco.example" <a@evil.example>',
    '<a@evil.example>b@myco.example',
    'v%evil.example@myco.example',
    '@evil.example:a@myco.example',
    'a@myc\u043e.example',
    'a@myco.example\nb@evil.example',
    'a@evilmyco.example',
  ]) {
    assert.equal(
      code(await client.call('send_customer_email', { to, body: '' })),
      'constraint',
      to,
    );
  }
  assert.equal(w.calls().length, 0);
});

test('P07 P08 P09 paths: spellings, and a folder that becomes a link while a person is asked', async (t) => {
  const w = new World('');
  t.after(() => w.end());
  const root = path.join(w.dir, 'root');
  mkdirSync(path.join(root, 'ok', 'sub'), { recursive: true });
  mkdirSync(path.join(root, 'other'));
  writeFileSync(path.join(root, 'other', 's.txt'), 'secret');
  writeFileSync(
    w.policy,
    `
version: 1
agent: {id: files, identity: files@example}
tools:
  allowed:
    - {name: read_text_file, class: read_only, args: {path: {path: {under: [${root}/ok]}}}}
    - {name: create_directory, class: irreversible small, args: {path: {path: {under: [${root}/ok]}}}, approval: {within: 30s}}
`,
  );
  w.enrol();
  const server = path.join(modules, '@modelcontextprotocol/server-filesystem/dist/index.js');
  const client = await w.client({ command: ['node', server, root] });
  for (const spelling of [
    'other/s.txt',
    '~/x',
    '~root/x',
    '$HOME/x',
    ` ${root}/ok/x`,
    `"${root}/ok/x"`,
    `${root}/ok/%2e%2e/other/s.txt`,
    'C:\\x',
    '\\\\host\\x',
    `${root}/ok/x::$DATA`,
    `${root}/ok/../other/s.txt`,
    `${root}/ok/./x`,
    `${root}//ok/x`,
    `${root}/ok/x\u0000`,
    `${root}/ok2/x`,
  ]) {
    assert.equal(
      code(await client.call('read_text_file', { path: spelling })),
      'constraint',
      spelling,
    );
  }
  const made = client.call('create_directory', { path: `${root}/ok/sub/new` });
  const question = await w.question();
  rmSync(path.join(root, 'ok', 'sub'), { recursive: true });
  symlinkSync(path.join(root, 'other'), path.join(root, 'ok', 'sub'));
  assert.equal(w.approve(question.approval).status, 0);
  assert.equal(code(await made), 'constraint');
});

test('S14 a server name that the deployment file binds to another command is refused', async (t) => {
  const w = new World(open);
  t.after(() => w.end());
  mkdirSync(path.join(w.dir, 'config', 'pawl'), { recursive: true });
  writeFileSync(
    path.join(w.dir, 'config', 'pawl', 'pawl.yaml'),
    'version: 1\nservers: {github: {command: [node, other.js]}}\n',
  );
  const client = await w.client({ args: ['--server', 'github'] });
  assert.match(client.server.result.instructions, /^Every call is denied: .*another command/);
  assert.match(client.err, /another command/);
});

test('R02 another policy cannot join an open run', async (t) => {
  const [w, client] = await start(t);
  await usable(client);
  const other = path.join(w.dir, 'other.yaml');
  writeFileSync(other, open.replace('max_length: 100', 'max_length: 100000'));
  const kept = w.policy;
  w.policy = other;
  const second = await w.client();
  w.policy = kept;
  assert.ok(turned_away(second));
  assert.notEqual(await second.close(), 0);
});

test('H03 of twins that are held at once one approval lets exactly one run', async (t) => {
  const [w, client] = await start(t);
  w.enrol();
  const mail = { to: 'a@myco.example', body: 'x' };
  const twins = Array.from({ length: 10 }, () => client.call('send_customer_email', mail));
  const question = await w.question();
  for (let i = 0; i < 100 && w.json('approvals', 'list').length < 10; ++i) await sleep(50);
  assert.equal(w.json('approvals', 'list').length, 10);
  assert.equal(w.approve(question.approval).status, 0);
  await Promise.race(twins);
  await sleep(200);
  assert.equal(w.calls('send_customer_email').length, 1);
});

test('H04 a granted approval runs nothing when no client comes back', async (t) => {
  const [w, client] = await start(t);
  w.enrol();
  client.call('send_customer_email', { to: 'a@myco.example', body: 'x' }).catch(() => {});
  const question = await w.question();
  await client.close();
  assert.equal(w.approve(question.approval).status, 0);
  await sleep(500);
  assert.equal(w.calls('send_customer_email').length, 0);
});

test('H08 H09 without the right passphrase nothing is loosened', async (t) => {
  const [w, client] = await start(t);
  w.enrol();
  client.call('send_customer_email', { to: 'a@myco.example', body: 'x' }).catch(() => {});
  const question = await w.question();
  writeFileSync(w.passphrase, 'wrong horse battery\n', { mode: 0o600 });
  assert.notEqual(w.approve(question.approval).status, 0);
  assert.notEqual(w.pawl('reviewers', 'add', 'eve', '--as', 'ada').status, 0);
  assert.notEqual(w.pawl('resume', 'all', '--as', 'ada').status, 0);
  assert.equal(w.json('approvals', 'list')[0].phase, 'open');
  assert.equal(w.calls().length, 0);
});

test('the switch stops the next call, survives a restart, and is lifted by a reviewer only', async (t) => {
  const [w, client] = await start(t);
  w.enrol();
  await usable(client);
  assert.equal(w.pawl('kill', 'all').status, 2);
  assert.equal(w.pawl('kill', 'all', '--reason', 'drill').status, 0);
  assert.equal(code(await client.call('read_customer_record', { customer_id: 'c' })), 'killed');
  w.killNode();
  await client.closed;
  const back = await w.client();
  assert.equal(code(await back.call('read_customer_record', { customer_id: 'c' })), 'killed');
  assert.equal(w.pawl('resume', 'all', '--as', 'ada').status, 0);
  await usable(back);
  assert.equal(w.calls().length, 2);
});

test('a server that dies for want of a variable says which were not passed', async (t) => {
  const w = new World(open);
  t.after(() => w.end());
  const client = await w.client({ mode: 'dies', env: { NEEDED_TOKEN: 'x' } });
  await client.closed;
  assert.match(client.err, /variables of this environment were not passed.*NEEDED_TOKEN/);
  const fed = await w.client({
    mode: 'dies',
    args: ['--env', 'NEEDED_TOKEN'],
    env: { NEEDED_TOKEN: 'x' },
  });
  await usable(fed);
});

test('two servers of one run share its ceiling', async (t) => {
  const w = new World(open + 'execution: {max_steps: 4}\n');
  t.after(() => w.end());
  const one = await w.client();
  const two = await w.client();
  for (const client of [one, two, one, two]) await usable(client);
  assert.equal(code(await one.call('read_customer_record', { customer_id: 'c' })), 'ceiling');
  assert.equal(code(await two.call('read_customer_record', { customer_id: 'c' })), 'run_halted');
});
