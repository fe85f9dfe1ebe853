// Mail by STARTTLS: a server with a certificate of a CA that the deployment file names, and
// servers, or people on the way to them, who would have it in plain text.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { read, secretFile, until } from './heard.mjs';
import { authority, submission } from './mailed.mjs';
import { Served } from './served.mjs';
import { open } from './tester.mjs';

// A node whose contact is a person with a mailbox; `told` throws the switch, which they hear of.
async function world(t, { manner, trusted, name } = {}) {
  const w = new Served(open);
  t.after(() => w.end());
  const files = authority(w.dir, { name });
  const mail = await submission(t, files, manner);
  const ca = trusted ? authority(w.dir, { called: 'other' }).ca : files.ca;
  await w.begin({
    more: `notify:
  desktop: "off"
  mail:
    server: smtp://localhost:${mail.port}
    ca: ${path.relative(w.dir, ca)}
    from: pawl@acme.example
    user: pawl
    password: ${secretFile(w.dir, 'mailpass', 'mail password')}
  contacts: [{name: Ada, via: "mail:ada@acme.example"}]
`,
  });
  assert.ok(w.origin, w.log);
  const throwSwitch = async () => {
    const done = await w.later('kill', 'tool', 'read_big', '--reason', 'looks odd');
    assert.equal(done.status, 0, done.err);
  };
  const way = async () => {
    const { notices } = JSON.parse((await w.later('status', '--json')).out);
    return notices.find((one) => one.name === 'mail');
  };
  return { w, mail, throwSwitch, way };
}

test('a mail goes encrypted after STARTTLS, and nothing of it before', async (t) => {
  const { mail, throwSwitch, way } = await world(t);
  await throwSwitch();
  const letter = await until(() => mail.mails[0], 'a mail');
  assert.match(letter.auth, /\0pawl\0mail password$/);
  assert.match(letter.to, /<ada@acme\.example>/);
  assert.match(read(letter).text, /looks odd|read_big/);
  assert.match(mail.plain, /^EHLO [^\r\n]*\r\nSTARTTLS\r\n$/);
  assert.match(mail.encrypted, /^EHLO /);
  await until(async () => (await way()).told === 1, 'the count');
});

for (const [what, options, why] of [
  ['does not offer encryption', { manner: { offers: false } }, /cannot mail by `localhost`/],
  ['takes its offer back', { manner: { answers: '454 not now\r\n' } }, /`localhost`/],
  ['refuses what it offers', { manner: { answers: '502 no such thing\r\n' } }, /`localhost`/],
  ['says more before the encryption than it may',
    { manner: { answers: '220 go\r\n250-x\r\n250 AUTH PLAIN\r\n' } }, /`localhost`/],
  ['has a certificate of another CA', { trusted: 'other' }, /cannot mail by `localhost`/],
  ['has a certificate of another name', { name: 'mail.evil.example' }, /cannot mail/],
]) {
  test(`a mail server that ${what} gets no mail and no password`, async (t) => {
    const { w, mail, throwSwitch, way } = await world(t, options);
    await throwSwitch();
    const dead = await until(async () => (await way()).dead, 'the end of the tries');
    assert.match(dead, why);
    assert.ok(mail.connections > 0);
    assert.deepEqual(mail.mails, []);
    assert.match(mail.plain, /^(EHLO [^\r\n]*\r\n(STARTTLS\r\n)?(QUIT\r\n)?)+/);
    for (const heard of [mail.plain, mail.encrypted]) {
      assert.ok(!/AUTH|MAIL FROM|ada@|mail password/.test(heard), heard);
      assert.ok(!heard.includes(Buffer.from('\0pawl\0mail password').toString('base64')), heard);
    }
    assert.ok(!w.log.includes('mail password'));
  });
}
