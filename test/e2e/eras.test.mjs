// Real clients and real servers of the two eras, with pawl between them, in all four combinations.
// Ids as in docs/reference/cases.md.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Session, grantAll, kits, program } from './twice.mjs';
import { World, code, modules, pawl, sleep } from './world.mjs';

const [, second] = kits;
const modes = { 'that asks first': 'auto', 'that speaks nothing else': { pin: '2026-07-28' } };
const filled = { name: 'Ada', check: true };

for (const [which, mode] of Object.entries(modes)) {
  test(`a modern client ${which} talks to a server of the older era`, async (t) => {
    const w = new World('');
    t.after(() => w.end());
    const kit = { ...second, options: { versionNegotiation: { mode } } };
    const tools = ['echo', 'get-sum', 'trigger-long-running-operation'];
    const asks = ['trigger-elicitation-request', 'trigger-sampling-request'];
    writeFileSync(w.policy, grantAll([...tools, ...asks]));
    const session = new Session(kit, {
      asked: true,
      elicit: { action: 'accept', content: filled },
    });
    t.after(() => session.close());
    const through = ['mcp', '--policy', w.policy, '--state-dir', w.state, '--', 'node'];
    await session.open(pawl, [...through, program('server-everything'), 'stdio'], w.env);
    const { client } = session;
    assert.equal(client.getProtocolEra(), 'modern');
    assert.equal(client.getNegotiatedProtocolVersion(), '2026-07-28');
    const names = (await client.listTools()).tools.map((tool) => tool.name);
    assert.deepEqual(names.sort(), [...tools, ...asks].sort());
    const said = await session.call('echo', { message: 'hey \u00e9 "x"' });
    assert.match(said.content[0].text, /hey \u00e9 "x"/);
    const progress = [];
    await session.call(
      'trigger-long-running-operation',
      { duration: 0.2, steps: 2 },
      { onprogress: (step) => progress.push(step.progress) },
    );
    // The client forgets the last one where it comes together with the result.
    assert.equal(progress[0], 1);
    const prompt = await client.getPrompt({ name: 'simple-prompt' });
    assert.ok(prompt.messages.length > 0);
    const uri = 'demo://resource/static/document/features.md';
    assert.ok((await client.readResource({ uri })).contents.length > 0);
    assert.ok((await client.listResources()).resources.length > 0);
    const form = await session.call('trigger-elicitation-request', {});
    assert.match(JSON.stringify(form), /Ada/);
    const sampled = await session.call('trigger-sampling-request', { prompt: 'x', maxTokens: 9 });
    assert.match(JSON.stringify(sampled), /sampled/);
    assert.deepEqual(
      session.asked.map((question) => question.method),
      ['elicitation/create', 'sampling/createMessage'],
    );
    await assert.rejects(client.readResource({ uri: 'demo://nothing' }), (error) => {
      return error.code === -32602 || error.code === -32603;
    });
  });
}

const stateless = path.join(path.dirname(fileURLToPath(import.meta.url)), 'stateless.mjs');
const asked = ['read_who', 'read_all'];
const granted = ['read_note', 'read_steps', 'read_more', ...asked];
const clients = {
  'SDK 1': kits[0],
  'SDK 2': second,
  'a modern SDK 2': { ...second, options: { versionNegotiation: { mode: { pin: '2026-07-28' } } } },
};

async function connect(t, kit, mode, { policy = grantAll(granted), elicit, args = [] } = {}) {
  const w = new World(policy);
  t.after(() => w.end());
  const session = new Session(kit, { asked: true, elicit });
  t.after(() => session.close());
  const through = ['mcp', '--policy', w.policy, '--state-dir', w.state, ...args, '--', 'node'];
  await session.open(pawl, [...through, stateless, modules, w.record, mode], w.env);
  return [w, session];
}
const methods = (w) => w.seen().map((line) => line.method);

for (const [name, kit] of Object.entries(clients)) {
  for (const mode of ['only', 'both']) {
    test(`${name} talks to a modern server that speaks ${mode}`, async (t) => {
      const elicit = { action: 'accept', content: { to: 'ada@myco.example' } };
      const [w, session] = await connect(t, kit, mode, { elicit });
      const { client } = session;
      assert.equal(client.getServerVersion().name, 'stateless');
      assert.equal(client.getInstructions(), 'be stateless');
      const names = (await client.listTools()).tools.map((tool) => tool.name);
      assert.deepEqual(names.sort(), [...granted].sort());
      assert.equal((await session.call('read_note', { id: '7' })).content[0].text, 'note 7');
      const steps = [];
      await session.call('read_steps', {}, { onprogress: (step) => steps.push(step.message) });
      assert.ok(steps.includes('half') || steps.length === 0);
      const prompt = await client.getPrompt({ name: 'greet' });
      assert.equal(prompt.messages[0].content.text, 'hello');
      const form = await session.call('read_who', {});
      assert.match(form.content[0].text, /ada@myco\.example/);
      assert.equal(form.resultType, undefined);
      const all = await session.call('read_all', {});
      for (const part of [/ada@myco/, /sampled/, /file:\/\/\/tmp/])
        assert.match(all.content[0].text, part);
      assert.deepEqual(
        session.asked.map((question) => question.method).sort(),
        ['elicitation/create', 'elicitation/create', 'roots/list', 'sampling/createMessage'],
      );
      assert.match(session.asked[0].params.message, /^the tool server asks: who is it for\?$/);
      const old = mode === 'both' && name !== 'a modern SDK 2';
      assert.equal(methods(w).includes('server/discover'), !old);
      assert.equal(methods(w).includes('subscriptions/listen'), !old);
    });
  }
}

for (const [name, kit] of Object.entries(clients)) {
  test(`D07 ${name}: an answer for a modern server is decided before it gets it`, async (t) => {
    const only = ', args: {answer.content.to: {email_domain: [myco.example]}}';
    const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: [read_who, read_note], class: read_only}
    - {name: "mcp:elicitation/create", class: read_only${only}}
accept_risk:
  - {rule: "tools/mcp:elicitation/create/class", reason: t, owner: t@example, until: 2030-01-01}
`;
    const elicit = { action: 'accept', content: { to: 'eve@evil.example' } };
    const [w, session] = await connect(t, kit, 'only', { policy, elicit });
    const told = await session.call('read_who', {});
    assert.match(told.content[0].text, /"action":"cancel"/);
    assert.ok(!JSON.stringify(w.seen()).includes('evil.example'));
    assert.equal((await session.call('read_note', { id: '1' })).isError, undefined);
  });

  test(`D05 D06 ${name}: a modern server asks for nothing that is not granted`, async (t) => {
    const policy = grantAll(granted).replace('"mcp:*"', '"mcp:prompts/get"');
    const [w, session] = await connect(t, kit, 'only', {
      policy: policy.replace('tools/mcp:*/class', 'tools/mcp:prompts/get/class'),
    });
    const answer = await session.call('read_all', {}).catch((error) => ({ error }));
    assert.ok(answer.error ?? answer.isError, JSON.stringify(answer));
    assert.equal(session.asked.length, 0);
    const called = w.calls('read_all')[0].params._meta;
    // But for tasks, which pawl itself follows.
    const extensions = { 'io.modelcontextprotocol/tasks': {} };
    assert.deepEqual(called['io.modelcontextprotocol/clientCapabilities'], { extensions });
    assert.equal((await session.call('read_note', { id: '1' })).isError, undefined);
  });
}

test('a modern server tells of new tools by a subscription of ours', async (t) => {
  const [w, session] = await connect(t, clients['SDK 2'], 'only');
  await session.call('read_more', {});
  for (let i = 0; i < 500 && session.heard.length === 0; ++i) await sleep(20);
  assert.deepEqual(
    session.heard.map((notice) => notice.method),
    ['notifications/tools/list_changed'],
  );
  assert.ok(methods(w).includes('subscriptions/listen'));
});

test('S13 a modern server in production is callable once it was accepted', async (t) => {
  const production = 'version: 1\nenvironment: production';
  const policy = grantAll(['read_note']).replace('version: 1', production);
  const owned = policy.replace('{id: all', '{owner: o@example, id: all');
  const [w, session] = await connect(t, clients['a modern SDK 2'], 'only', { policy: owned });
  const before = await session.call('read_note', { id: '1' });
  assert.equal(code(before), 'tool_changed');
  await session.close();
  w.enrol();
  const command = ['node', stateless, modules, w.record, 'only'];
  const done = w.pawl('accept', '--policy', w.policy, '--yes', '--as', 'ada', '--', ...command);
  assert.equal(done.status, 0, done.err);
  const again = new Session(clients['SDK 1']);
  t.after(() => again.close());
  const through = ['mcp', '--policy', w.policy, '--state-dir', w.state, '--'];
  await again.open(pawl, [...through, ...command], w.env);
  assert.equal((await again.call('read_note', { id: '1' })).content[0].text, 'note 1');
});

test('a call that is asked something is not sent on after the switch', async (t) => {
  const w = new World(grantAll(granted));
  t.after(() => w.end());
  const client = await w.client({
    modern: true,
    command: ['node', stateless, modules, w.record, 'only'],
    capabilities: { elicitation: {} },
  });
  const call = { name: 'read_who', arguments: {} };
  const leg = (await client.ask('tools/call', call)).result;
  assert.equal(leg.resultType, 'input_required');
  assert.notEqual(leg.requestState, 'asked');
  assert.equal(w.pawl('kill', 'all', '--reason', 'drill').status, 0);
  const inputResponses = Object.fromEntries(
    Object.keys(leg.inputRequests).map((key) => [key, { action: 'accept', content: { to: 'x' } }]),
  );
  const retry = { ...call, requestState: leg.requestState, inputResponses };
  const told = await client.ask('tools/call', retry);
  assert.ok(told.error ?? told.result?.isError, JSON.stringify(told));
  assert.equal(w.calls('read_who').length, 1);
});
