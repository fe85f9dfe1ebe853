// Cases at the wire that threats.test.mjs does not have: links, questions of servers, reserved
// names, ids, what is dropped, tools that come later. The ids are those of docs/reference/cases.md.
import assert from 'node:assert/strict';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { begin, doors } from './doors.mjs';
import { open, start, usable } from './tester.mjs';
import { World, code, fixture, sleep } from './world.mjs';

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

async function questioned(t, mode, policy) {
  const w = new World(policy);
  t.after(() => w.end());
  const client = await w.client({
    command: ['node', hostile, w.record, mode],
    args: ['--server', 'crm'],
    capabilities: { elicitation: { form: {}, url: {} } },
  });
  return [w, client];
}

test('D03 a link in a result gives no right to what it names', async (t) => {
  const [w, client] = await start(t, { mode: 'links' });
  const result = await client.call('read_customer_record', { customer_id: 'c' });
  assert.equal(result.content[0].type, 'resource_link');
  const answer = await client.request('resources/read', { uri: result.content[0].uri });
  assert.equal(code(answer), 'not_granted');
  assert.equal(w.seen('resources/read').length, 0);
  assert.equal(decisions(w, 'mcp:resources/read').length, 1);
  await usable(client);
});

test('D05 sampling under a grant is one decided call of the run, and its ceiling counts', async (t) => {
  const w = new World(`
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only}
    - {name: "mcp:sampling/createMessage", class: read_only, max_calls_per_run: 1}
execution: {max_tokens_per_run: 10}
${risk('mcp:sampling/createMessage')}`);
  t.after(() => w.end());
  const client = await w.client({ mode: 'asks', capabilities: { sampling: {} } });
  await usable(client);
  const asked = () => client.heard.filter((m) => m.method === 'sampling/createMessage');
  const [first] = await until(() => asked().length > 0 && asked());
  const reply = { role: 'assistant', model: 'm', content: { type: 'text', text: 'x' } };
  client.line(JSON.stringify({ jsonrpc: '2.0', id: first.id, result: reply }));
  await until(() => w.seen().some((m) => m.id === 'q' && m.result));
  await usable(client);
  await until(() => w.seen().some((m) => m.id === 'q' && m.error));
  assert.equal(asked().length, 1);
  const [allowed, refused] = decisions(w, 'mcp:sampling/createMessage');
  assert.equal(allowed.effect, 'allow');
  assert.equal(refused.effect, 'deny');
  assert.match(w.check(), /unmetered|cannot meter|not metered/);
});

test('D06 a form that asks for a secret is refused under a grant too', async (t) => {
  const [w, client] = await questioned(t, 'secret', asking());
  await client.call('read_note', { id: 'n' });
  await until(() => w.seen().filter((m) => m.error).length === 4);
  assert.equal(client.heard.filter((m) => m.method === 'elicitation/create').length, 0);
});

test('D06 a form is shown with the name of the server that asks', async (t) => {
  const [, client] = await questioned(t, 'asks', asking());
  await client.call('read_note', { id: 'n' });
  const form = await until(() => client.heard.find((m) => m.method === 'elicitation/create'));
  assert.equal(form.params.message, 'tool server `crm` asks: pawl reviewer: who is it for?');
});

test('D06 an address is decided before it is shown, and its answer carries the action alone', async (t) => {
  const only = ', args: {request.url: {url: {host: [good.example]}}}';
  const [w, client] = await questioned(t, 'address', asking(only));
  await client.call('read_note', { id: 'n' });
  await until(() => w.seen().some((m) => m.id === 'u1' && m.error));
  assert.equal(client.heard.filter((m) => m.method === 'elicitation/create').length, 0);
  assert.equal(decisions(w, 'mcp:elicitation/create')[0].code, 'constraint');

  const [other, free] = await questioned(t, 'address', asking());
  await free.call('read_note', { id: 'n' });
  const page = await until(() => free.heard.find((m) => m.method === 'elicitation/create'));
  assert.match(page.params.message, /^tool server `crm` asks: /);
  const result = { action: 'accept', content: { to: 'carried' } };
  free.line(JSON.stringify({ jsonrpc: '2.0', id: page.id, result }));
  const told = await until(() => other.seen().find((m) => m.id === 'u1'));
  assert.deepEqual(told.result, { action: 'accept' });
});

test('D07 an answer outside of a constraint never reaches the server, and is charged once', async (t) => {
  const only = ', args: {answer.content.to: {email_domain: [myco.example]}}';
  for (const [to, passes] of [
    ['a@evil.example', false],
    ['a@myco.example', true],
  ]) {
    const [w, client] = await questioned(t, 'asks', asking(only));
    await client.call('read_note', { id: 'n' });
    const form = await until(() => client.heard.find((m) => m.method === 'elicitation/create'));
    const result = { action: 'accept', content: { to } };
    client.line(JSON.stringify({ jsonrpc: '2.0', id: form.id, result }));
    const told = await until(() => w.seen().find((m) => m.id === 'f1'));
    assert.equal(told.error === undefined, passes, JSON.stringify(told));
    assert.equal(JSON.stringify(w.seen()).includes(to), passes);
    const decided = decisions(w, 'mcp:elicitation/create');
    assert.deepEqual(
      decided.map((record) => [record.code, record.steps]),
      [[passes ? 'none' : 'constraint', 1]],
    );
    assert.equal((await client.call('read_again', { id: 'n' })).isError, undefined);
  }
});

test('D08 what is dropped is in the record', async (t) => {
  const [w, client] = await start(t);
  const meta = { progressToken: 'carries', baggage: 'x'.repeat(100_000), 'odd\u202ename': 1 };
  await client.call('read_customer_record', { customer_id: 'c' }, meta);
  const [record] = decisions(w, 'read_customer_record');
  assert.match(JSON.stringify(record), /_meta\.baggage/);
  assert.match(JSON.stringify(record), /odd\\\\u\{202e\}name/);
  assert.ok(!JSON.stringify(w.seen()).includes('carries'));
});

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

test('R06 one id of a tool use twice: each call is decided and charged by itself', async (t) => {
  const [w, client] = await start(t);
  const meta = { 'claudecode/toolUseId': 'toolu_1' };
  const customer = { customer_id: 'c' };
  for (let i = 0; i < 2; ++i) await client.call('read_customer_record', customer, meta);
  const denied = await client.call('delete_customer_record', customer, meta);
  assert.equal(code(denied), 'blocked');
  assert.deepEqual(
    decisions(w, 'read_customer_record').map((record) => [record.effect, record.steps]),
    [
      ['allow', 1],
      ['allow', 1],
    ],
  );
  assert.equal(w.calls().length, 2);
});

test('S10 a tool that a known server adds later is not granted by a glob', async (t) => {
  const w = new World(`
version: 1
agent: {id: tester, identity: tester@example}
tools: {allowed: [{name: "read_*", class: read_only}]}
${risk('read_*')}`);
  t.after(() => w.end());
  w.enrol();
  const before = await w.client();
  await usable(before);
  await before.close();
  const after = await w.client({ mode: 'more' });
  await usable(after);
  const result = await after.call('read_and_delete', {});
  assert.equal(code(result), 'tool_changed');
  assert.match(result.content[0].text, /pawl accept/);
  const shown = (await after.request('tools/list')).result.tools.map((tool) => tool.name);
  assert.ok(!shown.includes('read_and_delete') && shown.includes('read_big'));
  assert.equal(w.calls('read_and_delete').length, 0);
  await after.close();
  const command = ['node', fixture, w.record, 'more'];
  const done = w.pawl('accept', '--policy', w.policy, '--yes', '--as', 'ada', '--', ...command);
  assert.equal(done.status, 0, done.err);
  const accepted = await w.client({ mode: 'more' });
  assert.equal((await accepted.call('read_and_delete', {})).isError, undefined);
});

test('S09 changed instructions stop a server until a reviewer accepts them', async (t) => {
  const [w, client] = await start(t, { mode: 'told' });
  w.enrol();
  await usable(client);
  await client.close();
  const customer = { customer_id: 'c' };
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
    assert.equal(refused.server, null, name);
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
  // Nobody is there to be asked about mails, which production would refuse to begin with.
  const policy = open
    .replace('version: 1', 'version: 1\nenvironment: production')
    .replace(/.*send_customer_email.*\n/, '');
  const [w, client] = await start(t, { policy: policy.replace('{id: tester', '{owner: o@example, id: tester') });
  const result = await client.call('read_customer_record', { customer_id: 'c' });
  assert.match(result.content[0].text, /pawl accept/);
  assert.match(w.check(), /pawl\s+accept\s+--policy/);
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
