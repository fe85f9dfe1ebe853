// Cases at the wire that threats.test.mjs does not have: links, questions of servers, reserved
// names, ids, what is dropped, tools that come later. The ids are those of docs/reference/cases.md.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { begin, doors } from './doors.mjs';
import { open, start, usable } from './tester.mjs';
import { Served, older } from './served.mjs';
import { code, fixture, seed, sleep, turned_away, World } from './world.mjs';

const hostile = path.join(path.dirname(fileURLToPath(import.meta.url)), 'hostile.mjs');
const risk = (tool) =>
  `accept_risk: [{rule: "tools/${tool}/class", reason: t, owner: t@example, until: 2030-01-01}]\n`;
const asking = (args = '') => `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: [read_note, read_again], class: read_only}
    - {name: "mcp:elicitation/create", class: read_only${args}}
${risk('mcp:elicitation/create')}`;

async function until(found) {
  for (let i = 0; i < 3000; ++i) {
    const value = found();
    if (value) return value;
    await sleep(20);
  }
  throw new Error('it never came');
}
const decisions = (w, tool) =>
  w
    .pawl('audit', 'query', '--tool', tool, '--json')
    .out.split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter((record) => record.type === 'call.decided');

const questioned = (t, door, mode, policy) =>
  begin(t, door, {
    policy,
    capabilities: { elicitation: { form: {}, url: {} } },
    behind: (w) => [process.execPath, hostile, w.record, mode],
  });
const customer = { customer_id: 'c' };

for (const door of doors) {
  test(`D03 a link in a result gives no right to what it names (${door})`, async (t) => {
    const [w, client] = await begin(t, door, { mode: 'links' });
    const result = await client.call('read_customer_record', customer);
    assert.equal(result.content[0].type, 'resource_link');
    const answer = await client.request('resources/read', { uri: result.content[0].uri });
    assert.equal(code(answer), 'not_granted');
    assert.equal(w.seen('resources/read').length, 0);
    assert.equal(decisions(w, 'mcp:resources/read').length, 1);
    await usable(client);
  });

  test(`D05 sampling under a grant is one decided call of the run, and its ceiling counts (${door})`, async (t) => {
    const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only}
    - {name: "mcp:sampling/createMessage", class: read_only, max_calls_per_run: 1}
execution: {max_tokens_per_run: 10}
${risk('mcp:sampling/createMessage')}`;
    const capabilities = { sampling: {} };
    const [w, client] = await begin(t, door, { policy, mode: 'asks', capabilities });
    await usable(client);
    const asked = () => client.heard.filter((m) => m.method === 'sampling/createMessage');
    const [first] = await until(() => asked().length > 0 && asked());
    const reply = { role: 'assistant', model: 'm', content: { type: 'text', text: 'x' } };
    client.respond(first.id, reply);
    await until(() => w.seen().some((m) => m.id === 'q' && m.result));
    await usable(client);
    await until(() => w.seen().some((m) => m.id === 'q' && m.error));
    assert.equal(asked().length, 1);
    const [allowed, refused] = decisions(w, 'mcp:sampling/createMessage');
    assert.equal(allowed.effect, 'allow');
    assert.equal(refused.effect, 'deny');
    assert.match(w.check(), /unmetered|cannot meter|not metered/);
  });

  test(`D06 a form that asks for a secret is refused under a grant too (${door})`, async (t) => {
    const [w, client] = await questioned(t, door, 'secret', asking());
    await client.call('read_note', { id: 'n' });
    await until(() => w.seen().filter((m) => m.error).length === 4);
    assert.equal(client.heard.filter((m) => m.method === 'elicitation/create').length, 0);
  });

  test(`D06 D07 a form names who asks; an answer outside of a constraint never reaches the server (${door})`, async (t) => {
    const only = ', args: {answer.content.to: {email_domain: [myco.example]}}';
    const [w, client] = await questioned(t, door, 'asks', asking(only));
    let count = 0;
    for (const [to, passes] of [
      ['a@evil.example', false],
      ['a@myco.example', true],
    ]) {
      const forms = () => client.heard.filter((m) => m.method === 'elicitation/create');
      await client.call('read_note', { id: 'n' });
      await until(() => forms().length > count);
      const form = forms()[count++];
      assert.equal(form.params.message, 'tool server `crm` asks: pawl reviewer: who is it for?');
      client.respond(form.id, { action: 'accept', content: { to } });
      const answers = () => w.seen().filter((m) => m.id === 'f1');
      await until(() => answers().length === count);
      const told = answers().at(-1);
      assert.equal(told.error === undefined, passes, JSON.stringify(told));
      assert.equal(JSON.stringify(w.seen()).includes(to), passes);
      // Charged once each.
      assert.deepEqual(
        decisions(w, 'mcp:elicitation/create').map((record) => [record.code, record.steps]),
        [['constraint', 1], ['none', 1]].slice(0, count),
      );
      assert.equal((await client.call('read_again', { id: 'n' })).isError, undefined);
    }
  });

  test(`D06 an address is decided before it is shown, and its answer carries the action alone (${door})`, async (t) => {
    const only = ', args: {request.url: {url: {host: [good.example]}}}';
    const [w, client] = await questioned(t, door, 'address', asking(only));
    await client.call('read_note', { id: 'n' });
    await until(() => w.seen().some((m) => m.id === 'u1' && m.error));
    assert.equal(client.heard.filter((m) => m.method === 'elicitation/create').length, 0);
    assert.equal(decisions(w, 'mcp:elicitation/create')[0].code, 'constraint');

    const [other, free] = await questioned(t, door, 'address', asking());
    await free.call('read_note', { id: 'n' });
    const page = await until(() => free.heard.find((m) => m.method === 'elicitation/create'));
    assert.match(page.params.message, /^tool server `crm` asks: /);
    free.respond(page.id, { action: 'accept', content: { to: 'carried' } });
    const told = await until(() => other.seen().find((m) => m.id === 'u1'));
    assert.deepEqual(told.result, { action: 'accept' });
  });

  test(`D08 R06 what is dropped is in the record, and one id of a tool use twice is two calls (${door})`, async (t) => {
    const [w, client] = await begin(t, door);
    const meta = { progressToken: 'carries', baggage: 'x'.repeat(100_000), 'odd\u202ename': 1 };
    await client.call('read_customer_record', customer, meta);
    const [record] = decisions(w, 'read_customer_record');
    assert.match(JSON.stringify(record), /_meta\.baggage/);
    assert.match(JSON.stringify(record), /odd\\\\u\{202e\}name/);
    assert.ok(!JSON.stringify(w.seen()).includes('carries'));

    const use = { 'claudecode/toolUseId': 'toolu_1' };
    for (let i = 0; i < 2; ++i) await client.call('read_customer_record', customer, use);
    assert.equal(code(await client.call('delete_customer_record', customer, use)), 'blocked');
    assert.deepEqual(
      decisions(w, 'read_customer_record').map((one) => [one.effect, one.steps]),
      Array(3).fill(['allow', 1]),
    );
    assert.equal(w.calls().length, 3);
  });

  test(`S10 a tool that a known server adds later is not granted by a glob (${door})`, async (t) => {
    const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools: {allowed: [{name: "read_*", class: read_only}]}
${risk('read_*')}`;
    const [w, before] = await begin(t, door, { policy });
    w.enrol();
    await usable(before);
    const after = await w.again(before, 'more');
    await usable(after);
    const result = await after.call('read_and_delete', {});
    assert.equal(code(result), 'tool_changed');
    assert.match(result.content[0].text, /pawl accept/);
    const shown = (await after.request('tools/list')).result.tools.map((tool) => tool.name);
    assert.ok(!shown.includes('read_and_delete') && shown.includes('read_big'));
    assert.equal(w.calls('read_and_delete').length, 0);
    const done = w.accept('ada');
    assert.equal(done.status, 0, done.err);
    const accepted = await w.again(after, 'more');
    assert.equal((await accepted.call('read_and_delete', {})).isError, undefined);
  });
}

test('the server gets our own spelling of the arguments', async (t) => {
  const [w, client] = await start(t);
  const answer = await client.raw(
    1,
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{"status":"ok", "order_id":"\\u006f-1"},"name":"update_order_status"}}',
  );
  assert.equal(answer.result.isError, undefined, JSON.stringify(answer));
  const line = JSON.stringify(w.calls()[0].params);
  assert.equal(
    line,
    '{"name":"update_order_status","arguments":{"order_id":"o-1","status":"ok"}}',
  );
});

test('R06 one id twice: the second is refused without an answer to the first', async (t) => {
  const [w, client] = await start(t);
  const slow = { name: 'read_slow', arguments: { ms: 800 } };
  const first = client.request('tools/call', slow, 7);
  client.line(JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: slow }));
  client.line(JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'ping' }));
  assert.equal((await first).result.content[0].text, 'done');
  const refused = client.heard.filter((m) => m.id === null);
  assert.deepEqual(
    refused.map((m) => code(m)),
    ['ambiguous_request', 'ambiguous_request'],
  );
  assert.equal(client.heard.filter((m) => m.id === 7).length, 1);
  assert.equal(w.calls().length, 1);
  assert.equal((await client.request('tools/call', slow, 7)).result.isError, undefined);
});

test('S09 changed instructions stop a server until a reviewer accepts them', async (t) => {
  const [w, client] = await start(t, { mode: 'told' });
  w.enrol();
  await usable(client);
  await client.close();
  const changed = await w.client({ mode: 'told-anew' });
  assert.equal(code(await changed.call('read_customer_record', customer)), 'tool_changed');
  await changed.close();
  const command = ['node', fixture, w.record, 'told-anew'];
  const done = w.pawl('accept', '--policy', w.policy, '--yes', '--as', 'ada', '--', ...command);
  assert.equal(done.status, 0, done.err);
  const accepted = await w.client({ mode: 'told-anew' });
  await usable(accepted);
  assert.equal(accepted.server.result.instructions, 'instructions told-anew');
});

test('S14 no server is called `pawl`, and no tool begins with `mcp:`', async (t) => {
  const w = new World(`
version: 1
agent: {id: tester, identity: tester@example}
tools: {allowed: [{name: "mcp:*", class: read_only}, {name: read_customer_record, class: read_only}]}
${risk('mcp:*')}`);
  t.after(() => w.end());
  for (const name of ['pawl', 'PAWL', 'mcp:x']) {
    const refused = await w.client({ args: ['--server', name] });
    assert.ok(turned_away(refused), name);
    assert.match(refused.err, /reserved server name/);
  }
  const client = await w.client({ mode: 'reserved' });
  for (const name of ['mcp:prompts/evil', 'mcp:resources/read']) {
    assert.equal(code(await client.call(name, {})), 'tool_changed', name);
  }
  assert.equal(w.calls().length, 0);
  const shown = (await client.request('tools/list')).result.tools.map((tool) => tool.name);
  assert.deepEqual(shown, ['read_customer_record']);
  await usable(client);
});

test('S13 a denial and `pawl check` say how to accept', async (t) => {
  // No one is there to be asked about mails, which production would refuse to begin with.
  const policy = open
    .replace('version: 1', 'version: 1\nenvironment: production')
    .replace(/.*send_customer_email.*\n/, '');
  const [w, client] = await start(t, { policy: policy.replace('{id: tester', '{owner: o@example, id: tester') });
  const result = await client.call('read_customer_record', { customer_id: 'c' });
  assert.match(result.content[0].text, /pawl accept/);
  assert.match(w.check(), /pawl\s+accept\s+--policy/);
});

test('S14 R12 R13 `pawl serve` starts no server under what does not load', async (t) => {
  const production = `version: 1
environment: production
agent: {id: tester, identity: tester@example, owner: o@example}
tools: {allowed: [{name: read_customer_record, class: read_only}]}
execution: {max_steps: 9, max_tokens_per_run: 1000}
escalation: {contacts: [{name: Owner, via: "command: true"}]}
`;
  const understated = open.replace('read_big, read_slow]', 'read_big, drop_table]');
  for (const [policy, change, why] of [
    [open, (text) => text.replaceAll('crm', 'pawl'), /`pawl` is a reserved name/],
    [understated, (text) => text, /drop_table/],
    [production, (text) => text, /`max_tokens_per_run: 1000` is unmetered/],
  ]) {
    const w = new Served(policy);
    t.after(() => w.end());
    const deployed = w.serve.bind(w);
    w.serve = () => {
      writeFileSync(w.config, change(w.deployment));
      return deployed();
    };
    await w.begin();
    let said = '';
    if (w.origin) {
      const clientInfo = { name: 'c', version: '1' };
      const params = { protocolVersion: older, capabilities: {}, clientInfo };
      const answer = await w.post({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
      said = await answer.text();
      assert.ok(!said.includes('serverInfo'), said);
    }
    assert.match(w.log + said, why);
    assert.equal(w.seen().length, 0);
  }
});

test('R17 a question whose time went by while the process was stopped is not answered after it', async (t) => {
  const policy = seed({ timeout: 4 }).replace('support-agent-v2', 'tester');
  const [w, client] = await begin(t, 'http', { policy });
  w.enrol();
  const held = client.call('send_customer_email', { to: 'a@b.example', body: '' });
  const { approval } = await w.question();
  w.node.kill('SIGSTOP');
  // It reaches the node as soon as that goes on.
  const late = w.later('approvals', 'approve', approval, '--as', 'ada');
  await sleep(4200);
  w.node.kill('SIGCONT');
  assert.equal(code(await held), 'approval_expired');
  assert.notEqual((await late).status, 0);
  assert.equal(w.calls('send_customer_email').length, 0);
});

for (const door of doors) {
  test(`S04 two keys of one name in a result: nothing of it passes as it came (${door})`, async (t) => {
    const policy = open.replace(
      '[read_customer_record, read_big, read_slow], class: read_only',
      'read_customer_record, class: read_only, scope: [customer_id, contact_info]',
    );
    for (const mode of ['double', 'double-text']) {
      const [w, client] = await begin(t, door, { policy, mode });
      const answer = await client.request('tools/call', {
        name: 'read_customer_record',
        arguments: { customer_id: 'c' },
      });
      const told = JSON.stringify([answer, client.heard]);
      assert.ok(!told.includes('SECRET'), told);
      assert.ok(answer.result ?? answer.error, told);
      assert.equal(w.calls().length, 1);
      // The session goes on, and the node's journal is whole.
      assert.ok((await client.request('tools/list')).result.tools.length > 0);
      assert.equal(w.pawl('audit', 'verify').status, 0);
    }
  });
}
