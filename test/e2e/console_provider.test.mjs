// People who sign in to the console with an OpenID provider: who they are here, in which groups,
// and which answers of a provider, of a browser or of a thief prove no person.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { looksRightEverywhere, opened } from './browsed.mjs';
import { Person, Watched, browserless, openBrowser, passphrase, until } from './console.mjs';
import { client, provider } from './provider.mjs';

const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: send_customer_email, class: irreversible small, approval: {by: [mailers], quorum: 2}}
`;
const w = new Watched(policy);
let id;
before(async () => {
  id = await provider();
  w.env.IDP_SECRET = client.secret;
  await w.begin({ persons: ['ada', 'bob'] });
  const words = `issuer: "${id.origin}", client: ${client.id}, client_secret: {env: IDP_SECRET}`;
  const more = 'person_claim: email, require: [mfa], private: true';
  w.log = '';
  w.edit((text) =>
    text
      .replace('people:\n', `people:\n  idp: {${words}, ${more}}\n`)
      .replace('people:\n', 'people:\n  groups: {mailers: {oidc: mail-team}, lookers: {oidc: eyes}}\n')
      .replace('default_reviewers', 'auditors: [lookers]\n  default_reviewers')
      .replace(/ada: \{/, 'ada: {oidc: ada@myco.example, '),
  );
  await until(() => w.log.includes('was read again'), 'the new file');
  w.session = await w.open();
});
after(async () => {
  id.close();
  await w.end();
});
const says = (email, groups = ['mail-team'], more = {}) =>
  (id.claims = { email, email_verified: true, groups, amr: ['pwd', 'mfa'], ...more });

// A person whose browser is this program.
async function through(change = {}) {
  const one = new Person(w, 'stranger');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  one.pair = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', one.pair.publicKey);
  const key = { kty, crv, x, y };
  const begun = JSON.parse((await one.post('provider/begin', { key })).text);
  const page = await (await fetch(begun.open)).text();
  const back = new URL(/href="([^"]+)"/.exec(page)[1].replaceAll('&amp;', '&'));
  const text = `pawl console sign-in v1\n${one.origin}\n${begun.state}\n`;
  const signed = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    change.pair?.privateKey ?? one.pair.privateKey,
    Buffer.from(text),
  );
  one.body = {
    code: back.searchParams.get('code'),
    iss: back.searchParams.get('iss'),
    key,
    signature: Buffer.from(signed).toString('base64url'),
    state: begun.state,
    ...change.body,
  };
  one.answer = await one.post('provider/sign-in', one.body);
  one.said = JSON.parse(one.answer.text);
  if (one.answer.status === 200) {
    one.name = one.said.person;
    one.headers['x-pawl-token'] = one.said.token;
    one.headers.cookie = one.answer.headers['set-cookie'][0].split(';')[0];
  }
  return one;
}
const asked = (person) =>
  until(async () => (await person.json('approvals')).approvals[0], 'a question');

test('H07 who is known by passphrase and by a provider is one person', async () => {
  says('ada@myco.example');
  const there = await through();
  assert.equal(there.answer.status, 200, there.answer.text);
  assert.equal(there.said.person, 'ada');
  assert.deepEqual(there.said.groups.sort(), ['leads', 'mailers']);
  says('zoe@myco.example');
  const zoe = await through();
  assert.equal(zoe.said.person, 'zoe@myco.example');
  assert.deepEqual(zoe.said.groups, ['mailers']);
  const sent = w.session.call('send_customer_email', { to: 'a@myco.example', body: 'hello' });
  const { approval } = await asked(there);
  assert.equal((await there.approve(approval)).status, 200);
  const here = await w.person('ada');
  const again = await here.approve(approval);
  assert.equal(again.status, 403);
  assert.match(again.text, /same person/);
  // bob is not a mailer, whatever else he is; zoe is, because the provider says so.
  assert.equal((await (await w.person('bob')).approve(approval)).status, 403);
  assert.equal((await zoe.approve(approval)).status, 200);
  assert.equal((await sent).isError, undefined);
  const { out } = w.pawl('audit', 'query', '--json');
  const answers = out.split('\n').filter((line) => line.includes('approval.answered'));
  const proofs = answers.map((line) => JSON.parse(line).proof);
  assert.deepEqual(proofs, Array(2).fill('provider, key of a session at the console'));
});

test('no person becomes another by what a provider calls them', async () => {
  for (const [email, groups, why] of [
    ['bob', ['mail-team'], /does not/],
    ['BOB', ['mail-team'], /does not/],
    ['ADA@myco.example', ['mail-team'], /does not/],
    ['mailers', ['mail-team'], /does not/],
    ['a b', ['mail-team'], /does not/],
    ['eve@myco.example', ['interns'], /none of the groups/],
    ['eve@myco.example', undefined, /none of the groups/],
    [undefined, ['mail-team'], /no `email`/],
  ]) {
    id.claims = { email, email_verified: true, groups, amr: ['mfa'] };
    const one = await through();
    assert.equal(one.answer.status, 403, `${email}: ${one.answer.text}`);
    assert.match(one.answer.text, why);
  }
  says('ada@myco.example', [], { email_verified: undefined });
  assert.match((await through()).answer.text, /verified your address/);
  says('ada@myco.example', [], { amr: ['pwd'] });
  assert.match((await through()).answer.text, /`mfa`/);
  // An auditor is one by a group of the provider, too.
  says('lin@myco.example', ['eyes', 'mail-team']);
  const lin = await through();
  assert.equal(lin.said.role, 'auditor');
  const kill = { kind: 'kill', scope: 'all', name: '', reason: 'x' };
  assert.equal((await lin.act(kill)).status, 403);
  // A person who is unknown at the terminal enrols no one and has no passkeys.
  says('zoe@myco.example');
  const zoe = await through();
  assert.equal((await zoe.act({ kind: 'passkey', remove: 'x' })).status, 403);
});

test('an answer counts once, for the page that asked, and as the provider signed it', async () => {
  says('ada@myco.example');
  const one = await through();
  assert.equal((await one.post('provider/sign-in', one.body)).status, 409);
  // A code that a thief's browser brings with the thief's key, or with none.
  const other = await crypto.subtle.generateKey(
    { name: 'ECDSA', namedCurve: 'P-256' },
    false,
    ['sign', 'verify'],
  );
  assert.equal((await through({ pair: other })).answer.status, 403);
  assert.equal((await through({ body: { signature: 'eA' } })).answer.status, 403);
  assert.equal((await through({ body: { state: one.body.state } })).answer.status, 409);
  assert.equal((await through({ body: { iss: 'https://evil.example' } })).answer.status, 403);
  assert.equal((await through({ body: { iss: '' } })).answer.status, 403);
  assert.equal((await through({ body: { code: one.body.code } })).answer.status, 403);
  for (const change of [
    { nonce: 'another' },
    { nonce: undefined },
    { aud: 'other' },
    { aud: [client.id, 'other'] },
    { azp: 'other' },
    { iss: 'https://evil.example' },
    { exp: 1_000_000_000 },
    { exp: undefined },
  ]) {
    id.change = change;
    assert.equal((await through()).answer.status, 403, JSON.stringify(change));
  }
  id.change = {};
  id.key = id.other;
  assert.equal((await through()).answer.status, 403);
  id.key = undefined;
  assert.equal((await through()).answer.status, 200);
});

test('a session that was left open at the provider signs no one in', async () => {
  says('ada@myco.example');
  const now = () => Math.floor(Date.now() / 1000);
  for (const [auth_time, why] of [
    [undefined, /no `auth_time`/],
    ['yesterday', /no `auth_time`/],
    [now() - 400, /more than 5m ago/],
    [now() + 3600, /still to come/],
  ]) {
    id.change = { auth_time };
    const one = await through();
    assert.equal(one.answer.status, 403, String(auth_time));
    assert.match(one.answer.text, why);
    assert.equal(id.redeemed.max_age, '300');
  }
  id.change = { auth_time: now() - 200 };
  assert.equal((await through()).answer.status, 200);
  id.change = {};
});

test('an address that tries without end waits, and no other for long', async () => {
  says('ada@myco.example');
  // What a foreign page does: its own key, and invalid codes.
  const tries = async () => {
    for (let i = 0; i < 200; ++i) {
      const one = await through({ body: { code: 'x' } });
      if (one.answer.status !== 403) return one;
    }
    return null;
  };
  const [first] = await Promise.all(Array.from({ length: 3 }, tries));
  assert.equal(first?.answer.status, 429, first?.answer.text);
  assert.match(first.answer.text, /try again soon/);
  assert.ok(id.asked.filter((one) => one === '/token').length < 200);
  // Other ways to sign in have nothing to do with it, and this one is open again after a while.
  assert.equal((await w.person('ada')).answer.status, 200);
  await until(async () => (await through()).answer.status === 200, 'the way in');
});

test('H06 who is out of the file is signed out at once', async () => {
  says('ada@myco.example');
  const ada = await through();
  w.edit((text) => text.replace('oidc: ada@myco.example, ', ''));
  await until(async () => (await ada.get('me')).status === 401, 'the end of the session');
  w.edit((text) => text.replace(/ada: \{/, 'ada: {oidc: ada@myco.example, '));
});

test('a link survives the way to the provider', { skip: browserless() }, async () => {
  const sent = w.session.call('send_customer_email', { to: 'b@myco.example', body: 'a link' });
  says('zoe@myco.example');
  const { approval } = await asked(await through());
  const browser = await openBrowser();
  try {
    // As a notice has it: without the page's path.
    const link = `${new URL(w.console).origin}/#/queue/${approval}`;
    const page = await opened(browser, w, { at: link, friends: [id.origin] });
    await page.getByRole('button', { name: 'Sign in at 127.0.0.1' }).click();
    await page.click('#yes');
    await page.waitForSelector('article.card');
    assert.match(await page.innerText('article.card h1'), /send customer email/);
    assert.equal(page.url(), `${w.console}#/queue/${approval}`);
    assert.deepEqual(page.faults, []);
    // A passphrase leads there too, and what is not a place of the page leads nowhere.
    const other = await opened(browser, w, { at: link });
    await other.fill('#who', 'bob');
    await other.fill('#passphrase', passphrase);
    await other.getByRole('button', { name: 'Sign in', exact: true }).click();
    await other.waitForSelector('article.card');
    const wrong = await opened(browser, w, {
      at: `${w.console}#//evil.example/@x`,
      friends: [id.origin],
    });
    await wrong.getByRole('button', { name: 'Sign in at 127.0.0.1' }).click();
    await wrong.click('#yes');
    await wrong.waitForSelector('#health .good');
    assert.equal(wrong.url(), w.console);
    assert.deepEqual(wrong.faults, []);
  } finally {
    await browser.close();
  }
  const zoe = await through();
  const no = { kind: 'answer', approval, approve: false, reason: 'no', shown: '', typed: '' };
  assert.equal((await zoe.act(no)).status, 200);
  await sent;
});

test('a browser goes to the provider and comes back', { skip: browserless() }, async () => {
  const browser = await openBrowser();
  try {
    says('zoe@myco.example');
    const page = await opened(browser, w, { friends: [id.origin] });
    const go = page.getByRole('button', { name: 'Sign in at 127.0.0.1' });
    await go.waitFor();
    await looksRightEverywhere(page, 'sign-in-provider');
    await go.click();
    await page.click('#yes');
    await page.waitForSelector('#health .good');
    assert.equal(page.url(), w.console);
    assert.match(await page.innerText('#person'), /zoe@myco\.example/);
    await page.click('#person a');
    await page.waitForSelector('text=Signed in with your provider.');
    await looksRightEverywhere(page, 'you-provider');
    await page.reload();
    await page.waitForSelector('#health .good');
    // An answer that this browser did not ask for signs no one in.
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForSelector('#passphrase');
    await page.goto(`${w.console}?state=x&code=y`);
    await page.waitForSelector('text=did not begin that sign-in');
    assert.equal(page.url(), w.console);
    assert.deepEqual(page.faults, []);
  } finally {
    await browser.close();
  }
});
