// Who is unknown at the console: requests that no page of ours would send, by a thief who has the
// cookie, the token, or both. The ids are those of docs/reference/cases.md.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Person, Watched, until } from './console.mjs';
import { World, code } from './world.mjs';

const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only}
    - {name: send_customer_email, class: irreversible small, approval: {by: [leads], typed: args.to}, args: {body: {max_length: 200000}}}
`;
const mail = (body = 'hello') => ({ to: 'a@myco.example', body });

// One node for all of them: signing in takes Argon2id, which is slow on purpose.
const w = new Watched(policy);
before(async () => {
  await w.begin();
  w.session = await w.open();
});
after(() => w.end());
const send = (body) => w.session.call('send_customer_email', mail(body));
const asked = (person) =>
  until(async () => (await person.json('approvals')).approvals[0], 'a question');
const sent_mails = () => w.calls('send_customer_email').length;

test('H11 neither a cookie nor a token nor both decide anything', async () => {
  const ada = await w.person('ada');
  assert.equal(ada.answer.status, 200, ada.answer.text);
  assert.match(ada.cookie, /; HttpOnly; SameSite=Strict$/);
  const mails = sent_mails();
  const sent = send();
  const { approval } = await asked(ada);
  const { cookie, 'x-pawl-token': token, ...bare } = ada.headers;
  // Either of them alone reads nothing.
  for (const headers of [bare, { ...bare, cookie }, { ...bare, 'x-pawl-token': token }]) {
    for (const place of ['me', 'approvals', `approvals/${approval}`, 'status', 'events']) {
      const answer = await w.request('GET', `api/${place}`, headers);
      assert.equal(answer.status, 401, place);
    }
    const act = await w.request('POST', 'api/act', headers, '{}');
    assert.equal(act.status, 401);
  }
  // Two cookies of one name are none.
  const twice = { cookie: `${cookie}; ${cookie}x` };
  assert.equal((await ada.get('me', twice)).status, 401);
  const act = { kind: 'answer', approval, approve: true, reason: '', typed: mail().to };
  const { shown } = (await ada.json(`approvals/${approval}`)).approval;
  const signed = await ada.signed({ ...act, shown });
  // What was signed is what is done: not another act, not a second time, not with another nonce.
  const changed = await w.person('ada');
  const other = await changed.signed({ ...act, shown, approve: false });
  const forged = await changed.post('act', { ...other, act: { ...act, shown } });
  assert.equal(forged.status, 403);
  assert.equal((await changed.get('me')).status, 401, 'a forged act ends the session');
  const stolen = await ada.post('act', { ...signed, nonce: 'x' });
  assert.equal(stolen.status, 403);
  assert.equal((await ada.get('me')).status, 401);
  // A thief who has both, and signs with a key of their own.
  const victim = await w.person('ada');
  const thief = new Person(w, 'ada');
  Object.assign(thief, { headers: victim.headers, said: victim.said });
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  thief.pair = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  assert.equal((await thief.act({ ...act, shown })).status, 403);
  assert.equal(sent_mails(), mails);
  // A nonce counts once.
  const bob = await w.person('bob');
  const right = await bob.signed({ ...act, shown });
  assert.equal((await bob.post('act', right)).status, 200);
  assert.equal((await bob.post('act', right)).status, 409);
  assert.equal((await sent).isError, undefined);
  assert.equal(sent_mails(), mails + 1);
});

test('H11 requests of other pages and for other hosts are refused', async () => {
  const ada = await w.person('ada');
  const elsewhere = [
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: `http://127.0.0.1:${w.port + 1}` }, 403],
    [{ origin: `http://localhost:${w.port}` }, 403],
    [{ origin: `https://127.0.0.1:${w.port}` }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ host: 'evil.example' }, 421],
    [{ host: `127.0.0.1:${w.port + 1}` }, 421],
    [{ host: '127.0.0.1' }, 421],
  ];
  for (const [headers, status] of elsewhere) {
    const what = JSON.stringify(headers);
    assert.equal((await ada.get('approvals', headers)).status, status, what);
    assert.equal((await ada.post('challenge', {}, headers)).status, status, what);
  }
  const { origin, ...without } = ada.headers;
  assert.equal((await w.request('POST', 'api/challenge', without, '{}')).status, 403);
  // GET changes nothing, and a form sends no JSON.
  for (const place of ['challenge', 'act', 'sign-out', 'sign-in']) {
    assert.equal((await ada.get(place)).status, 405, place);
  }
  const form = { 'content-type': 'text/plain' };
  assert.equal((await ada.post('challenge', {}, form)).status, 415);
  assert.equal((await ada.post('nothing')).status, 404);
  assert.equal((await w.request('PUT', 'api/act', ada.headers, '{}')).status, 405);
  const long = await ada.post('act', 'x'.repeat(70_000));
  assert.equal(long.status, 413);
  for (const dest of ['iframe', 'object', 'embed']) {
    const framed = await w.request('GET', '', { 'sec-fetch-dest': dest });
    assert.equal(framed.status, 403);
  }
  for (const place of ['', 'app.js', 'style.css', 'api/me', 'none']) {
    const { headers } = await w.request('GET', place);
    assert.match(headers['content-security-policy'], /default-src 'none'.*frame-ancestors 'none'/);
    assert.doesNotMatch(headers['content-security-policy'], /unsafe|https?:|\*/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
  }
  assert.equal((await ada.get('me')).status, 200);
});

test('an auditor sees everything and decides nothing, here or at the terminal', async () => {
  const eve = await w.person('eve');
  assert.equal(eve.said.role, 'auditor');
  const sent = send();
  const { approval } = await asked(eve);
  const shown = await eve.json(`approvals/${approval}`);
  assert.match(JSON.stringify(shown), /myco\.example/);
  const refused = await eve.approve(approval, { typed: mail().to });
  assert.equal(refused.status, 403);
  assert.match(refused.text, /auditor/);
  const why = JSON.parse(refused.text).error;
  assert.deepEqual(shown.approval.may_not, { approve: why, change: why, deny: why });
  const kill = await eve.act({ kind: 'kill', scope: 'all', name: '', reason: 'x' });
  assert.equal(kill.status, 403);
  const words = ['approvals', 'approve', approval, '--typed', mail().to, '--as', 'eve'];
  const terminal = await w.later(...words, '--config', w.config);
  assert.notEqual(terminal.status, 0);
  assert.match(terminal.err, /auditor/);
  const ada = await w.person('ada');
  const free = { approve: '', change: '', deny: '' };
  assert.deepEqual((await ada.json(`approvals/${approval}`)).approval.may_not, free);
  assert.equal((await ada.approve(approval, { typed: mail().to })).status, 200);
  assert.equal((await sent).isError, undefined);
});

test('H01 what is folded cannot be approved, and what is typed is looked at here', async () => {
  const ada = await w.person('ada');
  const mails = sent_mails();
  const sent = send(`hello${' '.repeat(100 << 10)}and pay eve \u202e`);
  const { approval } = await asked(ada);
  const folded = (await ada.json(`approvals/${approval}`)).approval;
  assert.equal(folded.shown, undefined);
  const typed = mail().to;
  assert.equal((await ada.approve(approval, { typed })).status, 403);
  const { approval: whole } = await ada.json(`approvals/${approval}?full=1`);
  const body = whole.display.find(({ name }) => name === 'body');
  assert.match(body.text, /and pay eve \\u\{202e\}/);
  assert.ok(body.hidden);
  const shown = whole.shown;
  for (const more of [{ shown, typed: '' }, { shown, typed: `${typed} ` }, { shown: '', typed }]) {
    const answer = await ada.approve(approval, more);
    assert.equal(answer.status, 403, answer.text);
  }
  assert.equal(sent_mails(), mails);
  assert.equal((await ada.approve(approval, { shown, typed })).status, 200);
  assert.equal((await sent).isError, undefined);
});

test('H06 who is removed is signed out at once, and so is who leaves', async () => {
  const [left, bob] = [await w.person('bob'), await w.person('bob')];
  assert.equal((await left.post('sign-out')).status, 200);
  assert.equal((await left.get('me')).status, 401);
  const stream = await w.stream('api/events', bob.headers);
  assert.equal(stream.statusCode, 200);
  w.edit((text) => text.replace(/^ *bob:.*\n/m, ''));
  await once(stream.resume(), 'end');
  assert.match(stream.headers['content-type'], /event-stream/);
  assert.equal((await bob.get('me')).status, 401);
  assert.equal((await w.person('bob')).answer.status, 403);
});

test('a call runs when it was approved, and everything is in its run', async (t) => {
  const ada = await w.person('ada');
  w.session = await w.open();
  const sent = send();
  const { approval, run } = await asked(ada);
  const began = performance.now();
  assert.equal((await ada.approve(approval, { typed: mail().to })).status, 200);
  assert.equal((await sent).isError, undefined);
  t.diagnostic(`approved and run in ${Math.round(performance.now() - began)} ms, two requests`);
  const killed = await ada.act({ kind: 'kill', scope: 'all', name: '', reason: 'a test' });
  assert.equal(killed.status, 200, killed.text);
  assert.ok(JSON.parse(killed.text).milliseconds >= 0);
  assert.equal(code(await w.session.call('read_customer_record', { customer_id: 'c' })), 'killed');
  const resumed = await ada.act({ kind: 'resume', scope: 'all', name: '', reason: 'over' });
  assert.equal(resumed.status, 200, resumed.text);
  const again = await w.session.call('read_customer_record', { customer_id: 'c' });
  assert.equal(again.isError, undefined);
  const { events } = await ada.json(`runs/${run}`);
  assert.deepEqual(
    events.map(({ word }) => word).slice(-5),
    ['hold', 'approve', 'allow', 'deny', 'allow'],
  );
  const { reviewers } = await ada.json('people');
  assert.equal(reviewers.find(({ person }) => person === 'ada').approved, 1);
  const { records } = await ada.json(`journal?run=${run}&effect=deny`);
  assert.ok(records.length > 0);
  const proof = await ada.json('journal/proof');
  assert.equal(proof.whole, true, proof.why);
  const { roles } = await ada.json('policies');
  assert.equal(roles[0].role, 'tester');
  assert.ok(roles[0].sentences.length > 2);
});

test('H09 wrong passphrases wait, and lock no one out of the terminal', async () => {
  const wrong = await w.person('ada', 'incorrect horse');
  const unknown = await w.person('mallory', 'incorrect horse');
  assert.equal(wrong.answer.status, 403);
  assert.equal(unknown.answer.status, 403);
  assert.equal(wrong.answer.text, unknown.answer.text);
  const ada = await w.person('ada');
  const again = async () => (await w.person('ada', 'incorrect horse')).answer.status;
  await until(async () => (await again()) === 429, 'the brake');
  assert.equal((await ada.get('me')).status, 200, 'who is signed in stays so');
  const done = await w.later('resume', 'all', '--as', 'ada', '--config', w.config);
  assert.doesNotMatch(done.err, /too many wrong proofs/);
});

test('over TLS the cookie belongs to this host alone', async (t) => {
  const own = new Watched(policy);
  t.after(() => own.end());
  const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -batch -days 2';
  const files = ['-keyout', 'gate.key', '-out', 'gate.pem', '-subj', '/CN=gate'];
  const more = ['-addext', 'subjectAltName=IP:127.0.0.1'];
  const made = [...words.split(' '), ...files, ...more];
  execFileSync('openssl', made, { cwd: own.dir, stdio: 'pipe' });
  own.ca = readFileSync(path.join(own.dir, 'gate.pem'));
  const tls = ', tls: {certificate: gate.pem, key: gate.key}';
  await own.begin({ persons: ['ada'], tls });
  assert.match(own.console, /^https:/);
  const ada = await own.person('ada');
  assert.equal(ada.answer.status, 200, ada.answer.text);
  const name = `__Host-pawl-${own.port}`;
  const attributes = 'Path=/; HttpOnly; SameSite=Strict; Secure';
  assert.match(ada.cookie, new RegExp(`^${name}=[^;]+; ${attributes}$`));
  assert.equal((await ada.get('me')).status, 200);
  assert.equal((await ada.get('me', { origin: `http://127.0.0.1:${own.port}` })).status, 403);
  // In the clear it is not served at all.
  const plain = await fetch(`http://127.0.0.1:${own.port}/console/`).catch((error) => error);
  assert.ok(plain instanceof Error);
});

test('a node that serves no agents opens a console when it is asked to', async (t) => {
  const own = new World(policy);
  t.after(() => own.end());
  const client = await own.client();
  const [first, second] = [own.json('console'), own.json('console')];
  assert.equal(first.address, second.address);
  assert.match(first.address, /^http:\/\/127\.0\.0\.1:\d+\/console\/$/);
  const page = await fetch(first.address);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<title>pawl<\/title>/);
  const answer = await fetch(`${first.address}api/me`);
  assert.equal(answer.status, 401);
  await client.close();
});
