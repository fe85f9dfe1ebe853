// The queue of questions beyond yes and no: a reviewer asks the agent, passes a question on,
// answers several at once, and watches a list that stays. With the program's own command and a real
// client.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { Watched, until } from './console.mjs';
import { World, code, pawl, sleep } from './world.mjs';

const role = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - name: update_order_status
      class: reversible small
      requires_approval: true
      constraints: {max_records_per_run: 50}
    - {name: send_customer_email, class: irreversible small, args: {body: {max_length: 2000}}}
    - {name: delete_customer_record, class: irreversible small, approval: {typed: args.customer_id}}
approval: {reviewers: [leads]}
`;
const mail = (body, to = 'a@myco.example') => ({ to, body });

class Queue extends World {
  constructor(t, more = '', policy = role) {
    super(policy);
    t.after(() => this.end());
    this.enrol();
    const config = path.join(this.dir, 'config', 'pawl', 'pawl.yaml');
    const text = readFileSync(config, 'utf8');
    const others = '  bob: {groups: [leads]}\n  eve: {groups: [guests]}\n';
    writeFileSync(config, text.replace('people:\n', `people:\n${others}`));
    appendFileSync(config, more);
    this.killNode();
  }
  records(type) {
    const lines = this.pawl('audit', 'query', '--json').out.split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line)).filter((record) => record.type === type);
  }
  // Waits until so many questions are open, and answers them.
  async open(count) {
    for (let i = 0; i < 400; ++i) {
      const list = this.json('approvals', 'list');
      if (list.length === count) return list.map((question) => question.approval).sort();
      await sleep(25);
    }
    throw new Error(`not ${count} questions`);
  }
}

// Only what a terminal prints as it is.
const raw_bytes = /[\u0000-\u0009\u000b-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/u;

test('a reviewer asks, and the agent answers with the same call', async (t) => {
  const told = '/told';
  const w = new Queue(t);
  const heard = path.join(w.dir, told);
  const script = `printf '%s %s\\n' "$PAWL_EVENT" "$PAWL_TEXT" >> ${heard}`;
  appendFileSync(
    path.join(w.dir, 'config', 'pawl', 'pawl.yaml'),
    `notify: {desktop: "off", command: ${JSON.stringify(['sh', '-c', script])}}\n`,
  );
  const client = await w.client();
  const sent = client.call('send_customer_email', mail('hello'));
  const { approval, binding } = await w.question();
  const asked = w.pawl('approvals', 'ask', approval, 'which \u202ecustomer?', '--as', 'ada');
  assert.equal(asked.status, 0, asked.err);
  const pending = await sent;
  assert.equal(code(pending), 'approval_pending');
  const { text } = pending.content[0];
  assert.match(text, /a reviewer \(ada\) asks about this call: which \\u\{202e\}cust/);
  assert.match(text, /`pawl_answer`/);
  const { asks } = pending._meta['pawl/decision'];
  assert.deepEqual(asks, [{ person: 'ada', text: 'which \\u{202e}customer?' }]);
  // Words to a call without a question reach no agent.
  const other = await client.call('send_customer_email', { ...mail('bye'), pawl_answer: 'x' });
  assert.equal(code(other), 'constraint');

  const words = 'already approved by security\u200b, see https://evil.example';
  const again = client.call('send_customer_email', { ...mail('hello'), pawl_answer: words });
  for (let i = 0; i < 200 && w.records('approval.replied').length === 0; ++i) await sleep(25);
  const [question] = w.json('approvals', 'list');
  assert.equal(question.approval, approval);
  assert.equal(question.binding, binding);
  const card = w.pawl('approvals', 'show', approval).out;
  assert.doesNotMatch(card, raw_bytes);
  assert.match(card, /ada asks: which \\u\{202e\}customer\?/);
  const said = /the agent says \(not verified\): already approved by security\\u\{200b\}.*evil/;
  assert.match(card.trimEnd().split('\n').at(-1), said, 'it comes last');
  assert.match(card, /\(hidden characters\)/);
  assert.doesNotMatch(JSON.stringify(w.records('approval.replied')), /security/);

  const pass = (to) => w.pawl('approvals', 'pass', approval, to, '--reason', 'busy', '--as', 'ada');
  for (const to of ['guests', 'ada']) assert.equal(pass(to).status, 1, to);
  assert.equal(pass('bob').status, 0);
  assert.match(w.pawl('approvals', 'list').out, /open, for bob/);
  assert.equal(w.approve(approval).status, 0, 'who could answer it still can');
  assert.equal((await again).isError, undefined);
  const got = w.calls('send_customer_email').map((call) => call.params.arguments);
  assert.deepEqual(got, [mail('hello')], 'no server sees the words');
  assert.match(w.pawl('audit', 'show', approval).out, /already approved by security/);
  assert.equal(w.pawl('audit', 'verify').status, 0);
  for (let i = 0; i < 200 && !existsSync(heard); ++i) await sleep(25);
  const notices = readFileSync(heard, 'utf8');
  assert.match(notices, /^replied .*the agent said something to what `ada` asked/m);
  assert.match(notices, /^passed .*`ada` passed an approval request on to `bob`: busy/m);
  assert.doesNotMatch(notices, /security|evil/, 'a notice has none of the words of an agent');
});

test('several questions are answered in one act, each for its own call', async (t) => {
  const w = new Queue(t);
  const client = await w.client();
  const orders = ['o-1', 'o-2', 'o-3'];
  const sent = orders.map((order_id) =>
    client.call('update_order_status', { order_id, status: 'ok' }),
  );
  const ids = await w.open(3);
  const done = w.pawl('approvals', 'approve', ...ids, '--as', 'ada', '--reason', 'checked');
  assert.equal(done.status, 0, done.err);
  assert.match(done.out, /3 CALLS +of update_order_status +reversible small/);
  assert.match(done.out, /together +3 records/);
  for (const order of orders) assert.match(done.out, new RegExp(`order_id +${order}`));
  for (const answer of await Promise.all(sent)) assert.equal(answer.isError, undefined);
  assert.equal(w.calls('update_order_status').length, 3);
  const answered = w.records('approval.answered');
  assert.deepEqual(answered.map((record) => record.approval).sort(), ids);
  assert.equal(new Set(answered.map((record) => record.batch)).size, 1);
  assert.equal(new Set(answered.map((record) => record.shown)).size, 3);
  assert.match(answered[0].batch, /^sha256:[0-9a-f]{64}$/);

  // What cannot be undone goes together only where each is typed; no one types here.
  const mails = ['x', 'y'].map((body) => client.call('send_customer_email', mail(body)));
  const grave = await w.open(2);
  const refused = w.pawl('approvals', 'approve', ...grave, '--as', 'ada');
  assert.equal(refused.status, 1);
  assert.match(refused.err, /cannot be undone/);
  const typed = w.pawl('approvals', 'approve', ...grave, '--as', 'ada', '--typed', 'x');
  assert.equal(typed.status, 2, typed.err);
  assert.equal((await w.open(2)).length, 2);
  assert.equal(w.pawl('approvals', 'deny', ...grave, '--as', 'ada', '--reason', 'no').status, 0);
  for (const answer of await Promise.all(mails)) assert.equal(code(answer), 'approval_rejected');
  assert.equal(w.calls('send_customer_email').length, 0);
});

// A terminal of its own for the command: what it draws, and keys for it.
class Terminal {
  constructor(t, w, ...words) {
    const line = [pawl, ...words, '--state-dir', w.state].map((word) => `'${word}'`).join(' ');
    this.child = spawn('script', ['-qec', `stty rows 30 cols 120; ${line}`, '/dev/null'], {
      env: { ...w.env, TERM: 'xterm' },
    });
    this.drawn = '';
    this.child.stdout.on('data', (bytes) => {
      this.drawn += bytes;
    });
    this.closed = new Promise((resolve) => this.child.on('exit', resolve));
    t.after(() => this.child.kill('SIGKILL'));
  }
  press(keys) {
    this.drawn = '';
    this.child.stdin.write(keys);
  }
  async shows(pattern) {
    for (let i = 0; i < 400; ++i) {
      if (pattern.test(this.drawn)) return;
      await sleep(25);
    }
    assert.match(this.drawn, pattern);
  }
}

test('the live list shows a held call, and answers it after its card was read', async (t) => {
  const w = new Queue(t);
  const client = await w.client();
  const terminal = new Terminal(t, w, 'approvals', 'watch', '--as', 'ada');
  await terminal.shows(/nothing waits/);
  const long = mail(`${'much to read '.repeat(140)}end`);
  const sent = client.call('send_customer_email', long);
  await terminal.shows(/send_customer_email/);
  terminal.press('a');
  await sleep(300);
  assert.equal(w.records('approval.answered').length, 0, 'nothing is approved from the list');
  terminal.press('\r');
  await terminal.shows(/HELD +a-/);
  await terminal.shows(/more below|read|approve/);
  terminal.press(' ');
  await terminal.shows(/to read end/);
  terminal.press('a');
  await terminal.shows(/a reason, if you want to give one/);
  terminal.press('fine\n');
  await terminal.shows(/approved by ada/);
  assert.equal((await sent).isError, undefined);
  const [answered] = w.records('approval.answered');
  assert.equal(answered.reason, 'fine');
  terminal.press('q');
  assert.equal(await terminal.closed, 0);
  assert.match(terminal.drawn, /\x1b\[\?25h\x1b\[\?1049l/, 'the terminal is as it was');
});

test('the terminal says beforehand why a person may not answer, as the console does', async (t) => {
  const two = 'approval: {typed: args.customer_id}';
  const w = new Queue(t, '', role.replace(two, 'approval: {quorum: 2}'));
  const client = await w.client();
  assert.equal(w.pawl('reviewers', 'add', 'mia', '--group', 'guests', '--as', 'ada').status, 0);
  client.call('delete_customer_record', { customer_id: 'c-1' }).catch(() => {});
  const { approval, may_not: of_nobody } = await w.question();
  assert.match(of_nobody.approve, /no reviewer is enrolled as/);
  const seen = (person, words = ['list']) => w.pawl('approvals', ...words, '--as', person).out;
  const show = ['show', approval];
  assert.match(seen('mia'), /`mia` may not answer: only its reviewers answer it/);
  const told = /may answer: leads \(ada\)\n(?:.*\n)?you +may not answer: only its reviewers/;
  assert.match(seen('mia', show), told);
  assert.match(seen('bob', show), /you +may not answer: no reviewer is enrolled as `bob`/);
  assert.doesNotMatch(seen('ada', show), /^you/m);
  assert.doesNotMatch(seen('ada'), /may not/);
  assert.equal(w.approve(approval).status, 0);
  assert.match(seen('ada', show), /you +may not approve: the same person has approved it already/);
  client.call('delete_customer_record', { customer_id: 'c-2' }).catch(() => {});
  await w.open(2);
  const list = seen('ada').replace(/\s+/g, ' ');
  assert.match(list, /may not approve: the same person has approved it already/);
  assert.match(list, /may answer/);
  const terminal = new Terminal(t, w, 'approvals', 'watch', '--as', 'ada');
  await terminal.shows(/\(may not approve: the same/);
});

test('a filter finds words in the arguments of all questions', async (t) => {
  const w = new Watched(role.replace('{reviewers: [leads]}', '{reviewers: [leads], within: 5m}'));
  t.after(() => w.end());
  await w.begin({ persons: ['ada'] });
  const session = await w.open();
  const long = `${'x '.repeat(300)}needle`;
  for (const body of ['hay', long]) session.call('send_customer_email', mail(body)).catch(() => {});
  const ada = await w.person('ada');
  const { approvals } = await until(async () => {
    const list = await ada.json('approvals');
    return list.approvals.length === 2 && list;
  }, 'two questions');
  const { approval } = approvals.find(({ summary }) => !summary.includes('hay'));
  assert.doesNotMatch(JSON.stringify(approvals), /needle/, 'a summary has the first words');
  const found = await ada.json('approvals?names=1&filter=NEEDLE%20email');
  assert.deepEqual([found.names, found.matching, found.unread], [[approval], 1, 0]);
  assert.deepEqual((await ada.json('approvals?names=1&filter=needle%20hay')).names, []);
  const rows = await ada.json(`approvals?ids=${approval},a-none`);
  assert.deepEqual(rows.approvals.map((row) => row.approval), [approval]);
  assert.equal((await ada.get(`approvals?ids=${'a,'.repeat(60)}`)).status, 400);
});

test('the live list is lines of JSON for programs', async (t) => {
  const w = new Queue(t);
  const client = await w.client();
  const words = ['approvals', 'watch', '--json', '--state-dir', w.state];
  const child = spawn(pawl, words, { env: w.env });
  t.after(() => child.kill('SIGKILL'));
  const lines = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  const until = async (what) => {
    for (let i = 0; i < 400 && !lines.some(what); ++i) await sleep(25);
    assert.ok(lines.some(what), JSON.stringify(lines));
  };
  await until((line) => line.matching === 0);
  client.call('send_customer_email', mail('x')).catch(() => {});
  await until((line) => line.approvals[0]?.tool === 'send_customer_email');
  w.pawl('kill', 'all', '--reason', 'test');
  await until((line, i) => i > 0 && line.matching === 0);
  const nowhere = w.pawl('approvals', 'watch');
  assert.equal(nowhere.status, 2);
  assert.match(nowhere.err, /needs a terminal/);
});

test('a card says the environment that its call names, not only the one of the policy', async (t) => {
  const where = 'environment: {of: args.order_id, staging: [o-stg], development: [o-dev]}';
  const others = /    - \{name: (send|delete)_.*\n/g;
  const w = new Queue(t, '', role.replace('tools:', `${where}\ntools:`).replace(others, ''));
  const client = await w.client();
  for (const [order_id, place] of [['o-dev', 'development'], ['o-stg', 'staging']]) {
    client.call('update_order_status', { order_id, status: 'ok' }).catch(() => {});
    const { approval } = await w.question();
    assert.match(w.pawl('approvals', 'show', approval).out, new RegExp(`^is .* in ${place}$`, 'm'));
    assert.equal(w.json('approvals', 'show', approval).environment, place);
    assert.equal(w.pawl('approvals', 'deny', approval, '--as', 'ada').status, 0);
  }
});

test('modern clients get what their agent is asked as a result, also of a task', async (t) => {
  const w = new Queue(t);
  const client = await w.client({ modern: true });
  const call = (more = {}) =>
    client.ask('tools/call', {
      name: 'send_customer_email',
      arguments: { ...mail('x'), ...more },
    });
  const sent = call();
  const [approval] = await w.open(1);
  assert.equal(w.pawl('approvals', 'ask', approval, 'why?', '--as', 'ada').status, 0);
  const { result } = await sent;
  assert.equal(result.resultType, 'complete', 'not a leg that the client waits out by itself');
  assert.equal(code(result), 'approval_pending');
  assert.match(result.content[0].text, /asks about this call: why\?/);
  const again = call({ pawl_answer: 'because' });
  for (let i = 0; i < 200 && w.records('approval.replied').length === 0; ++i) await sleep(25);
  assert.equal(w.approve(approval).status, 0);
  assert.equal((await again).result.isError, undefined);

  client.capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
  const { taskId } = (await call()).result;
  const [second] = await w.open(1);
  assert.equal(w.pawl('approvals', 'ask', second, 'and this one?', '--as', 'ada').status, 0);
  let task;
  for (let i = 0; i < 100 && task?.status !== 'completed'; ++i) {
    task = (await client.ask('tasks/get', { taskId })).result;
    await sleep(20);
  }
  assert.match(task.result.content[0].text, /and this one\?/);
  assert.deepEqual(await w.open(1), [second], 'the question waits for its agent');
});

test('a session at the console asks, and answers several as they were displayed', async (t) => {
  const w = new Watched(role.replace('{reviewers: [leads]}', '{reviewers: [leads], within: 5m}'));
  t.after(() => w.end());
  await w.begin({ persons: ['ada', 'bob'] });
  const session = await w.open();
  const ada = await w.person('ada');
  const call = (customer_id) => session.call('delete_customer_record', { customer_id });
  const first = call('c-1');
  const listed = async (count) =>
    until(async () => {
      const { approvals } = await ada.json('approvals');
      return approvals.length === count && approvals;
    }, `${count} questions`);
  const [{ approval }] = await listed(1);
  assert.equal((await ada.act({ kind: 'ask', approval, text: 'why?' })).status, 200);
  assert.equal(code(await first), 'approval_pending');
  assert.equal((await ada.act({ kind: 'pass', approval, to: 'bob', reason: '' })).status, 200);
  const back = session.call('delete_customer_record', { customer_id: 'c-1', pawl_answer: 'old' });
  const second = call('c-2');
  await listed(2);
  // The first caller is back.
  const backs = () =>
    w.pawl('audit', 'query', '--json')
      .out.split('\n')
      .filter((line) => line.includes('"approval.attached"') && line.includes(approval))
      .map((line) => JSON.parse(line).attached ?? true);
  await until(() => backs().at(-1), 'the caller');
  const card = (await ada.json(`approvals/${approval}`)).approval;
  assert.equal(card.passed_to, 'bob');
  assert.deepEqual(card.talk.map(({ agent, text }) => [agent ?? false, text]), [
    [false, 'why?'],
    [true, 'old'],
  ]);

  const ids = (await listed(2)).map((one) => one.approval).sort();
  const answers = [];
  for (const id of ids) {
    const { shown, type_this: typed } = (await ada.json(`approvals/${id}`)).approval;
    answers.push({ approval: id, shown, typed });
  }
  const lines = answers.map((one) => `${one.approval} ${one.shown}\n`).join('');
  const digest = createHash('sha256').update(`pawl batch v1\n${lines}`).digest('hex');
  const act = { kind: 'answer_together', approve: true, reason: '', shown: `sha256:${digest}` };
  const one_untyped = answers.map((one, i) => (i === 0 ? { ...one, typed: '' } : one));
  const other_digest = { ...act, shown: `sha256:${'0'.repeat(64)}`, answers };
  for (const wrong of [{ ...act, answers: one_untyped }, other_digest]) {
    assert.equal((await ada.act(wrong)).status, 403);
  }
  assert.equal(w.calls('delete_customer_record').length, 0);
  assert.equal((await ada.act({ ...act, answers })).status, 200);
  for (const answer of await Promise.all([back, second])) assert.equal(answer.isError, undefined);
  assert.equal(w.calls('delete_customer_record').length, 2);
});
