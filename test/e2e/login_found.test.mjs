// `pawl login` at a server that says in its 401 where it describes itself (RFC 9728): what is
// followed, what is only shown, and that no issuer is asked for anything because a server says so.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { login } from './issuers.mjs';
import { Served } from './served.mjs';
import { pawl } from './world.mjs';

const rules = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: [crm/read_*], class: read_only}
`;

async function listening(t, answer) {
  const server = createServer((request, response) => {
    const [status, headers, said] = answer(request);
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(said && JSON.stringify(said));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  return `http://127.0.0.1:${server.address().port}`;
}

// A server that refuses calls without a token. `change`: what it says otherwise.
async function guarded(t, issuer, change) {
  const own = { asked: [], change };
  own.origin = await listening(t, ({ method, url, headers }) => {
    own.asked.push({ method, url, headers });
    const where = own.change.where ?? `${own.origin}/described/deep`;
    if (url === '/mcp') {
      const names = `Basic realm="a, b", Bearer scope="notes", resource_metadata="${where}"`;
      return [401, { 'www-authenticate': own.change.challenge ?? names }];
    }
    if (url !== '/described/deep' || own.change.nothing) return [404, {}];
    const resource = own.change.resource ?? own.url;
    return [200, {}, { resource, authorization_servers: own.change.issuers ?? [issuer] }];
  });
  own.url = `${own.origin}/mcp`;
  return own;
}

async function world(t, { change = {}, configured = true } = {}) {
  const issuer = await login(t);
  const server = await guarded(t, issuer.url, change);
  const w = new Served(rules);
  t.after(() => w.end());
  w.config = path.join(w.dir, 'pawl.yaml');
  writeFileSync(path.join(w.dir, 'key'), 'correct horse battery\n', { mode: 0o600 });
  const carried = configured ? ', credential: person' : '';
  const credentials = `credentials: {person: {login: {issuer: "${issuer.url}", store: crm}}}\n`;
  writeFileSync(
    w.config,
    `version: 1
roles: {tester: {file: policy.yaml, servers: [crm]}}
servers: {crm: {url: "${server.url}"${carried}}}
${configured ? credentials : ''}store: {key_file: key}
`,
  );
  const run = async (...more) => {
    const words = ['login', 'crm', '--config', w.config, '--state-dir', w.state, ...more];
    words.push('--key-file', path.join(w.dir, 'key'));
    const child = spawn(pawl, words, { env: w.env });
    t.after(() => child.kill('SIGKILL'));
    let said = '';
    let opened = false;
    const hear = (bytes) => {
      said += bytes;
      const found = /^(http:\S+)$/m.exec(said);
      if (!found || opened) return;
      opened = true;
      fetch(found[1]).then((answer) => answer.text());
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const status = await new Promise((resolve) => child.on('close', resolve));
    return { status, said };
  };
  return { issuer, server, run };
}

test('the 401 of a server leads to its metadata, and the file to the login', async (t) => {
  const { issuer, server, run } = await world(t);
  const { status, said } = await run();
  assert.equal(status, 0, said);
  const named = 'the authorization server of the deployment file is';
  const shown = `${named} ${issuer.url}, for ${server.url}`;
  assert.ok(said.indexOf(shown) >= 0 && said.indexOf(shown) < said.indexOf('code_challenge'), said);
  assert.deepEqual(
    server.asked.map(({ method, url }) => `${method} ${url}`),
    ['POST /mcp', 'GET /described/deep'],
  );
  assert.ok(server.asked.every(({ headers }) => headers.authorization === undefined));
  assert.equal(issuer.authorized.resource, server.url);
  assert.equal(issuer.authorized.code_challenge_method, 'S256');
});

test('what only the server names is shown, and no issuer is asked there', async (t) => {
  const { issuer, run } = await world(t, { configured: false });
  const { status, said } = await run();
  assert.equal(status, 1, said);
  assert.ok(said.includes(`crm-person: {login: {issuer: "${issuer.url}", store: crm-person}}`));
  assert.match(said, /with the scope `notes`/);
  const { issuers, scope } = JSON.parse((await run('--json')).said);
  assert.deepEqual({ issuers, scope }, { issuers: [issuer.url], scope: 'notes' });
  assert.deepEqual(issuer.asked, []);
});

test('a server leads no one elsewhere', async (t) => {
  const { issuer, server, run } = await world(t);
  let strange = 0;
  const other = await listening(t, () => (strange++, [200, {}, {}]));
  for (const [change, words] of [
    [{ where: `${other}/described` }, /at another address than its own/],
    [{ where: `${server.origin}.evil.example/` }, /at another address than its own/],
    [{ where: 'file:///etc/passwd' }, /at another address than its own/],
    [{ nothing: true }, /nothing is where the server says/],
    [{ resource: other }, /about another address/],
    [{ resource: `${server.url}2` }, /about another address/],
    [{ issuers: [other] }, /the server names `http:\S+` .* in the deployment file is `http:/],
    [{ issuers: [] }, /names no authorization server/],
    [{ issuers: [`${issuer.url}\u001b[2J`] }, /are no addresses/],
    // What can be read in two ways is as if it were not there: the standard's places are asked.
    [{ challenge: 'Bearer resource_metadata=a, Bearer resource_metadata=b', where: other }, null],
  ]) {
    server.change = change;
    server.asked.length = 0;
    issuer.asked.length = 0;
    const { status, said } = await run();
    if (words === null) {
      assert.equal(status, 0, said);
      const places = server.asked.map(({ url }) => url).filter((url) => url.includes('well-known'));
      assert.ok(places.includes('/.well-known/oauth-protected-resource/mcp'));
      continue;
    }
    assert.notEqual(status, 0, said);
    assert.match(said, words);
    assert.deepEqual(issuer.asked, [], said);
  }
  assert.equal(strange, 0);
});
