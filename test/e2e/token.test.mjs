// Tokens of jose verify here and ours there, and the two agree on tokens that are almost right.
//
// Where ours is stricter on purpose is in the table at the end. PAWL_TOKENS and PAWL_TOKEN_SEED
// make longer and other runs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const jose_main = path.join(process.env.PAWL_E2E_MODULES, 'jose/dist/webapi/index.js');
const jose = await import(pathToFileURL(jose_main).href);
const root = path.resolve(import.meta.dirname, '../..');
const built = path.join(root, 'build/test/test/token/token_pairs');
const program = process.env.PAWL_TOKEN_PAIRS ?? built;
const count = Number(process.env.PAWL_TOKENS ?? 300);
const seed = Number(process.env.PAWL_TOKEN_SEED ?? 7515);
const now = 1_800_000_000;
const issuer = 'https://id.example';
const audience = 'https://gate.example/mcp/coder';
const algorithms = ['EdDSA', 'Ed25519', 'ES256', 'ES384', 'RS256', 'PS256'];

function ours(questions) {
  assert.ok(existsSync(program), `${program} is not built: ninja -C build/test token_pairs`);
  const input = questions.map((one) => JSON.stringify(one)).join('\n') + '\n';
  const done = spawnSync(program, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
}

const signers = [];
for (const alg of algorithms) {
  const pair = await jose.generateKeyPair(alg, { extractable: true });
  const jwk = await jose.exportJWK(pair.publicKey);
  signers.push({ alg, secret: pair.privateKey, jwk: { ...jwk, kid: `key-${alg}`, alg } });
}
const keys = { keys: signers.map((signer) => signer.jwk) };

function sign(claims, signer, header = {}) {
  const protected_header = { alg: signer.alg, kid: signer.jwk.kid, typ: 'JWT', ...header };
  return new jose.SignJWT(claims).setProtectedHeader(protected_header).sign(signer.secret);
}

const right = () => ({ iss: issuer, sub: 'agent-7', aud: audience, exp: now + 600 });
const ask = (token) => ({ token, keys, issuer, audience, now });

async function theirs(token) {
  const options = {
    issuer, audience, currentDate: new Date(now * 1000), clockTolerance: 30,
    requiredClaims: ['exp'], algorithms,
  };
  try {
    await jose.jwtVerify(token, jose.createLocalJWKSet(keys), options);
    return true;
  } catch (error) {
    if (error instanceof jose.errors.JOSEError || error instanceof TypeError) return false;
    throw error;
  }
}

// A small generator of numbers, so that a failure can be repeated.
function* numbers(state) {
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

test('tokens of jose verify here, one for each algorithm', async () => {
  const tokens = await Promise.all(signers.map((signer) => sign(right(), signer)));
  for (const [i, answer] of ours(tokens.map(ask)).entries()) {
    assert.deepEqual(answer, { sub: 'agent-7' }, algorithms[i]);
  }
});

test('our run credential verifies with jose, and so does its thumbprint', async () => {
  const [made] = ours([{
    issue: { seed: '07'.repeat(32), sponsor: 'first.lastname', agents: ['reader', 'coder'],
      tools: ['read_file', 'ä/*'], now },
  }]);
  const { payload, protectedHeader } = await jose.jwtVerify(
    made.token, jose.createLocalJWKSet(made.keys),
    { issuer: 'https://gate.example', audience, typ: 'pawl-run+jwt',
      currentDate: new Date(now * 1000), requiredClaims: ['jti', 'nbf', 'iat', 'run'] });
  assert.equal(protectedHeader.alg, 'EdDSA');
  assert.deepEqual(payload.act, { sub: 'reader', act: { sub: 'coder' } });
  assert.deepEqual(payload.attenuation, { limits: { steps: 10 }, tools: ['read_file', 'ä/*'] });
  assert.equal(await jose.calculateJwkThumbprint(made.keys.keys[0]), protectedHeader.kid);
});

test(`the two agree on ${count} tokens that are almost right`, async () => {
  const random = numbers(seed);
  const pick = (list) => list[Math.floor(random.next().value * list.length)];
  const changes = [
    (c) => { c.exp = now + pick([-31, -30, -29, 0, 1]); },
    (c) => { c.nbf = now + pick([-1, 0, 29, 30, 31]); },
    (c) => { c.exp = pick(['1800000600', null, true, [], -5]); },
    (c) => { delete c[pick(['iss', 'aud', 'exp'])]; },
    (c) => { c.aud = pick([[audience], ['x', audience], ['x'], [], `${audience}/`, 'x']); },
    (c) => { c.iss = pick([`${issuer}/`, issuer.toUpperCase(), '', issuer]); },
    () => {},
  ];
  const damages = [
    (t) => t, (t) => t, (t) => t,
    (t) => t.slice(0, -1), (t) => `${t}=`, (t) => `${t}.`, (t) => t.replace('.', '..'),
    (t) => {  // not the last one, whose bits do not all count for jose
      const at = Math.floor(random.next().value * (t.length - 1));
      return t.slice(0, at) + (t[at] === 'A' ? 'B' : 'A') + t.slice(at + 1);
    },
  ];
  const tokens = [];
  for (let i = 0; i < count; ++i) {
    const claims = right();
    pick(changes)(claims);
    const header = pick([{}, {}, { kid: 'key-other' }, { kid: pick(signers).jwk.kid }]);
    tokens.push(pick(damages)(await sign(claims, pick(signers), header)));
  }
  const answers = ours(tokens.map(ask));
  let accepted = 0;
  for (const [i, answer] of answers.entries()) {
    const there = await theirs(tokens[i]);
    accepted += there ? 1 : 0;
    const here = answer.sub !== undefined;
    assert.equal(here, there, `${tokens[i]}\n${JSON.stringify(answer)}`);
  }
  assert.ok(accepted > count / 20 && accepted < count * 0.9, `${accepted} of ${count}`);
});

// What jose leaves to its caller, or passes over, is refused here.
test('where ours is stricter', async () => {
  const [eddsa] = signers;
  const stricter = [
    ['a key in the token', 'brings_key', await sign(right(), eddsa, { jwk: eddsa.jwk })],
    ['an address of keys', 'brings_key', await sign(right(), eddsa, { jku: 'https://e.example' })],
    ['another kind of token', 'type', await sign(right(), eddsa, { typ: 'secevent+jwt' })],
    ['issued tomorrow', 'not_yet', await sign({ ...right(), iat: now + 86400 }, eddsa)],
    ['half a second', 'claim', await sign({ ...right(), exp: now + 600.5 }, eddsa)],
    ['hidden characters', 'claim', await sign({ ...right(), sub: 'a\u202eb' }, eddsa)],
    ['never ends', 'claim', await sign({ ...right(), exp: 9e12 }, eddsa)],
  ];
  const answers = ours(stricter.map(([, , token]) => ask(token)));
  for (const [i, [what, flaw, token]] of stricter.entries()) {
    assert.equal(await theirs(token), true, what);
    assert.equal(answers[i].flaw, flaw, what);
  }
});
