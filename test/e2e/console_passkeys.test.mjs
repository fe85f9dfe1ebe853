// Passkeys at the console, with Chromium's virtual authenticator: enrolled by a person who is
// signed in, used to sign in, and of no use to anybody else.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { looksRightEverywhere, opened, signedIn } from './browsed.mjs';
import { Person, Watched, browserless, openBrowser, passphrase, until } from './console.mjs';

const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: send_customer_email, class: irreversible small, approval: {by: [leads]}}
`;
const w = new Watched(policy);
const skip = browserless();
let browser;
before(async () => {
  if (skip) return;
  await w.begin({ persons: ['ada', 'bob'] });
  w.session = await w.open();
  w.named = w.console.replace('127.0.0.1', 'localhost');
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await w.end();
});

// An authenticator for this page's browser, which recognises the person who is there.
async function withAuthenticator(page) {
  const wire = await page.context().newCDPSession(page);
  await wire.send('WebAuthn.enable');
  const options = {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  };
  const { authenticatorId } = await wire.send('WebAuthn.addVirtualAuthenticator', { options });
  return {
    keys: async () => {
      const { credentials } = await wire.send('WebAuthn.getCredentials', { authenticatorId });
      return credentials;
    },
    recognises: (isUserVerified) =>
      wire.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
    put: (credential) => wire.send('WebAuthn.addCredential', { authenticatorId, credential }),
  };
}
const usePasskey = (page) => page.getByRole('button', { name: 'Use a passkey' }).click();
const enrolments = () =>
  w
    .pawl('audit', 'query', '--json')
    .out.split('\n')
    .filter((line) => line.includes('reviewer.enrolled'))
    .map((line) => JSON.parse(line));

test('a passkey is enrolled, signs in and decides, until it is removed', { skip }, async () => {
  const page = await signedIn(browser, w, 'ada', { at: w.named });
  const device = await withAuthenticator(page);
  await page.click('#person a');
  await page.waitForSelector('h1:has-text("ada")');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.waitForSelector('text=give it a name');
  await page.fill('#label', 'the blue key');
  // A session alone adds no way to sign in.
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.waitForSelector('text=say your passphrase first');
  await page.fill('#word', passphrase);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.waitForSelector('.tile:has-text("the blue key")');
  await looksRightEverywhere(page, 'you');
  assert.equal((await device.keys()).length, 1);
  assert.equal(enrolments().at(-1).proof, 'passphrase, passkey');
  assert.equal(enrolments().at(-1).by, 'ada');

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForSelector('#passphrase');
  await looksRightEverywhere(page, 'sign-in');
  await usePasskey(page);
  await page.waitForSelector('#health .good');
  assert.match(await page.innerText('#person'), /ada/);
  const sent = w.session.call('send_customer_email', { to: 'a@myco.example', body: 'hello' });
  await page.click('a.brand');
  await page.click('[role=option]');
  await page.getByRole('button', { name: 'Approve' }).click();
  assert.equal((await sent).isError, undefined);
  const { out } = w.pawl('audit', 'query', '--json');
  const answer = JSON.parse(out.split('\n').find((line) => line.includes('approval.answered')));
  assert.equal(answer.person, 'ada');
  assert.match(answer.proof, /^passkey, key of a session/);

  // The passphrase is what it was, at the terminal too.
  const listed = JSON.parse(w.pawl('reviewers', 'list', '--json', '--config', w.config).out);
  assert.equal(listed.find(({ person }) => person === 'ada').proof, 'passphrase, passkey');
  const lifted = await w.later('resume', 'all', '--as', 'ada', '--config', w.config);
  assert.doesNotMatch(lifted.err, /proof|passphrase is not right/);

  // Removed, it ends the session that it opened, and opens none.
  await page.click('#person a');
  await page.getByRole('button', { name: 'remove the blue key' }).click();
  await page.waitForSelector('text=say your passphrase first');
  await page.fill('#word', passphrase);
  await page.getByRole('button', { name: 'remove the blue key' }).click();
  await page.waitForSelector('#passphrase');
  await usePasskey(page);
  await page.waitForSelector('text=not that of a reviewer');
  assert.deepEqual(page.faults, []);
});

test('H11 a passkey that was asked by another port of localhost proves nothing', { skip }, async () => {
  const page = await signedIn(browser, w, 'bob', { at: w.named });
  const device = await withAuthenticator(page);
  await page.goto(`${w.named}#/you`);
  await page.fill('#label', 'bob');
  await page.fill('#word', passphrase);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.waitForSelector('.tile:has-text("bob")');
  const [credential] = await device.keys();
  assert.equal(credential.rpId, 'localhost');

  // The same machine, another port: the authenticator signs for it all the same.
  const own = new Watched(policy);
  try {
    await own.begin({ persons: ['ada'] });
    const elsewhere = own.console.replace('127.0.0.1', 'localhost');
    const evil = await opened(browser, own, { at: elsewhere });
    const theirs = await withAuthenticator(evil);
    await theirs.put(credential);
    // What bob's console asks for is had signed there.
    const mallory = new Person(w, 'bob');
    mallory.origin = new URL(w.named).origin;
    const headers = { origin: mallory.origin, host: new URL(w.named).host };
    const post = (place, body) =>
      w.request(
        'POST',
        `api/${place}`,
        { ...headers, 'content-type': 'application/json' },
        JSON.stringify(body),
      );
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
    const pair = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
    const key = { kty, crv, x, y };
    const sign = (there, challenge) =>
      there.evaluate(async (question) => {
        const { prove } = await import(`${location.origin}/console/passkey.js`);
        return prove(question);
      }, challenge);
    const asked = async () => JSON.parse((await post('passkey/challenge', { key })).text);
    const stolen = await post('passkey/sign-in', { key, ...(await sign(evil, await asked())) });
    assert.equal(stolen.status, 403, stolen.text);
    assert.match(stolen.text, /another origin/);

    // From the right page it is good, for the key of the page that asked, and once.
    const challenge = await asked();
    const proof = await sign(page, challenge);
    const other = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
    const jwk = await crypto.subtle.exportKey('jwk', other.publicKey);
    const swapped = { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y };
    assert.equal((await post('passkey/sign-in', { key: swapped, ...proof })).status, 409);
    const forged = { key, ...proof, signature: Buffer.from('no').toString('base64url') };
    assert.equal((await post('passkey/sign-in', forged)).status, 403);
    const right = await post('passkey/sign-in', { key, ...proof });
    assert.equal(right.status, 200, right.text);
    assert.equal(JSON.parse(right.text).person, 'bob');
    assert.equal((await post('passkey/sign-in', { key, ...proof })).status, 409);

    // No person recognised: none proved.
    await device.recognises(false);
    const unseen = await page.evaluate(async (question) => {
      const publicKey = {
        challenge: Uint8Array.from(atob(question.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
          c.charCodeAt(0),
        ),
        rpId: 'localhost',
        userVerification: 'discouraged',
      };
      const { base64url } = await import('/console/proof.js');
      const { id, response } = await navigator.credentials.get({ publicKey });
      return {
        authenticator: base64url(response.authenticatorData),
        challenge: question,
        client: base64url(response.clientDataJSON),
        id,
        signature: base64url(response.signature),
      };
    }, (await asked()).challenge);
    const refused = await post('passkey/sign-in', { key, ...unseen });
    assert.equal(refused.status, 403);
    assert.match(refused.text, /not recognised the person/);
  } finally {
    await own.end();
  }
});

test('without a session no one enrols a passkey, and at an address there are none', { skip }, async () => {
  const bare = { origin: new URL(w.console).origin, 'content-type': 'application/json' };
  assert.equal((await w.request('POST', 'api/passkey/new', bare, '{}')).status, 401);
  assert.equal((await w.request('GET', 'api/passkey/challenge', bare)).status, 405);
  const ada = await w.person('ada');
  const asked = await ada.post('passkey/new');
  assert.equal(asked.status, 400);
  assert.match(asked.text, /localhost/);
  const empty = { kind: 'passkey', label: 'x', challenge: 'x', client: 'eA', authenticator: 'eA' };
  assert.equal((await ada.act(empty)).status, 403);
  assert.equal((await ada.act({ kind: 'passkey', add: 'passkey$localhost$x' })).status, 400);
  const bob = await w.person('bob');
  const words = JSON.stringify({ passphrase: 'wrong' });
  assert.equal((await bob.post('passkey/new', words)).status, 400, 'at an address');
  const removed = { kind: 'passkey', remove: 'x', passphrase: 'wrong' };
  assert.equal((await bob.act(removed)).status, 403);
  assert.ok(w.pawl('audit', 'query', '--json').out.includes('a passkey without the passphrase'));
  const page = await signedIn(browser, w, 'ada');
  await page.goto(`${w.console}#/you`);
  await page.waitForSelector('a:has-text("localhost")');
  await until(async () => (await page.getByRole('button', { name: 'Add' }).count()) === 0);
});
