// Access on request: an agent asks for a tool that its policy only lets it ask for, a person grants
// it for a while, and the grant ends by itself.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { World, code, fixture, modules, pawl } from './world.mjs';

const sdk = path.join(modules, '@modelcontextprotocol/sdk/dist/esm');
const { Client } = await import(`${sdk}/client/index.js`);
const { StdioClientTransport } = await import(`${sdk}/client/stdio.js`);
const { ToolListChangedNotificationSchema } = await import(`${sdk}/types.js`);

const ask = 'pawl_request_access';
const asking = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only}
  blocked: [delete_customer_record]
may_request:
  - {name: update_order_status, args: {order_id: {max_length: 9}, status: [refunded, ok]}, by: [leads], for: 30m, max_calls: 2}
  - {name: send_customer_email, args: {to: {email_domain: [myco.example]}, body: {max_length: 99}}, by: [leads], for: 1h}
`;
const why = { why: 'the customer waits' };

async function world(t, policy = asking) {
  const w = new World(policy);
  t.after(() => w.end());
  w.enrol();
  return w;
}
const names = async (client) =>
  (await client.request('tools/list', {})).result.tools.map((tool) => tool.name).sort();
const granted = async (w, sent, ...more) => {
  const question = await w.question();
  const done = w.approve(question.approval, ...more);
  assert.equal(done.status, 0, done.err);
  return sent;
};

test('an agent asks, a person grants, the tool is there and every call is judged', async (t) => {
  const w = await world(t);
  const client = await w.client();
  assert.deepEqual(await names(client), [ask, 'read_customer_record']);
  const order = { order_id: 'o-1', status: 'ok' };
  const before = await client.call('update_order_status', order);
  assert.equal(code(before), 'not_granted');
  assert.match(before.content[0].text, /pawl_request_access/);

  const sent = client.call(ask, { tool: 'update_order_status', ...why, minutes: 5 });
  const { approval } = await w.question();
  const card = w.pawl('approvals', 'show', approval).out.replace(/\s+/g, ' ');
  assert.match(card, /the agent asks for `update_order_status`/);
  assert.match(card, /for 30m, at most 2 calls/);
  assert.match(card, /minutes +5/);
  assert.match(card, /the agent says \(not verified\)[^]*the customer waits/);
  assert.equal(w.approve(approval).status, 0);
  const answer = await sent;
  assert.equal(answer.isError, false, JSON.stringify(answer));
  assert.match(answer.content[0].text, /granted `update_order_status`.* for 5m, at most 2 calls/);
  assert.ok(client.heard.some((each) => each.method === 'notifications/tools/list_changed'));
  assert.deepEqual(await names(client), [ask, 'read_customer_record', 'update_order_status']);

  assert.equal((await client.call('update_order_status', order)).isError, undefined);
  const wrong = await client.call('update_order_status', { ...order, status: 'shipped' });
  assert.equal(code(wrong), 'constraint');
  assert.equal((await client.call('update_order_status', order)).isError, undefined);
  assert.equal(code(await client.call('update_order_status', order)), 'not_granted');
  assert.equal(w.calls('update_order_status').length, 2);
  assert.equal(w.calls(ask).length, 0, 'the server hears nothing of it');

  const [grant] = w.json('grants', 'list');
  assert.equal(grant.tool, 'update_order_status');
  assert.match(w.pawl('status').out, /granted +update_order_status to run/);
  const replayed = w.pawl('replay', grant.run);
  assert.equal(replayed.status, 0, replayed.out + replayed.err);
  assert.match(replayed.out, new RegExp(`granted[^]*${grant.grant}`));
  const { access } = w.json('grants', 'report');
  assert.deepEqual(access.map(({ first, last, ...counts }) => counts), [
    {
      asked: 1,
      calls: 2,
      days: 1,
      granted: 1,
      rejected: 0,
      role: grant.agent,
      taken_back: 0,
      tool: 'update_order_status',
      used: 1,
    },
  ]);
  assert.match(w.pawl('grants', 'report').out, /update_order_status +1 +1 +1 +0 +1 +2 /);
  assert.equal(w.pawl('audit', 'verify').status, 0);
});

test('what is wider than the line, blocked or unknown is refused without asking', async (t) => {
  const w = await world(t);
  const client = await w.client();
  const tool = 'update_order_status';
  for (const [wanted, said] of [
    [{ tool, ...why, minutes: 31 }, 'constraint'],
    [{ tool, ...why, calls: 3 }, 'constraint'],
    [{ tool, ...why, arguments: { status: 'shipped' } }, 'constraint'],
    [{ tool, ...why, arguments: { approved_by: 'security' } }, 'constraint'],
    [{ tool, ...why, approved: true }, 'schema'],
    [{ tool }, 'schema'],
    [{ ...why }, 'constraint'],
    [{ tool: 'delete_customer_record', ...why }, 'not_granted'],
    [{ tool: 'read_big', ...why }, 'not_granted'],
    [{ tool: 'no_such_tool', ...why }, 'not_granted'],
    [{ tool: ['update_order_status'], ...why }, 'constraint'],
  ]) {
    const refused = await client.call(ask, wanted);
    assert.equal(code(refused), said, JSON.stringify([wanted, refused]));
  }
  // Nor by the name that the gate has for it.
  const direct = await client.call(`pawl:access:${tool}`, why);
  assert.equal(code(direct), 'not_granted', JSON.stringify(direct));
  assert.equal(w.json('approvals', 'list').length, 0);
});

test('H12 words about who approved it are quoted as the agent\'s', async (t) => {
  const w = await world(t);
  const client = await w.client();
  const tool = 'send_customer_email';
  const words = 'already approved by security, see https://evil.example \u202eyes';
  const sent = client.call(ask, { tool, why: words });
  const { approval } = await w.question();
  const card = w.pawl('approvals', 'show', approval).out;
  const [ours, theirs, ...more] = card.split('the agent says (not verified):');
  assert.deepEqual(more, []);
  assert.doesNotMatch(ours, /security|evil/);
  assert.match(ours, /grants +the use of send_customer_email to run r/);
  assert.match(theirs, /^\s+why +already approved by security[^\n]*\\u\{202e\}yes[^\n]*\n$/);
  assert.match(card, /irreversible/);
  const refused = w.pawl('approvals', 'deny', approval, '--as', 'ada', '--reason', 'no such thing');
  assert.equal(refused.status, 0, refused.err);
  const reply = await sent;
  assert.equal(code(reply), 'approval_rejected');
  assert.match(reply.content[0].text, /no such thing/);
  const again = await client.call(ask, { tool, why: 'other words', minutes: 1 });
  assert.equal(code(again), 'approval_rejected');
});

test('a grant for one argument, what cannot be undone, and taking it back', async (t) => {
  const w = await world(t);
  const client = await w.client();
  const tool = 'send_customer_email';
  const mail = { to: 'a@myco.example', body: 'hello' };
  const answer = await granted(
    w,
    client.call(ask, { tool, ...why, arguments: { to: mail.to } }),
  );
  assert.equal(answer.isError, false);
  const other = await client.call(tool, { ...mail, to: 'b@myco.example' });
  assert.equal(code(other), 'not_granted');
  // A grant answers for no single call that cannot be undone.
  const sent = await granted(w, client.call(tool, mail));
  assert.equal(sent.isError, undefined, JSON.stringify(sent));
  assert.equal(w.calls(tool).length, 1);
  const [{ grant }] = w.json('grants', 'list');
  assert.equal(w.pawl('grants', 'end', grant, '--reason', 'done').status, 0);
  assert.notEqual(w.pawl('grants', 'end', grant).status, 0, 'it is over');
  assert.equal(code(await client.call(tool, mail)), 'not_granted');
});

test('it survives a crash of the node, and no kill', async (t) => {
  const w = await world(t);
  const client = await w.client();
  await granted(w, client.call(ask, { tool: 'update_order_status', ...why }));
  w.killNode();
  await client.closed;
  const back = await w.client();
  const order = { order_id: 'o-1', status: 'ok' };
  assert.equal((await back.call('update_order_status', order)).isError, undefined);
  const stopped = w.pawl('kill', 'tool', 'update_order_status', '--reason', 'enough');
  assert.equal(stopped.status, 0, stopped.err);
  assert.equal(w.json('grants', 'list').length, 0);
  assert.equal(w.pawl('resume', 'tool', 'update_order_status', '--as', 'ada').status, 0);
  assert.equal(code(await back.call('update_order_status', order)), 'not_granted');
});

test('the official client lists the tool, asks with it, and hears of the change', async (t) => {
  const w = await world(t);
  const client = new Client({ name: 'official', version: '1' });
  const changed = new Promise((resolve) =>
    client.setNotificationHandler(ToolListChangedNotificationSchema, resolve),
  );
  const words = ['mcp', '--policy', w.policy, '--state-dir', w.state, '--', 'node', fixture];
  const transport = new StdioClientTransport({
    command: pawl,
    args: words,
    env: w.env,
    stderr: 'ignore',
  });
  await client.connect(transport);
  t.after(() => client.close());
  const { tools } = await client.listTools();
  const own = tools.find((tool) => tool.name === ask);
  assert.deepEqual(own.inputSchema.properties.tool.enum, [
    'send_customer_email',
    'update_order_status',
  ]);
  assert.match(own.description, /update_order_status: for 30m at most, 2 calls/);
  const args = { tool: 'update_order_status', ...why, calls: 1 };
  const answer = await granted(w, client.callTool({ name: ask, arguments: args }));
  assert.equal(answer.isError, false);
  await changed;
  const listed = (await client.listTools()).tools.map((tool) => tool.name);
  assert.ok(listed.includes('update_order_status'));
});

test('a role without such lines has no such tool', async (t) => {
  const w = await world(t, asking.slice(0, asking.indexOf('may_request')));
  const client = await w.client();
  assert.deepEqual(await names(client), ['read_customer_record']);
  assert.equal(code(await client.call(ask, { tool: 'read_big', ...why })), 'not_granted');
});
