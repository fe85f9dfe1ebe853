// `pawl login`: a person logs in for a server in a browser that a test plays, and calls get tokens
// of it: PKCE and single use are checked by the stand-in, not by anything of ours.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { login } from './issuers.mjs';
import { serve } from './over_http.mjs';
import { nowhere } from './planted.mjs';
import { Served, read } from './served.mjs';
import { Collector, Numbers, told as watching } from './watched.mjs';
import { pawl } from './world.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const rules = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: [crm/read_*], class: read_only}
`;

// A deployment with a server that is logged in for; `begin` starts the login and gives its address.
async function world(t, { lasts, keys = '' } = {}) {
  const own = await login(t, { lasts });
  const collector = await new Collector().open(t);
  const w = new Served(rules);
  t.after(() => w.end());
  const remote = path.join(here, 'remote.mjs');
  const server = await serve(t, remote, [], { RECORD: w.record, MODE: 'echo' });
  w.config = path.join(w.dir, 'pawl.yaml');
  w.key = path.join(w.dir, 'key');
  writeFileSync(w.key, 'correct horse battery\n', { mode: 0o600 });
  writeFileSync(
    w.config,
    `version: 1
listen: {mcp: "127.0.0.1:0", metrics: "127.0.0.1:0"}
traces: {url: "${collector.url}"}
roles: {tester: {file: policy.yaml, servers: [crm]}}
servers: {crm: {url: "${server.url}", credential: person}}
credentials: {person: {login: {issuer: "${own.url}", store: crm-login, scope: "a b"${keys}}}}
store: {key_file: key}
`,
  );
  const words = ['login', 'crm', '--config', w.config, '--state-dir', w.state];
  const begin = () => {
    const child = spawn(pawl, [...words, '--key-file', w.key], { env: w.env });
    t.after(() => child.kill('SIGKILL'));
    const run = { said: '' };
    run.ended = new Promise((resolve) => child.on('exit', resolve));
    run.address = new Promise((resolve) => {
      const hear = (bytes) => {
        run.said += bytes;
        const found = /^(http:\S+)$/m.exec(run.said);
        if (found) resolve(found[1]);
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.on('exit', () => resolve(null));
    });
    return run;
  };
  return { own, w, server, begin, collector };
}

test('a person logs in, and calls carry tokens that renew themselves', async (t) => {
  const { own, w, server, begin, collector } = await world(t, { lasts: 2 });
  const run = begin();
  const address = await run.address;
  // Another process finds the socket first.
  const redirect = new URL(address).searchParams.get('redirect_uri');
  for (const wrong of ['', '?code=x&state=y', `?state=${own.url}`]) {
    assert.equal((await fetch(redirect + wrong)).status, 400);
  }
  assert.match(await (await fetch(address)).text(), /can be closed/);
  assert.equal(await run.ended, 0, run.said);
  assert.match(run.said, /logged in {3}crm-login, version 1/);
  assert.equal(own.authorized.resource, server.url);
  assert.equal(own.authorized.scope, 'a b');
  assert.equal(own.registered.token_endpoint_auth_method, 'none');
  assert.equal(own.registered.application_type, 'native');
  await w.serve();
  assert.ok(w.origin, w.log);
  const told = [];
  const call = async () => {
    const session = (w.session ??= await w.open());
    const answer = await session.post('tools/call', { name: 'read_note', arguments: {} });
    told.push(JSON.stringify(await read(answer)));
    return told.at(-1);
  };
  assert.match(await call(), /redacted person/);
  await new Promise((resolve) => setTimeout(resolve, 1700));
  assert.match(await call(), /redacted person/);
  // Another node goes on with what the first one stored last.
  w.node.kill('SIGTERM');
  await w.ended;
  w.session = undefined;
  await w.serve();
  assert.match(await call(), /redacted person/);
  const refreshed = own.asked.filter((one) => one.body.includes('grant_type=refresh_token'));
  assert.ok(refreshed.length >= 3);
  const lines = readFileSync(w.record, 'utf8').split('\n').filter(Boolean);
  const calls = lines.map((line) => JSON.parse(line)).filter((one) => one.body.includes('tools'));
  const sent = new Set(calls.map((one) => one.headers.authorization));
  assert.ok(sent.size >= 3);
  const issued = own.issued.filter((one) => one.startsWith('zq-access'));
  for (const proof of sent) assert.ok(issued.includes(proof?.replace('Bearer ', '')), proof);
  const said = { agent: told.join(), log: w.log, login: run.said };
  nowhere(w.state, { ...said, ...(await watching(w, collector)) }, own.issued);
});

test('a server that is not the named authorization server gets no login', async (t) => {
  const cases = [
    ['issuer', 'http://127.0.0.1:1', /about another issuer/],
    ['token_url', 'https://evil.example/token', /`token_endpoint` .* is not at/],
    ['methods', ['plain'], /PKCE with `S256`/],
    ['iss', 'https://evil.example', /of another authorization server/],
  ];
  const { own, begin } = await world(t);
  for (const [name, value, words] of cases) {
    own[name] = value;
    const run = begin();
    const address = await run.address;
    if (address) await (await fetch(address)).text();
    assert.notEqual(await run.ended, 0);
    assert.match(run.said, words);
    own[name] = undefined;
  }
  assert.ok(!own.asked.some((one) => one.url === '/token'));
});

test('without a login a call is an error, and one that was taken back is too', async (t) => {
  const { own, w, begin, collector } = await world(t);
  const run = begin();
  await (await fetch(await run.address)).text();
  assert.equal(await run.ended, 0, run.said);
  own.asked.length = 0;
  // A thief used the refresh token elsewhere: the authorization server takes back all of it.
  const stolen = own.issued.find((one) => one.startsWith('zq-refresh'));
  const form = { grant_type: 'refresh_token', refresh_token: stolen };
  const body = new URLSearchParams(form);
  await fetch(`${own.url}/token`, { method: 'POST', body });
  await w.serve();
  const session = await w.open();
  assert.match(JSON.stringify(session.hello), /`person` cannot be read: .*`invalid_grant`/);
  const { text: metrics } = await Numbers.of(w);
  const said = { agent: JSON.stringify(session.hello), log: w.log, metrics };
  // No call was made, so there is no trace of one.
  nowhere(w.state, said, own.issued, { traces: collector.bodies.join('\n') });
});
