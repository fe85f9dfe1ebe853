// Secrets of servers behind `pawl serve`: programs that get theirs when they start, and secrets
// that a service issues. Whatever comes of it, none reaches agent, journal, log, metrics or
// traces.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { authorization, github, pem, planted, sts, vault } from './issuers.mjs';
import { serve } from './over_http.mjs';
import { nowhere } from './planted.mjs';
import { Served, events, read } from './served.mjs';
import { Collector, told } from './watched.mjs';
import { modules, pawl, sleep } from './world.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const rules = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: [crm/read_*], class: read_only}
    - {name: crm/write_note, class: reversible small, credential: writer}
    - {name: "mcp:elicitation/create", class: reversible small}
`;
const lines = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));

// `server`: more keys of the program; `credentials`: lines of the deployment file.
class Secret extends Served {
  async start(t, { server = '', credentials = '', env = {}, url } = {}) {
    t.after(() => this.end());
    Object.assign(this.env, env);
    this.config = path.join(this.dir, 'pawl.yaml');
    this.told = [];
    this.received = [];
    this.collector = await new Collector().open(t);
    const command = [process.execPath, path.join(here, 'keyed.mjs'), modules, this.record];
    this.settings = { command: url ? '' : `command: ${JSON.stringify(command)}`, server, url };
    this.write(credentials);
    await this.serve();
    assert.ok(this.origin, this.log);
    return this;
  }
  write(credentials) {
    const { command, server, url } = this.settings;
    const where = url ? `url: "${url}"` : command;
    writeFileSync(
      this.config,
      `version: 1
listen: {mcp: "127.0.0.1:0", metrics: "127.0.0.1:0"}
traces: {url: "${this.collector.url}"}
roles: {tester: {file: policy.yaml, servers: [crm]}}
servers: {crm: {${where}${server}}}
credentials:
${credentials}`,
    );
  }
  async connect(capabilities) {
    this.session = await this.open(capabilities);
    // What is said beside the answers, for as long as the session lasts.
    const stream = await this.session.listen();
    stream.body.pipeTo(new WritableStream()).catch(() => {});
    return this;
  }
  async call(name, args = {}) {
    const answer = await this.session.post('tools/call', { name, arguments: args });
    const messages = await read(answer);
    this.told.push(JSON.stringify(messages));
    const last = messages.at(-1);
    return last.result?.content?.map((one) => one.text).join('\n') ?? last.error.message;
  }
  seen() {
    return existsSync(this.record) ? lines(readFileSync(this.record, 'utf8')) : [];
  }
  used() {
    return this.seen().filter((one) => one.tool).map((one) => one.secrets.join(' '));
  }
  ends() {
    const all = lines(this.pawl('audit', 'query', '--json').out);
    return all.filter((one) => one.type === 'call.ended');
  }
  async nowhere(...values) {
    const { stdout } = spawnSync(pawl, ['audit', 'query', '--json', '--state-dir', this.state],
      { env: this.env, encoding: 'utf8' });
    const watching = await told(this, this.collector);
    const received = this.received.map((bytes) => Buffer.concat(bytes).toString('latin1'));
    assert.ok(received.some((one) => /^content-type: text\/event-stream$/m.test(one)));
    const said = { agent: this.told.join('\n'), log: this.log, audit: stdout };
    said.received = received.join('\n');
    nowhere(this.state, { ...said, ...watching }, values);
  }
}
const secret = (t, options) => new Secret(options?.rules ?? rules).start(t, options);
const alive = (pid) => existsSync(`/proc/${pid}`);
async function until(found) {
  for (let i = 0; i < 500; ++i) {
    if (await found()) return;
    await sleep(20);
  }
  throw new Error('it never came');
}
const variable = ', credential: reader, variable: CRM_TOKEN';

test('a program has its own secret, and a call of another credential another process', async (t) => {
  const [one, two] = [planted('reader'), planted('writer')];
  const w = await secret(t, {
    server: variable,
    credentials: `  reader: {env: READER, principal: reader@crm}
  writer: {env: WRITER, servers: [crm], tools: [crm/write_*]}\n`,
    env: { READER: one, WRITER: two },
  });
  await w.connect({ elicitation: {} });
  assert.match(await w.call('read_note', { id: 'a' }), /^read_note \d+ \[redacted reader\]/);
  assert.match(await w.call('write_note', { id: 'b' }), /^write_note \d+ \[redacted writer\]/);
  assert.match(await w.call('read_note', { id: 'c' }), /redacted reader/);
  assert.match(await w.call('read_fails'), /cannot log in with .*redacted reader/);
  assert.deepEqual(w.used(), [one, two, one, one]);
  const [first, second, ...more] = w.seen().filter((call) => call.started);
  assert.deepEqual(more, []);
  assert.notEqual(first.pid, second.pid);
  for (const { env } of [first, second]) {
    assert.ok(!env.includes('READER') && !env.includes('WRITER'), env.join());
  }
  const ended = w.ends().map((call) => [call.credential, call.principal]);
  assert.deepEqual(ended[0], ['reader', 'reader@crm']);
  assert.deepEqual(ended[1], ['writer', undefined]);
  await until(() => /called with .*redacted writer/.test(w.log));
  await w.nowhere(one, two);
  await w.session.close();
  await until(() => !alive(first.pid) && !alive(second.pid));
});

test('what two processes ask goes to the client and back to the one that asked', async (t) => {
  const [one, two] = [planted('reader'), planted('writer')];
  const w = await secret(t, {
    rules: rules.replace('name: [crm/read_*], class: read_only', 'name: [crm/read_*], ' +
      'class: read_only, credential: {of: args.id, a: reader, b: writer}'),
    server: variable,
    credentials: '  reader: {env: READER}\n  writer: {env: WRITER}\n',
    env: { READER: one, WRITER: two },
  });
  await w.connect({ elicitation: {} });
  // A question comes with any of the answers that are open: of whose call it is, no protocol says.
  const messages = async function* (answer) {
    const plain = answer.headers.get('content-type').startsWith('application/json');
    if (plain) yield await answer.json();
    else for await (const { message } of events(answer)) if (message) yield message;
  };
  const ask = async (id) => {
    const answer = await w.session.post('tools/call', { name: 'read_asks', arguments: { id } });
    for await (const message of messages(answer)) {
      w.told.push(JSON.stringify(message));
      if (message.method === 'elicitation/create') {
        const to = message.params.message.replace('tool server `crm` asks: ', '');
        const result = { action: 'accept', content: { to } };
        await w.post({ jsonrpc: '2.0', id: message.id, result }, w.session.headers);
      }
      if (message.result) return message.result.content[0].text;
    }
  };
  const said = await Promise.all(['a', 'b', 'a', 'b'].map(ask));
  assert.deepEqual(said, ['a: for a?', 'b: for b?', 'a: for a?', 'b: for b?']);
  assert.deepEqual(w.used().sort(), [one, one, two, two].sort());
  await w.nowhere(one, two);
});

test('a rotated secret is the next call\'s, in a process of its own', async (t) => {
  const values = [planted('first'), planted('second')];
  const w = new Secret(rules);
  const file = path.join(w.dir, 'reader.secret');
  const rotate = (value) => writeFileSync(file, `${value}\n`, { mode: 0o600 });
  rotate(values[0]);
  await w.start(t, {
    server: variable,
    credentials: '  reader: {file: reader.secret}\n  writer: {file: writer.secret}\n',
  });
  await w.connect();
  assert.match(await w.call('read_note'), /redacted reader/);
  rotate(values[1]);
  assert.match(await w.call('read_note'), /redacted reader/);
  assert.deepEqual(w.used(), values);
  const [first, second] = w.seen().filter((one) => one.started);
  await until(() => !alive(first.pid));
  assert.ok(alive(second.pid));
  // A secret that cannot be read is a call that was not sent.
  const other = await w.call('write_note');
  assert.match(other, /`writer` cannot be read/);
  assert.equal(w.used().length, 2);
  await w.nowhere(...values);
});

test('what is bound elsewhere starts nothing; what has no variable is refused', async (t) => {
  const value = planted('bound');
  const w = await secret(t, {
    server: variable,
    credentials: `  reader: {env: READER}
  writer: {env: READER, tools: [crm/other_*]}\n`,
    env: { READER: value },
  });
  await w.connect();
  assert.match(await w.call('write_note'), /`writer` is not for the tool `write_note`/);
  assert.equal(w.seen().length, 1);
  await w.nowhere(value);
  const none = await secret(t, {
    credentials: '  writer: {env: WRITER}\n',
    env: { WRITER: value },
  });
  await none.connect();
  assert.match(await none.call('read_note'), /^read_note/);
  assert.match(await none.call('write_note'), /cannot reach `crm`, which has no `variable`/);
  assert.deepEqual(none.used(), ['']);
  const words = ['mcp', '--policy', w.policy, '--state-dir', `${w.state}-2`, '--config', w.config];
  const shim = spawnSync(pawl, [...words, '--server', 'crm'], { env: w.env, encoding: 'utf8' });
  assert.notEqual(shim.status, 0);
  assert.match(shim.stderr, /only `pawl serve` can give it/);
});

// Each of them as the secret of a program and as that of a server over HTTP.
const stored = (w, name, value) => writeFileSync(path.join(w.dir, name), value, { mode: 0o600 });

test('Vault: a token or an AppRole, its secret kept for a while and its version told', async (t) => {
  const [token, secret_id] = [planted('vault-token'), planted('secret-id')];
  const own = await vault(t, { token, secret_id });
  const w = new Secret(rules);
  stored(w, 'token', token);
  stored(w, 'secret-id', secret_id);
  const of = (who) => `{vault: {url: "${own.url}", path: kv/agents/crm, field: crm_token, ${who}}}`;
  await w.start(t, {
    server: variable,
    credentials: `  reader: ${of('token: {file: token}')}
  writer: ${of('role_id: role-1, secret_id: {file: secret-id}')}\n`,
  });
  await w.connect();
  assert.match(await w.call('read_note'), /redacted reader/);
  assert.match(await w.call('write_note'), /redacted writer/);
  await w.call('read_note');
  const [first, login, second] = own.issued;
  assert.deepEqual(w.used(), [first, second, first]);
  assert.deepEqual(w.ends().map((one) => one.credential_version), ['1', '2', '1']);
  await w.nowhere(token, secret_id, ...own.issued);
  assert.ok(own.asked.every(({ headers }) => !JSON.stringify(headers).includes(login)
    || headers['x-vault-token'] === login));
});

test('an authorization server: client credentials, and a token in exchange', async (t) => {
  const [client, subject] = [`${planted('client')}&=`, planted('subject')];
  const own = await authorization(t, { secret: client, subject });
  const w = new Secret(rules);
  stored(w, 'client', client);
  stored(w, 'subject', subject);
  const begun = `token_url: "${own.url}/token", client_id: pawl, client_secret: {file: client}`;
  await w.start(t, {
    server: variable,
    credentials: `  reader: {oauth: {${begun}, scope: "crm.read crm.list"}}
  writer: {oauth: {${begun}, auth: body, subject: {file: subject}, subject_type: jwt}}\n`,
  });
  await w.connect();
  assert.match(await w.call('read_note'), /redacted reader/);
  assert.match(await w.call('write_note'), /redacted writer/);
  assert.match(await w.call('read_note'), /redacted reader/);
  assert.equal(own.asked.length, 2);
  assert.equal(new URLSearchParams(own.asked[0].body).get('scope'), 'crm.read crm.list');
  const [first, second] = own.issued;
  assert.deepEqual(w.used(), [first, second, first]);
  assert.deepEqual(w.ends().map((one) => one.principal), ['pawl', 'pawl', 'pawl']);
  await w.nowhere(client, subject, ...own.issued);
});

test('a server over HTTP: one question for many calls, a new one before the end', async (t) => {
  const client = planted('client');
  const own = await authorization(t, { secret: client, lasts: 2, delay: 100 });
  const w = new Secret(rules);
  stored(w, 'client', client);
  const remote = path.join(here, 'remote.mjs');
  const server = await serve(t, remote, [], { RECORD: w.record, MODE: 'echo' });
  const begun = `token_url: "${own.url}/token", client_id: pawl, client_secret: {file: client}`;
  await w.start(t, {
    url: server.url,
    server: ', credential: reader',
    credentials: `  reader: {oauth: {${begun}}, hosts: ["127.0.0.1"]}
  writer: {oauth: {${begun}}, hosts: [elsewhere.example]}\n`,
  });
  await w.connect();
  const before = own.asked.length;
  assert.equal(before, 1);
  const many = [1, 2, 3, 4].map((id) => w.call('read_note', { id: String(id) }));
  for (const said of await Promise.all(many)) assert.match(said, /redacted reader/);
  await sleep(1700);
  const again = [1, 2, 3, 4].map((id) => w.call('read_note', { id: String(id) }));
  await Promise.all(again);
  assert.equal(own.asked.length, before + 1, 'one question for four calls');
  const sent = w.seen().filter((one) => one.body?.includes('tools/call'));
  const proofs = new Set(sent.map((one) => one.headers.authorization));
  assert.deepEqual([...proofs], own.issued.map((one) => `Bearer ${one}`));
  // Bound to another host: no issuer is asked, and nothing is sent.
  assert.match(await w.call('write_note'), /may not be sent to the host/);
  assert.equal(own.asked.length, before + 1);
  await w.nowhere(client, ...own.issued);
});

test('a server that sends its callers to another host gives that host nothing', async (t) => {
  const client = planted('client');
  const own = await authorization(t, { secret: client });
  const w = new Secret(rules);
  stored(w, 'client', client);
  const remote = path.join(here, 'remote.mjs');
  const seen = path.join(w.dir, 'elsewhere');
  const elsewhere = await serve(t, remote, [], { RECORD: seen, MODE: 'echo' });
  const AWAY = elsewhere.url.replace('127.0.0.1', 'localhost');
  const server = await serve(t, remote, [], { RECORD: w.record, MODE: 'away', AWAY });
  const begun = `token_url: "${own.url}/token", client_id: pawl, client_secret: {file: client}`;
  await w.start(t, {
    url: server.url,
    server: ', credential: reader',
    credentials: `  reader: {oauth: {${begun}}, hosts: ["127.0.0.1"]}\n  writer: {env: NONE}\n`,
  });
  await w.connect();
  assert.match(await w.call('read_note', { id: 'a' }), /redirects are not followed/);
  const sent = w.seen().filter((one) => one.body?.includes('tools/call'));
  assert.deepEqual(sent.map((one) => one.headers.authorization), [`Bearer ${own.issued[0]}`]);
  assert.ok(!existsSync(seen), 'the other host was asked');
  await w.nowhere(client, ...own.issued);
});

test('who issues sends no one elsewhere, and says no without being repeated', async (t) => {
  const [client, wrong] = [planted('client'), planted('wrong')];
  const away = await authorization(t, { secret: client });
  const own = await authorization(t, { secret: client });
  const w = new Secret(rules);
  stored(w, 'client', client);
  stored(w, 'wrong', wrong);
  const from = (file) =>
    `{oauth: {token_url: "${own.url}/token", client_id: pawl, client_secret: {file: ${file}}}}`;
  await w.start(t, {
    server: ', variable: CRM_TOKEN',
    credentials: `  writer: ${from('wrong')}\n`,
  });
  await w.connect();
  assert.match(await w.call('write_note'), /status 401 \(`invalid_client`\)/);
  own.away = `${away.url}/token`;
  assert.match(await w.call('write_note'), /redirects are not followed/);
  assert.deepEqual(away.asked, []);
  assert.deepEqual(w.used(), []);
  await w.nowhere(client, wrong);
});

test('a GitHub App and an AWS role: proofs that their own libraries check', async (t) => {
  const access = 'AKIDEXAMPLE12345';
  const key = `${planted('aws')}/+`;
  const [apps, roles] = [await github(t), await sts(t, { access, secret: key })];
  const w = new Secret(rules);
  stored(w, 'app.pem', pem);
  stored(w, 'aws', key);
  const session = '{"Version": "2012-10-17", "Statement": []}';
  await w.start(t, {
    server: variable,
    credentials: `  reader:
    github_app:
      {id: 12, installation: 34, key: {file: app.pem}, url: "${apps.url}",
       repositories: [web], permissions: {contents: read, pull_requests: write}}
  writer:
    aws_sts:
      {role: "arn:aws:iam::111111111111:role/agent", region: eu-west-1, access_key: ${access},
       secret_key: {file: aws}, session: crm-agent, policy: '${session}', url: "${roles.url}/"}\n`,
  });
  await w.connect();
  assert.match(await w.call('read_note'), /redacted reader/, String(apps.refused));
  assert.deepEqual(apps.wanted, {
    permissions: { contents: 'read', pull_requests: 'write' },
    repositories: ['web'],
  });
  assert.match(await w.call('write_note'), /(\[redacted writer\] ?){3}/, roles.expected);
  assert.equal(roles.wanted.RoleSessionName, 'crm-agent');
  assert.deepEqual(JSON.parse(roles.wanted.Policy), JSON.parse(session));
  assert.deepEqual(w.used(), [apps.issued[0], roles.issued.join(' ')]);
  const principals = w.ends().map((one) => one.principal);
  assert.deepEqual(principals, ['app 12/34', 'arn:aws:sts::1:assumed-role/a/pawl']);
  const lines = pem.split('\n').filter((line) => line.length > 40);
  await w.nowhere(key, ...lines, ...apps.issued, ...roles.issued);
});
