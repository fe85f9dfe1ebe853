// What reviewers are shown and asked: hostile bytes in arguments, policies that move while a call
// waits, sockets that are not the node's. The ids are those of docs/reference/cases.md.
import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { open, start, usable } from './tester.mjs';
import { World, code, sleep } from './world.mjs';

const mailing = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only}
    - {name: send_customer_email, class: irreversible small, args: {body: {max_length: 200000}}}
`;
const mail = (body, to = 'a@myco.example') => ({ to, body });
const records = (w, type) =>
  w
    .pawl('audit', 'query', '--json')
    .out.split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter((record) => record.type === type);

// Only what a terminal prints as it is: no control but the line break, nothing that hides or turns.
const raw_bytes = new RegExp(
  '[\\u0000-\\u0009\\u000b-\\u001f\\u007f\\u200b-\\u200f\\u202a-\\u202e\\u2066-\\u2069]|' +
    '[\\u{e0000}-\\u{e007f}]',
  'u',
);

test('H01 what hides or moves text is shown as escapes and flagged', async (t) => {
  const w = new World(mailing);
  t.after(() => w.end());
  w.enrol();
  const told = path.join(w.dir, 'told');
  const script = `printf '%s\\n' "$PAWL_TEXT" >> ${told}`;
  const command = JSON.stringify(['sh', '-c', script]);
  appendFileSync(
    path.join(w.dir, 'config', 'pawl', 'pawl.yaml'),
    `notify: {desktop: "off", command: ${command}}\n`,
  );
  w.killNode();
  const client = await w.client();
  const body = 'pay \u202egro.live\u202c \u200b\u{e0041} p\u0430ypal \ufeff';
  const sent = client.call('send_customer_email', mail(body));
  const question = await w.question();
  for (const words of [['show', question.approval], ['list']]) {
    const shown = w.pawl('approvals', ...words);
    assert.equal(shown.status, 0, shown.err);
    assert.doesNotMatch(shown.out, raw_bytes);
  }
  const card = w.pawl('approvals', 'show', question.approval).out;
  assert.match(card, /\\u\{202e\}gro\.live/);
  assert.match(card, /\(hidden characters\)/);
  assert.match(card, /several alphabets/);
  for (let i = 0; i < 3000 && !existsSync(told); ++i) await sleep(20);
  const notice = readFileSync(told, 'utf8');
  assert.match(notice, /waiting for a person/);
  assert.doesNotMatch(notice, /gro\.live|paypal|p\u0430ypal/);
  assert.equal(w.approve(question.approval).status, 0);
  assert.equal((await sent).isError, undefined);
  const [answered] = records(w, 'approval.answered');
  const full = JSON.stringify(answered);
  assert.match(full, /"shown":"sha256:[0-9a-f]{64}"/);
});

test('H01 control characters of a terminal never get as far as a question', async (t) => {
  const [w, client] = await start(t, { policy: mailing });
  for (const body of ['\u001b[2J', '\u001b]52;c;eA==\u0007']) {
    const refused = await client.call('send_customer_email', mail('x', `a@myco.example${body}`));
    assert.equal(code(refused), 'constraint', JSON.stringify(refused));
    assert.doesNotMatch(refused.content[0].text, raw_bytes);
  }
  assert.equal(w.json('approvals', 'list').length, 0);
  await usable(client);
});

test('a reviewer approves a call with other arguments, and the agent reads which', async (t) => {
  const w = new World(mailing);
  t.after(() => w.end());
  w.enrol();
  const client = await w.client();
  const sent = client.call('send_customer_email', mail('all of our customers at once'));
  const { approval } = await w.question();
  const change = (...more) =>
    w.pawl('approvals', 'change', approval, '--as', 'ada', ...more);
  assert.equal(change('--yes').status, 2, 'nothing to change');
  assert.equal(change('--yes', '--unset', 'nothing').status, 2);
  const file = path.join(w.dir, 'arguments.json');
  writeFileSync(file, JSON.stringify(mail('x'.repeat(200001))));
  const long = change('--yes', '--arguments', file);
  assert.equal(long.status, 1);
  assert.match(long.err, /would be denied/);
  const done = change('--yes', '--set', 'body=one customer', '--reason', 'not all of them');
  assert.equal(done.status, 0, done.err);
  assert.match(done.out, /- body +"all of our customers at once"/);
  assert.match(done.out, /\+ body +"one customer"/);
  const reply = await sent;
  const texts = reply.content.map((block) => block.text).join('\n');
  assert.match(texts, /a reviewer approved this call with other arguments than yours/);
  assert.match(texts, /one customer/);
  assert.match(texts, /not all of them/);
  const got = w.calls('send_customer_email').map((call) => call.params.arguments);
  assert.deepEqual(got, [mail('one customer')]);
  const [record] = records(w, 'approval.changed');
  assert.equal(record.person, 'ada');
  assert.equal(w.pawl('audit', 'verify').status, 0);
});

test('H01 what is folded away cannot be approved until all of it was shown', async (t) => {
  const w = new World(mailing);
  t.after(() => w.end());
  w.enrol();
  const client = await w.client();
  const padded = `hello${' '.repeat(100 << 10)}and pay eve`;
  const sent = client.call('send_customer_email', mail(padded));
  const question = await w.question();
  const card = w.pawl('approvals', 'show', question.approval).out;
  assert.match(card, /bytes are folded away/);
  assert.doesNotMatch(card, /pay eve/);
  const refused = w.approve(question.approval);
  assert.notEqual(refused.status, 0);
  assert.match(refused.err, /--full/);
  assert.equal(w.calls().length, 0);
  assert.match(w.pawl('approvals', 'show', '--full', question.approval).out, /and pay eve/);
  assert.equal(w.approve(question.approval, '--full').status, 0);
  assert.equal((await sent).isError, undefined);
});

test('what a question asks to be typed is typed, or it stays open', async (t) => {
  const typing = mailing.replace('args: {body', 'approval: {by: [leads], typed: args.body}, args: {body');
  const w = new World(typing);
  t.after(() => w.end());
  w.enrol();
  const client = await w.client();
  const sent = client.call('send_customer_email', mail('Ordre Zoë'));
  const question = await w.question();
  assert.match(w.pawl('approvals', 'show', question.approval).out, /typing `body`: Ordre Zoë/);
  const wrong = [[], ['send_customer_email'], ['Ordre Zoe'], ['ordre Zoë'], ['Ordre Zoë ']];
  const answers = wrong.map((text) => {
    const more = text.length ? ['--typed', ...text] : ['--typed', ''];
    const refused = w.approve(question.approval, ...more);
    assert.notEqual(refused.status, 0, text);
    return refused.err;
  });
  assert.equal(new Set(answers).size, 1, 'one answer to every mistake');
  assert.equal(w.calls('send_customer_email').length, 0);
  assert.equal(w.json('approvals', 'list')[0].phase, 'open');
  assert.equal(w.approve(question.approval, '--typed', 'Ordre Zoe\u0308').status, 0);
  assert.equal((await sent).isError, undefined);
  const [opened] = records(w, 'approval.opened');
  assert.deepEqual(opened.typed_of, ['body']);
  const [answered] = records(w, 'approval.answered');
  assert.equal(answered.typed, true);
  // A text that cannot be read off a screen cannot be typed: no reviewer is asked.
  const hidden = await client.call('send_customer_email', mail('a\u200bb'));
  assert.equal(code(hidden), 'constraint', JSON.stringify(hidden));
});

test('H05 a policy that is reformatted or weakened meanwhile is not the run\'s', async (t) => {
  const strict = open.replace('max_length: 100', 'max_length: 90');
  for (const change of [(text) => `# a comment\n${text}\n\n`, () => open]) {
    const w = new World(strict);
    t.after(() => w.end());
    w.enrol();
    const client = await w.client();
    const sent = client.call('send_customer_email', mail('x'));
    const question = await w.question();
    writeFileSync(w.policy, change(strict));
    assert.equal(w.approve(question.approval).status, 0);
    assert.equal((await sent).isError, undefined);
    // The run keeps the policy that was approved under: what only the weaker one allows is refused.
    const long = await client.call('send_customer_email', mail('x'.repeat(95)));
    assert.equal(code(long), 'constraint');
    assert.equal(w.calls('send_customer_email').length, 1);
    await client.close();
  }
});

test('H09 a socket that cannot prove the node key gets nothing from the command', async (t) => {
  const [w, client] = await start(t);
  w.enrol();
  client.call('send_customer_email', mail('x')).catch(() => {});
  const question = await w.question();
  const socket = path.join(w.state, 'control.sock');
  renameSync(socket, `${socket}.node`);
  const got = [];
  const squatter = createServer((connection) => {
    connection.on('data', (bytes) => {
      got.push(bytes);
      // A frame as the node's: four bytes of length, then JSON; a signature that proves nothing.
      const text = JSON.stringify({ ok: true, node: 'x', signature: 'AAAA' });
      const frame = Buffer.alloc(4 + text.length);
      frame.writeUInt32LE(text.length);
      frame.write(text, 4);
      connection.write(frame);
    });
    connection.on('error', () => {});
  });
  await new Promise((resolve) => squatter.listen(socket, resolve));
  t.after(() => squatter.close());
  for (const words of [
    ['approvals', 'approve', question.approval, '--as', 'ada'],
    ['approvals', 'list'],
    ['reviewers', 'add', 'eve', '--as', 'ada'],
  ]) {
    const done = await w.later(...words);
    assert.notEqual(done.status, 0, words.join(' '));
    assert.equal(done.out, '');
  }
  const sent = Buffer.concat(got).toString('latin1');
  assert.match(sent, /hello/);
  assert.doesNotMatch(sent, /correct horse|challenge|signature|approve/);
  await new Promise((resolve) => squatter.close(resolve));
  rmSync(socket, { force: true });
  renameSync(`${socket}.node`, socket);
  assert.equal(w.json('approvals', 'list').length, 1);
});

test('R02 the node takes neither the folder nor the loader variables of who started it', async (t) => {
  const w = new World(open);
  t.after(() => w.end());
  const loading = { LD_PRELOAD: '', OPENSSL_CONF: '/tmp/other.cnf', GLIBC_TUNABLES: 'a.b=1' };
  const client = await w.client({ env: loading });
  await usable(client);
  const [node] = w.nodes();
  const environment = readFileSync(`/proc/${node}/environ`, 'utf8').split('\0');
  assert.deepEqual(
    environment.filter((entry) => /^(LD_PRELOAD|OPENSSL_CONF|GLIBC_TUNABLES)=/.test(entry)),
    ['GLIBC_TUNABLES=glibc.malloc.tcache_count=256'],  // its own
  );
  assert.equal(readlinkSync(`/proc/${node}/cwd`), '/');
  for (const server of w.children(client)) {
    const passed = readFileSync(`/proc/${server}/environ`, 'utf8');
    assert.doesNotMatch(passed, /LD_PRELOAD|OPENSSL_CONF|GLIBC|PAWL_PASSPHRASE_FILE/);
  }
});
