// Agents that others vouch for: tokens of an issuer, certificates, SVIDs; and the doors as
// resources of OAuth, as a client from npm meets them. Whatever a client presents goes no further.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { issuer, jose } from './issuer.mjs';
import { Served, older } from './served.mjs';
import { open } from './tester.mjs';
import { modules, sleep } from './world.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const hello = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: older,
    capabilities: {},
    clientInfo: { name: 'raw', version: '1' },
  },
};
const bearer = (token) => ({ authorization: `Bearer ${token}` });
const notes = (w) =>
  w
    .pawl('audit', 'query', '--json')
    .out.split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter((one) => one.type === 'noted' && one.topic === 'identity refused')
    .map((one) => one.text);

// A `pawl serve` that knows `id` by discovery; `agents` are further lines of the file.
async function gate(t, id, { more = '', agents, issuers = '', ...options } = {}) {
  const w = new Served(options.policy ?? open);
  t.after(() => w.end());
  const known = agents ?? '  tester: {role: tester, jwt: {issuer: corp, subject: svc-tester}}\n';
  const corp = id ? `issuers:\n  corp: {issuer: "${id.origin}"${issuers}}\n` : '';
  await w.begin({ ...options, more: `${corp}agents:\n${known}${more}` });
  return w;
}

test('a token of an issuer opens the door that it is for', async (t) => {
  const id = await issuer(t);
  const w = await gate(t, id);
  for (const alg of ['ES256', 'RS256', 'EdDSA']) {
    const token = await id.token({ aud: w.url }, { alg });
    assert.equal((await w.post(hello, bearer(token))).status, 200, alg);
  }
  assert.deepEqual(
    id.asked.map((one) => one.path),
    ['/.well-known/openid-configuration', '/keys'],
    'what is known is not fetched again',
  );
  // The decision API is another door: a token for the gateway as a whole is for both.
  const whole = await id.token({ aud: w.origin });
  const opened = await fetch(`${w.origin}/v1/runs`, {
    method: 'POST',
    headers: { ...bearer(whole), 'content-type': 'application/json' },
    body: '{}',
  });
  assert.equal(opened.status, 201);
  const run = await opened.json();
  assert.equal(jose.decodeJwt(run.credential).act.sub, 'tester');
});

test('forged, over, not yet, for others, of no agent: 401, and a record', async (t) => {
  const id = await issuer(t);
  const w = await gate(t, id, { issuers: ', algorithms: [ES256, EdDSA]' });
  const other = await issuer(t);
  const now = Math.floor(Date.now() / 1000);
  const right = { aud: w.url };
  const cut = (token) => token.slice(0, -6) + 'AAAAAA';
  const pem = new TextEncoder().encode(JSON.stringify(id.set[0]));
  const unsigned = new jose.UnsecuredJWT({ iss: id.origin, sub: 'svc-tester', aud: w.url });
  const wrong = {
    'cut signature': cut(await id.token(right)),
    'signed by another': await id.token(right, { key: other.keys.ES256 }),
    'not signed': unsigned.setExpirationTime('1h').encode(),
    'signed with the public key as a secret': await id.token(right, { alg: 'HS256', key: pem }),
    'an algorithm that is not permitted': await id.token(right, { alg: 'RS256' }),
    'brings its own key': await id.token(right, { jwk: other.set[0], key: other.keys.ES256 }),
    'over': await id.token({ ...right, exp: now - 60 }),
    'without an end': await id.token({ ...right, exp: undefined }),
    'not yet': await id.token({ ...right, nbf: now + 600 }),
    'for another role': await id.token({ aud: `${w.origin}/mcp/other` }),
    'for another gateway': await id.token({ aud: 'https://other.example' }),
    'for no audience': await id.token({}),
    'of another issuer': await other.token(right),
    'of an agent that is not here': await id.token({ ...right, sub: 'svc-other' }),
    'bound to a key that was not shown': await id.token({ ...right, cnf: { jkt: 'x' } }),
    'an identity token': await id.token(right, { typ: 'logout+jwt' }),
  };
  const before = notes(w).length;
  for (const [what, token] of Object.entries(wrong)) {
    const answer = await w.post(hello, bearer(token));
    assert.equal(answer.status, 401, what);
    assert.match(answer.headers.get('www-authenticate'), /error="invalid_token"/, what);
    const said = await answer.text();
    assert.match(said, /what was presented is not accepted/, 'no refusal tells more than another');
  }
  const said = notes(w);
  assert.equal(said.length - before, Object.keys(wrong).length, said.join('\n'));
  for (const token of Object.values(wrong)) {
    const signature = token.split('.')[2];
    if (signature) assert.ok(!said.join('\n').includes(signature));
  }
});

test('a client from npm finds out whose token is wanted, and gets one', async (t) => {
  const id = await issuer(t);
  const w = await gate(t, id, { issuers: ', scopes: {propose: agents.call}' });
  const where = `${w.origin}/.well-known/oauth-protected-resource/mcp/tester`;
  const nothing = await w.post(hello);
  assert.equal(nothing.status, 401);
  assert.equal(
    nothing.headers.get('www-authenticate'),
    `Bearer realm="pawl", scope="agents.call", resource_metadata="${where}"`,
  );
  assert.deepEqual(await (await fetch(where)).json(), {
    resource: w.url,
    authorization_servers: [id.origin],
    scopes_supported: ['agents.call'],
    bearer_methods_supported: ['header'],
  });
  for (const [target, status] of [
    ['', 200], ['/v1', 200], ['/mcp/unknown', 200], ['/other', 404],
  ]) {
    const at = `${w.origin}/.well-known/oauth-protected-resource${target}`;
    assert.equal((await fetch(at)).status, status, at);
  }
  const sdk = path.join(modules, '@modelcontextprotocol/sdk/dist/esm/client');
  const { Client } = await import(`${sdk}/index.js`);
  const { StreamableHTTPClientTransport } = await import(`${sdk}/streamableHttp.js`);
  const { ClientCredentialsProvider } = await import(`${sdk}/auth-extensions.js`);
  const authProvider = new ClientCredentialsProvider({
    clientId: 'app', clientSecret: 'app-secret', scope: 'agents.call', expectedIssuer: id.origin,
  });
  const client = new Client({ name: 'app', version: '1' }, { capabilities: {} });
  await client.connect(new StreamableHTTPClientTransport(new URL(w.url), { authProvider }));
  const record = { name: 'read_customer_record', arguments: { customer_id: 'c' } };
  assert.ok((await client.callTool(record)).content);
  await client.close();
  const asked = new URLSearchParams(id.asked.find((one) => one.path === '/token').body);
  assert.equal(asked.get('resource'), w.url);
  assert.equal(asked.get('scope'), 'agents.call');
  // Known, and without the scope: 403 says which one would do.
  const bare = await w.post(hello, bearer(await id.token({ aud: w.url, scope: 'openid' })));
  assert.equal(bare.status, 403);
  assert.match(
    bare.headers.get('www-authenticate'),
    /error="insufficient_scope", scope="agents.call", resource_metadata=/,
  );
  assert.match(notes(w).at(-1), /has no right to propose/);
});

test('what a client presents goes to no server', async (t) => {
  const id = await issuer(t);
  const w = new Served(open);
  t.after(() => w.end());
  const far = path.join(w.dir, 'far.jsonl');
  const child = spawn('node', [path.join(here, 'remote.mjs')], {
    env: { ...process.env, RECORD: far, MODE: 'json' },
  });
  t.after(() => child.kill('SIGKILL'));
  const port = await new Promise((resolve) => child.stdout.once('data', (b) => resolve(Number(b))));
  writeFileSync(w.policy, `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: [notes/read_note, crm/read_customer_record], class: read_only}
`);
  const print = [process.execPath, path.join(here, 'fixture.mjs'), w.record];
  w.config = path.join(w.dir, 'pawl.yaml');
  writeFileSync(w.config, `version: 1
listen: {mcp: "127.0.0.1:0"}
roles: {tester: {file: policy.yaml, servers: [notes, crm]}}
servers:
  notes: {url: "http://127.0.0.1:${port}/mcp"}
  crm: {command: ${JSON.stringify(print)}}
issuers: {corp: {issuer: "${id.origin}"}}
agents: {tester: {role: tester, jwt: {issuer: corp, subject: svc-tester}}}
`);
  await w.serve();
  const token = await id.token({ aud: w.url });
  const post = w.post.bind(w);
  w.post = (message, headers, options) =>
    post(message, { ...bearer(token), cookie: `t=${token}`, ...headers }, options);
  const session = await w.open();
  assert.ok((await session.call('notes/read_note', { id: 'a' })).content);
  assert.ok((await session.call('crm/read_customer_record', { customer_id: 'c' })).content);
  const reached = readFileSync(far, 'utf8') + readFileSync(w.record, 'utf8');
  assert.match(reached, /tools\/call/);
  const signature = token.split('.')[2];
  for (const part of [signature, token.split('.')[1], 'authorization', 'cookie']) {
    assert.ok(!reached.includes(part), part);
  }
  const kept = w.pawl('audit', 'query', '--json').out + w.log;
  assert.ok(!kept.includes(signature), 'nor into the journal and the log');
});

test('an issuer that cannot be reached, and one that points elsewhere', async (t) => {
  const id = await issuer(t);
  const w = await gate(t, id, {
    agents:
      '  tester: {role: tester, jwt: {issuer: corp, subject: svc-tester}}\n' +
      '  spare: {role: tester, spiffe: "spiffe://prod.example/spare"}\n',
    more: 'trust_domains: {prod.example: {keys: "http://127.0.0.1:1/bundle"}}\n',
  });
  // S16: the keys are said to be where only this machine can reach.
  id.pages['/keys'] = (response) =>
    response.writeHead(302, { location: `${id.origin}/inside` }).end();
  const answer = await w.post(hello, bearer(await id.token({ aud: w.url })));
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('retry-after'), '5');
  assert.ok(!id.asked.some((one) => one.path === '/inside'), 'no redirect is followed');
  const svid = await id.token({ sub: 'spiffe://prod.example/spare', aud: w.url });
  assert.equal((await w.post(hello, bearer(svid))).status, 503);
  assert.equal((await fetch(`${w.origin}/readyz`)).status, 200, 'others are served');
  assert.match(notes(w).join('\n'), /issuer corp: .*answers with 302/);
});

// An authority of the test's own, and what it signed: NAME.pem, NAME.key.
function authority(dir, names) {
  const openssl = (...words) => execFileSync('openssl', words, { cwd: dir, stdio: 'pipe' });
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-batch'];
  openssl('req', '-x509', ...fresh, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=ca');
  for (const [name, names_of] of Object.entries(names)) {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`];
    openssl('req', ...fresh, ...files);
    writeFileSync(path.join(dir, 'names'), `subjectAltName=${names_of}\n`);
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key',
      '-CAcreateserial', '-days', '2', '-extfile', 'names', '-out', `${name}.pem`);
  }
  return (name) => ({
    ca: readFileSync(path.join(dir, 'ca.pem')),
    cert: name && readFileSync(path.join(dir, `${name}.pem`)),
    key: name && readFileSync(path.join(dir, `${name}.key`)),
  });
}
// One request with a certificate; the status, or how the connection failed.
function ask(url, files, headers = {}) {
  return new Promise((resolve) => {
    const body = JSON.stringify(hello);
    const accept = 'application/json, text/event-stream';
    const fields = { 'content-type': 'application/json', accept };
    const asking = request(
      url,
      { method: 'POST', headers: { ...fields, ...headers }, agent: false, ...files },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode));
      },
    );
    asking.on('error', (error) => resolve(error.code));
    asking.end(body);
  });
}

test('a certificate is its agent; a token that is bound to one counts with it alone', async (t) => {
  const id = await issuer(t);
  const w = new Served(open);
  t.after(() => w.end());
  const shown = authority(w.dir, {
    gate: 'IP:127.0.0.1',
    bot: 'DNS:bot.example',
    proxy: 'DNS:proxy.example',
    both: 'DNS:bot.example,URI:spiffe://prod.example/x',
  });
  const tls = 'tls: {certificate: gate.pem, key: gate.key, client_ca: ca.pem}';
  await w.begin({
    listen: `{mcp: "127.0.0.1:0", ${tls}}`,
    more: `issuers: {corp: {issuer: "${id.origin}"}}
agents:
  bot: {role: tester, certificate: {dns: bot.example}}
  robot: {role: tester, certificate: {uri: "spiffe://prod.example/x"}}
  tester: {role: tester, jwt: {issuer: corp, subject: svc-tester}}
`,
  });
  assert.equal(await ask(w.url, shown('bot')), 200);
  assert.equal(await ask(w.url, shown()), 401, 'nothing was shown');
  assert.equal(await ask(w.url, shown('proxy')), 401, 'of no agent');
  assert.equal(await ask(w.url, shown('both')), 401, 'of two agents');
  const self = path.join(w.dir, 'self');
  execFileSync('mkdir', [self]);
  const forged = authority(self, { bot: 'DNS:bot.example' })('bot');
  const cut = await ask(w.url, { ...forged, ca: shown().ca });
  assert.notEqual(cut, 200, 'signed by another');
  const plain = await id.token({ aud: w.url });
  assert.equal(await ask(w.url, shown('proxy'), bearer(plain)), 200);
  assert.equal(await ask(w.url, shown('bot'), bearer(plain)), 401, 'a token of another agent');
  const der = (name) =>
    execFileSync('openssl', ['x509', '-in', `${name}.pem`, '-outform', 'DER'], { cwd: w.dir });
  const digest = await crypto.subtle.digest('SHA-256', der('proxy'));
  const thumbprint = Buffer.from(digest).toString('base64url');
  const bound = await id.token({ aud: w.url, cnf: { 'x5t#S256': thumbprint } });
  assert.equal(await ask(w.url, shown('proxy'), bearer(bound)), 200);
  assert.equal(await ask(w.url, shown(), bearer(bound)), 401, 'replayed by one who saw it');
  const said = notes(w).join('\n');
  assert.match(said, /certificate [0-9a-f]{12} of `bot` and of `robot`/);
  assert.match(said, /over a connection of `bot`/);
  assert.match(said, /bound to a certificate that the connection lacks/);
  assert.match(said, /a certificate of a client: .*, from 127\.0\.0\.1/, 'it let no client in');
});

test('an SVID of a trust domain, whose bundle is a file that is replaced', async (t) => {
  const spire = await issuer(t, ['ES256', 'RS256']);
  const w = new Served(open);
  t.after(() => w.end());
  const bundle = path.join(w.dir, 'bundle.json');
  const put = (alg) => {
    const keys = spire.set.filter((one) => one.alg === alg);
    writeFileSync(bundle, JSON.stringify({ keys: keys.map((k) => ({ ...k, use: 'jwt-svid' })) }));
  };
  put('ES256');
  await w.begin({
    more: `trust_domains: {prod.example: {keys_file: bundle.json}}
agents: {worker: {role: tester, spiffe: "spiffe://prod.example/ns/a/sa/worker"}}
`,
  });
  const svid = (sub, alg = 'ES256', aud = w.url) =>
    spire.token({ iss: undefined, iat: undefined, sub, aud }, { alg, typ: 'JWT' });
  const mine = 'spiffe://prod.example/ns/a/sa/worker';
  const status = async (token) => (await w.post(hello, bearer(await token))).status;
  assert.equal(await status(svid(mine)), 200);
  assert.equal(await status(svid(`${mine}/x`)), 401);
  assert.equal(await status(svid('spiffe://other.example/ns/a/sa/worker')), 401);
  assert.equal(await status(svid(mine, 'ES256', 'spiffe://prod.example/gate')), 401);
  assert.equal(await status(svid(mine, 'RS256')), 401, 'a key that is not in the bundle');
  const metadata = await fetch(`${w.origin}/.well-known/oauth-protected-resource/mcp/tester`);
  assert.equal(metadata.status, 404, 'a trust domain is not an authorization server');
});

test('an agent that is taken out of the file hears nothing more', async (t) => {
  const id = await issuer(t);
  const w = await gate(t, id);
  const token = bearer(await id.token({ aud: w.origin }));
  const opened = await w.post(hello, token);
  const session = opened.headers.get('mcp-session-id');
  await opened.text();
  const events = { ...token, accept: 'text/event-stream' };
  const asked = { ...token, 'content-type': 'application/json' };
  const begun = await fetch(`${w.origin}/v1/runs`, { method: 'POST', headers: asked, body: '{}' });
  const { run } = await begun.json();
  const streams = [
    await fetch(w.url, { headers: { ...events, 'mcp-session-id': session } }),
    await fetch(`${w.origin}/v1/runs/${run}/events`, { headers: events }),
  ];
  for (const one of streams) assert.equal(one.status, 200);
  const ended = Promise.all(streams.map((one) => one.text()));
  const before = readFileSync(w.config, 'utf8');
  writeFileSync(w.config, before.replace('svc-tester', 'svc-other'));
  w.node.kill('SIGHUP');
  await ended;
});

test('a reload in which two roles are one changes nothing', async (t) => {
  const id = await issuer(t);
  const w = await gate(t, id);
  const before = readFileSync(w.config, 'utf8');
  writeFileSync(w.config, before.replace('agents:\n', 'agents:\n  twin: {role: tester, jwt: '
    + '{issuer: corp, claims: {team: x}}}\n'));
  w.node.kill('SIGHUP');
  for (let i = 0; i < 100 && !/what was in force stays/.test(w.log); ++i) await sleep(20);
  assert.match(w.log, /one token of `corp` could be `tester` and `twin`/);
  assert.equal((await w.post(hello, bearer(await id.token({ aud: w.url })))).status, 200);
  // … and one that takes the agent away counts at once.
  writeFileSync(w.config, before.replace('svc-tester', 'svc-other'));
  w.node.kill('SIGHUP');
  for (let i = 0; i < 100 && !/was read again/.test(w.log); ++i) await sleep(20);
  assert.equal((await w.post(hello, bearer(await id.token({ aud: w.url })))).status, 401);
});

test('a role is called as its agent, also where its file changes later', async (t) => {
  const w = new Served(open);
  t.after(() => w.end());
  await w.begin();
  assert.ok((await w.open()).id);
  writeFileSync(w.policy, open.replace('id: tester', 'id: other'));
  assert.match((await w.open()).hello.error.message, /role `tester`, and its agent is `other`/);
  w.node.kill('SIGTERM');
  await w.ended;
  await w.serve();
  assert.equal(await w.ended, 2);
  assert.match(w.log, /the role `tester` has the policy of the agent `other`/);
});
