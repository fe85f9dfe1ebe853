// Tool servers that are reached over HTTP, in both eras, and the secrets that go there and nowhere
// else. Ids as in docs/reference/cases.md.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { serve } from './over_http.mjs';
import { nowhere as search } from './planted.mjs';
import { World, code, modules, pawl, sleep } from './world.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const secret = 'zq-9f2e-upstream-secret-7731';
const policy = (more = '') => `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: [notes/read_*, notes/echo, notes/get-sum], class: read_only${more}}
    - {name: notes/write_note, class: reversible small${more}}
`;

const recording = (t, w, mode, env = {}) =>
  serve(t, path.join(here, 'remote.mjs'), [], { ...env, RECORD: w.record, MODE: mode });

async function world(t, mode, options = {}) {
  const { rules = policy(), keys = '', deployment = '', env = {}, ...more } = options;
  const w = new World(rules);
  t.after(() => w.end());
  Object.assign(w.env, env);
  const server = await recording(t, w, mode, env);
  const client = await join(w, server.url, { keys, deployment, ...more });
  return { w, client, server };
}
const config = (w) => path.join(w.dir, 'pawl.yaml');
function join(w, url, { keys = '', deployment = '', ...more } = {}) {
  writeFileSync(config(w), `servers: {notes: {url: "${url}"${keys}}}\n${deployment}`);
  return w.client({ args: ['--server', 'notes', '--config', config(w)], command: [], ...more });
}
const lines = (all) => all.split('\n').filter(Boolean).map((line) => JSON.parse(line));
const requests = (w) =>
  !existsSync(w.record)
    ? []
    : lines(readFileSync(w.record, 'utf8'));
const bodies = (w) =>
  requests(w).map((one) => (one.body ? JSON.parse(one.body).method : one.method));
const text = (result) => result.content?.[0]?.text;
const records = (w, type) =>
  lines(w.pawl('audit', 'query', '--json').out).filter((one) => one.type === type);
async function until(found) {
  for (let i = 0; i < 1500; ++i) {
    const value = found();
    if (value) return value;
    await sleep(20);
  }
  throw new Error('it never came');
}

for (const mode of ['json', 'sse']) {
  test(`a server with sessions is opened, called and told the end (${mode})`, async (t) => {
    const { w, client } = await world(t, mode);
    const steps = await client.call('read_note', { id: 'a' }, { progressToken: 'p' });
    assert.equal(text(steps), 'read_note {"id":"a"}');
    if (mode === 'sse')
      assert.ok(client.heard.some((one) => one.method === 'notifications/progress'));
    const called = requests(w).find((one) => one.body.includes('tools/call'));
    assert.equal(called.headers['mcp-session-id'], 'session-1');
    assert.equal(called.headers['mcp-protocol-version'], '2025-11-25');
    assert.match(called.headers.accept, /application\/json.*text\/event-stream/);
    await client.close();
    await until(() => bodies(w).includes('DELETE'));
  });
}

test('a server that lost its session is opened anew, and its tools are read again', async (t) => {
  const { w, client } = await world(t, 'forgets');
  const first = await client.call('read_note', { id: 'a' });
  assert.match(JSON.stringify(first), /lost its session/);
  const second = await client.call('read_note', { id: 'b' });
  assert.equal(text(second), 'read_note {"id":"b"}');
  const seen = bodies(w);
  assert.equal(seen.filter((one) => one === 'initialize').length, 2);
  assert.ok(seen.lastIndexOf('tools/list') > seen.lastIndexOf('initialize'));
  assert.ok(seen.lastIndexOf('tools/list') < seen.lastIndexOf('tools/call'));
});

test('a server that says 404 where it offers no stream is opened once', async (t) => {
  const { w, client } = await world(t, 'deaf');
  await until(() => bodies(w).includes('GET'));
  for (const id of ['a', 'b', 'c'])
    assert.equal(text(await client.call('read_note', { id })), `read_note {"id":"${id}"}`);
  assert.equal(bodies(w).filter((one) => one === 'initialize').length, 1);
  assert.equal(bodies(w).filter((one) => one === 'GET').length, 1);
});

test('a server that loses each session at once is not asked without a pause', async (t) => {
  const begun = Date.now();
  const { w } = await world(t, 'fickle', { wait: false });
  const opened = () => bodies(w).filter((one) => one === 'initialize').length;
  await until(() => opened() >= 4);
  // Opened by the client; at once; after one second; after two.
  assert.ok(Date.now() - begun >= 3000, `${Date.now() - begun} ms`);
});

test('a call that was never answered is lost: an effect halts the run', async (t) => {
  const { w, client } = await world(t, 'breaks');
  assert.equal(code(await client.call('read_note', { id: 'a' })), 'upstream_failed');
  assert.equal(code(await client.call('write_note', { id: 'a' })), 'upstream_failed');
  assert.equal(code(await client.call('read_note', { id: 'b' })), 'run_halted');
  assert.equal(bodies(w).filter((one) => one === 'tools/call').length, 2);
});

test('a server that is not there is an error, and the client stays', async (t) => {
  const { client, server } = await world(t, 'json');
  assert.equal(text(await client.call('read_note', { id: 'a' })), 'read_note {"id":"a"}');
  server.child.kill('SIGKILL');
  await sleep(100);
  const answer = await client.call('write_note', { id: 'b' });
  assert.ok(answer.error, JSON.stringify(answer));
  assert.match(answer.error.message, /127\.0\.0\.1/);
});

for (const legacy of ['reject', 'stateless']) {
  for (const modern of [true, false]) {
    const era = modern ? 'it' : 'the older';
    test(`a server of the newer era over HTTP (${legacy}), a client of ${era}`, async (t) => {
      const w = new World(policy());
      t.after(() => w.end());
      const file = path.join(here, 'stateless_http.mjs');
      const { url } = await serve(t, file, [modules, w.record, legacy]);
      const client = await join(w, url, { modern });
      const call = async (name, args, meta = {}) => {
        if (!modern) return client.call(name, args, meta);
        const answer = await client.ask('tools/call', { name, arguments: args }, meta);
        return answer.result ?? answer;
      };
      assert.equal(text(await call('read_note', { id: 'a' })), 'note a');
      assert.equal(text(await call('read_steps', {}, { progressToken: 't' })), 'done');
      const newer = modern || legacy === 'reject';
      if (newer) {
        assert.equal(text(await call('read_region', { region: 'eu-ö' })), 'eu-ö');
        const sent = requests(w).findLast((one) => one.body?.includes('read_region'));
        assert.equal(sent.headers['mcp-method'], 'tools/call');
        assert.equal(sent.headers['mcp-name'], 'read_region');
        assert.equal(sent.headers['mcp-param-region'], '=?base64?ZXUtw7Y=?=');
        assert.ok(client.heard.some((one) => one.method === 'notifications/progress'));
      }
      for (const one of requests(w)) assert.equal(one.headers?.['mcp-session-id'], undefined);
    });
  }
}

test('the reference server from npm, through the client of the SDK', async (t) => {
  const w = new World(policy());
  t.after(() => w.end());
  const file = path.join(modules, '@modelcontextprotocol/server-everything/dist/index.js');
  const port = 20_000 + (process.pid % 20_000);
  const env = { ...process.env, PORT: String(port) };
  const child = spawn('node', [file, 'streamableHttp'], { env });
  t.after(() => child.kill('SIGKILL'));
  const up = () => fetch(`http://127.0.0.1:${port}/mcp`).then(() => true, () => false);
  for (let i = 0; i < 300 && !(await up()); ++i) await sleep(100);
  writeFileSync(config(w), `servers: {notes: {url: "http://127.0.0.1:${port}/mcp"}}\n`);
  const sdk = path.join(modules, '@modelcontextprotocol/sdk/dist/esm/client');
  const { Client } = await import(path.join(sdk, 'index.js'));
  const { StdioClientTransport } = await import(path.join(sdk, 'stdio.js'));
  const client = new Client({ name: 'e2e', version: '1' });
  const words = ['mcp', '--policy', w.policy, '--state-dir', w.state];
  words.push('--config', config(w), '--server', 'notes');
  await client.connect(new StdioClientTransport({ command: pawl, args: words, env: w.env }));
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map((one) => one.name).sort(), ['echo', 'get-sum']);
  const echoed = await client.callTool({ name: 'echo', arguments: { message: 'hey' } });
  assert.match(text(echoed), /hey/);
  await client.close();
});

const nowhere = (w, client, ...values) =>
  search(w.state, { agent: JSON.stringify(client.heard) }, values, { err: client.err });

test('a secret reaches its server and no one else: agent, journal, log', async (t) => {
  const other = 'zq-other-secret-of-a-file-55';
  const { w, client } = await world(t, 'echo', {
    rules: policy(', credential: writer').replace(', credential: writer', ''),
    keys: ', credential: reader',
    deployment: `credentials:
  reader: {env: READER, hosts: ["127.0.0.1"], principal: reader@notes}
  writer: {file: writer.secret, servers: [notes], tools: [notes/write_*]}
`,
    env: { READER: secret },
  }).then(async (made) => {
    writeFileSync(path.join(made.w.dir, 'writer.secret'), other + '\n', { mode: 0o600 });
    return made;
  });
  const read = await client.call('read_note', { id: 'a' });
  assert.match(text(read), /\[redacted reader\]/);
  const write = await client.call('write_note', { id: 'a' });
  assert.match(text(write), /\[redacted writer\]/);
  const sent = requests(w).filter((one) => one.body.includes('tools/call'));
  const proofs = sent.map((one) => one.headers.authorization);
  assert.deepEqual(proofs, [`Bearer ${secret}`, `Bearer ${other}`]);
  const opened = requests(w).find((one) => one.body.includes('initialize'));
  assert.equal(opened.headers.authorization, `Bearer ${secret}`);
  nowhere(w, client, secret, other);
  const ended = records(w, 'call.ended');
  assert.deepEqual(ended.map((one) => [one.credential, one.principal]),
    [['reader', 'reader@notes'], ['writer', undefined]]);
  await client.close();
  nowhere(w, client, secret, other);
});

const opened = {
  file: () => 'key_file: key',
  command: (w) => `key_command: [cat, "${path.join(w.dir, 'key')}"]`,
};
for (const [by, opens] of Object.entries(opened)) {
  test(`a secret of the store opened by a ${by}, and the rotated one of the next call`, async (t) => {
    const w = new World(policy());
    t.after(() => w.end());
    const key = path.join(w.dir, 'key');
    writeFileSync(key, 'correct horse battery\n', { mode: 0o600 });
    const stored = (verb, value) =>
      spawnSync(pawl, ['credentials', verb, 'notes-key', '--key-file', key, '--state-dir', w.state],
        { env: w.env, input: value, encoding: 'utf8' });
    assert.equal(stored('set', 'first-stored-value').status, 0);
    const { url } = await recording(t, w, 'echo');
    const client = await join(w, url, {
      keys: ', credential: stored, header: X-Api-Key',
      deployment: `credentials: {stored: {store: notes-key}}\nstore: {${opens(w)}}\n`,
    });
    assert.match(text(await client.call('read_note', { id: 'a' })), /\[redacted stored\]/);
    assert.equal(stored('rotate', 'second-stored-value').status, 0);
    assert.match(text(await client.call('read_note', { id: 'b' })), /\[redacted stored\]/);
    const keys = requests(w).filter((one) => one.body.includes('tools/call'))
      .map((one) => one.headers['x-api-key']);
    assert.deepEqual(keys, ['first-stored-value', 'second-stored-value']);
    const versions = records(w, 'call.ended').map((one) => one.credential_version);
    assert.deepEqual(versions, ['1', '2']);
    nowhere(w, client, 'first-stored-value', 'second-stored-value');
  });
}

test('a store that its command does not open is a call that was not sent', async (t) => {
  const w = new World(policy());
  t.after(() => w.end());
  const key = path.join(w.dir, 'key');
  writeFileSync(key, 'correct horse battery\n', { mode: 0o600 });
  const words = ['credentials', 'set', 'notes-key', '--key-file', key, '--state-dir', w.state];
  const options = { env: w.env, input: 'first-stored-value', encoding: 'utf8' };
  assert.equal(spawnSync(pawl, words, options).status, 0);
  const { url } = await recording(t, w, 'echo');
  for (const [command, why] of [
    [['sh', '-c', 'echo a wrong key'], /passphrase is not that of the store/],
    [['sh', '-c', 'cat "$0"; exit 3', key], /status 3|exit/],
    [['no-such-program'], /no-such-program/],
  ]) {
    const client = await join(w, url, {
      keys: ', credential: stored',
      deployment: `credentials: {stored: {store: notes-key}}
store: {key_command: ${JSON.stringify(command)}}
`,
    });
    const begun = client.server?.result;
    const said = begun ? await client.call('read_note', { id: 'a' }) : client.server;
    const told = JSON.stringify(said ?? '') + client.err;
    assert.match(told, why);
    assert.ok(!bodies(w).includes('tools/call'), 'nothing was sent');
    nowhere(w, { heard: [told], err: client.err }, 'first-stored-value', 'correct horse battery');
    await client.close();
    w.killNode();
  }
});

test('a redirect is not followed, and what it leads to gets nothing', async (t) => {
  const away = new World(policy());
  t.after(() => away.end());
  const elsewhere = await recording(t, away, 'echo');
  const { w, client } = await world(t, 'away', {
    keys: ', credential: reader',
    deployment: 'credentials: {reader: {env: READER}}\n',
    env: { READER: secret, AWAY: elsewhere.url },
  });
  const answer = await client.call('read_note', { id: 'a' });
  assert.match(JSON.stringify(answer), /redirects are not followed/);
  assert.deepEqual(requests(away), []);
  nowhere(w, client, secret);
});

test('a credential that is bound elsewhere is not sent here', async (t) => {
  const refusing = (binding, words) => {
    const w = new World(policy(', credential: writer'));
    t.after(() => w.end());
    return recording(t, w, 'echo').then(async ({ url }) => {
      const client = await join(w, url, {
        deployment: `credentials: {writer: {env: WRITER, ${binding}}}\n`,
        env: { WRITER: secret },
      });
      const answer = await client.call('read_note', { id: 'a' });
      assert.match(JSON.stringify(answer), words, binding);
      assert.ok(!bodies(w).includes('tools/call'), 'nothing was sent');
      nowhere(w, client, secret);
    });
  };
  await refusing('hosts: [api.example]', /may not be sent to the host/);
  await refusing('hosts: ["127.0.0.1:1"]', /may not be sent to the host/);
  await refusing('tools: [notes/write_*]', /is not for the tool/);
  const w = new World(policy());
  t.after(() => w.end());
  const { url } = await recording(t, w, 'json');
  writeFileSync(config(w), `servers: {notes: {url: "${url}", credential: reader}}
credentials: {reader: {env: READER, hosts: [api.example]}}\n`);
  const refused = spawnSync(pawl, ['mcp', '--policy', w.policy, '--state-dir', w.state, '--config',
    config(w), '--server', 'notes'], { env: w.env, encoding: 'utf8', input: '' });
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /may not be sent to the host `127.0.0.1`/);
});
