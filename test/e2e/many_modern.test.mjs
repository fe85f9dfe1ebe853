// Several servers behind one endpoint for clients of revision 2026-07-28, and single resources that
// are subscribed to. Ids as in docs/reference/cases.md.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, begin, grant, text, until } from './endpoint.mjs';
import { code } from './world.mjs';

const version = 'io.modelcontextprotocol/protocolVersion';
const subscription = 'io.modelcontextprotocol/subscriptionId';

test('R07 a modern call comes back to the server that it waits at, and to no other', async (t) => {
  const capabilities = { elicitation: { form: {} } };
  const [w, client] = await begin(t, undefined, { modern: true, capabilities });
  const found = (await client.ask('server/discover')).result;
  assert.equal(found.resultType, 'complete');
  assert.equal(found._meta['io.modelcontextprotocol/serverInfo'].name, 'pawl');
  const listed = (await client.ask('tools/list')).result;
  const { resultType, ttlMs, cacheScope } = listed;
  assert.deepEqual([resultType, ttlMs, cacheScope], ['complete', 0, 'private']);
  const asked = (await client.ask('tools/call', { name: 'bank/ask', arguments: {} })).result;
  assert.equal(asked.resultType, 'input_required');
  assert.match(asked.requestState, /^bank\//);
  const [key] = Object.keys(asked.inputRequests);
  const inputResponses = { [key]: { action: 'accept', content: { to: 'ada' } } };
  const { requestState } = asked;
  const wrong = [
    { name: 'crm/ask', requestState },
    { name: 'crm/ask', requestState: requestState.replace('bank/', 'crm/') },
    { name: 'bank/ask', requestState: requestState.replace('bank/', '') + 'x' },
  ];
  for (const { name, requestState } of wrong) {
    const back = { name, arguments: {}, requestState, inputResponses };
    assert.equal((await client.ask('tools/call', back)).error?.code, -32602, name);
  }
  const back = { name: 'bank/ask', arguments: {}, requestState, inputResponses };
  assert.equal(text((await client.ask('tools/call', back)).result), 'bank heard ada');
  assert.equal(at(w, 'crm', 'tools/call').length, 0);
  assert.equal((await client.ask('ping')).error.code, -32601);
  const old = await client.ask('tools/list', {}, { [version]: '1999-01-01' });
  assert.equal(old.error.code, -32022);
  const denied = (await client.ask('tools/call', { name: 'other/x', arguments: {} })).result;
  assert.deepEqual([denied.resultType, code(denied)], ['complete', 'not_granted']);
});

test('a modern client hears of the lists of all servers by one subscription', async (t) => {
  const [, client] = await begin(t, undefined, { modern: true });
  const notifications = { toolsListChanged: true, promptsListChanged: true };
  client.ask('subscriptions/listen', { notifications }, {}, 'listen:0').catch(() => {});
  const heard = (method) => client.heard.filter((m) => m.method === `notifications/${method}`);
  const [first] = await until(() => {
    const acks = heard('subscriptions/acknowledged');
    return acks.length > 0 && acks;
  });
  assert.equal(first.params._meta[subscription], 'listen:0');
  assert.deepEqual(first.params.notifications, { ...notifications });
  // Another start: its tools are compared and the same; its prompts are unknown.
  await client.ask('tools/call', { name: 'crm/die', arguments: {} });
  await client.ask('tools/call', { name: 'crm/read', arguments: {} });
  const [changed] = await until(() => {
    const changes = heard('prompts/list_changed');
    return changes.length > 0 && changes;
  });
  assert.equal(changed.params._meta[subscription], 'listen:0');
  assert.equal(heard('tools/list_changed').length, 0);
  assert.equal(heard('subscriptions/acknowledged').length, 1);
  const list = (await client.ask('tools/list')).result;
  assert.equal(list._meta['pawl/list'].absent, undefined);
});

test('a modern client subscribes to a resource where it was listed', async (t) => {
  const [w, client] = await begin(t, undefined, { modern: true });
  await client.ask('resources/list');
  const resourceSubscriptions = ['bank://own', 'both://same', 'crm://other'];
  const notifications = { resourceSubscriptions };
  client.ask('subscriptions/listen', { notifications }, {}, 'l').catch(() => {});
  const heard = (method) => client.heard.filter((m) => m.method === `notifications/${method}`);
  const ack = await until(() => heard('subscriptions/acknowledged')[0]);
  assert.deepEqual(ack.params.notifications, { resourceSubscriptions: ['bank://own'] });
  const told = await until(() => heard('resources/updated')[0]);
  assert.deepEqual(told.params, { _meta: { [subscription]: 'l' }, uri: 'bank://own/part' });
  assert.deepEqual(
    w.seen('resources/subscribe').map((line) => [line.server, line.params]),
    [['bank', { uri: 'bank://own' }]],
  );
  const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'l' } };
  client.line(JSON.stringify(cancel));
  const [gone] = await until(() => {
    const lines = at(w, 'bank', 'resources/unsubscribe');
    return lines.length > 0 && lines;
  });
  assert.deepEqual(gone.params, { uri: 'bank://own' });
});

test('D04 a subscription that nothing grants is charged and reaches no server', async (t) => {
  const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: "mcp:resources/read", class: read_only}
`;
  const modes = { crm: '' };
  const [w, client] = await begin(t, modes, { modern: true, policy });
  const notifications = { toolsListChanged: true, resourceSubscriptions: ['crm://own?secret=1'] };
  client.ask('subscriptions/listen', { notifications }, {}, 'l').catch(() => {});
  const ack = await until(() =>
    client.heard.find((m) => m.method === 'notifications/subscriptions/acknowledged'),
  );
  assert.deepEqual(ack.params.notifications, { toolsListChanged: true });
  assert.equal(w.seen('resources/subscribe').length, 0);
  assert.ok(w.pawl('audit', 'query', '--json').out.includes('mcp:resources/subscribe'));
});

test('a server with a scoped tool asks no one in words of its own, and another may', async (t) => {
  const scoped = '    - {name: bank/read, class: read_only, scope: [id]}';
  const policy = grant(['bank/ask', 'crm/ask', 'bank/log', 'crm/log'], scoped);
  const [w, client] = await begin(t, undefined, { policy, capabilities: { elicitation: {} } });
  assert.match(text(await client.call('bank/ask', {})), /bank heard method not found/);
  const asked = client.call('crm/ask', {});
  const question = await until(() => client.heard.find((m) => m.method === 'elicitation/create'));
  assert.match(question.params.message, /tool server `crm` asks/);
  const result = { action: 'accept', content: { to: 'ada' } };
  client.line(JSON.stringify({ jsonrpc: '2.0', id: question.id, result }));
  assert.equal(text(await asked), 'crm heard ada');
  for (const server of ['bank', 'crm']) await client.call(`${server}/log`, {});
  const logs = client.heard.filter((m) => m.method === 'notifications/message');
  assert.match(logs[0].params.data, /withheld/);
  assert.equal(logs[1].params.data, 'of crm');
  assert.ok(w.pawl('audit', 'query', '--json').out.includes('server request refused'));
});

test('S06 a list says what the policy hides, and no one else says so', async (t) => {
  const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: "crm/read", class: read_only}
    - {name: "mcp:prompts/get", class: read_only}
`;
  const [, client] = await begin(t, { crm: 'forges' }, { policy });
  const list = (await client.request('tools/list', {})).result;
  assert.equal(list._meta, undefined);
  assert.equal(list.tools.length, 1);
  assert.equal((await client.request('prompts/list', {})).result._meta['pawl/list'], undefined);
  const hidden = (await client.request('resources/list', {})).result;
  assert.deepEqual(hidden, {
    resources: [],
    _meta: { 'pawl/list': { granted: 0, hidden: true } },
  });
});
