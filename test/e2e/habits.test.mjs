// Real servers and their habits: where pawl cannot use a part of what a server says, the rest
// works, the agent gets a reason, and the owner reads of a way out.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { serve } from './over_http.mjs';
import { World, code, pawl, sleep } from './world.mjs';

const habits = path.join(path.dirname(fileURLToPath(import.meta.url)), 'habits.mjs');
const policy = (entry) => `
version: 1
agent: {id: tester, identity: tester@example}
tools: {allowed: [${entry}]}
`;
const any = '{name: "read_*", class: read_only}';
const object = (properties, more = {}) => ({ type: 'object', properties, ...more });
const tool = (name, inputSchema, more = {}) => ({ name, inputSchema, ...more });
const first = (...tools) => ({ lists: { '': JSON.stringify({ tools }) } });
const said = (result) => result.content?.[0]?.text ?? JSON.stringify(result);

// `how` is what habits.mjs is told, `entry` what the policy grants.
async function piped(t, how, entry = any) {
  const w = new World(policy(entry));
  t.after(() => w.end());
  const command = ['node', habits, 'stdio', w.record, JSON.stringify(how)];
  return { w, command, client: await w.client({ command }) };
}
async function reached(t, how, entry = '{name: "notes/read_*", class: read_only}') {
  const w = new World(policy(entry));
  t.after(() => w.end());
  const { url } = await serve(t, habits, ['http', w.record, JSON.stringify(how)]);
  const config = path.join(w.dir, 'pawl.yaml');
  writeFileSync(config, `servers: {notes: {url: "${url}"}}\n`);
  const args = ['--server', 'notes', '--config', config];
  return { w, url, config, client: await w.client({ command: [], args }) };
}
function checked(w, command) {
  const done = spawnSync(pawl, ['check', w.policy, '--', ...command], {
    env: w.env,
    encoding: 'utf8',
  });
  return { status: done.status, text: (done.stdout + done.stderr).replace(/\s+/g, ' ') };
}
// The same as bytes, where JavaScript would write others.
const asked = (id, name, args) =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call",` +
  `"params":{"name":"${name}","arguments":${args}}}`;
const passes = async (client, name, args) => {
  const result = await client.call(name, args);
  assert.equal(result._meta?.['pawl/decision'], undefined, said(result));
  assert.deepEqual(JSON.parse(said(result)), args);
};
const denied = async (client, name, args, wanted, words) => {
  const result = await client.call(name, args);
  assert.equal(code(result), wanted, said(result));
  if (words) assert.match(said(result), words);
};

// C3. Patterns that RE2 cannot say.
for (const [what, pattern] of [
  ['a look-ahead', '^(?!\\.)(?!.*\\.\\.)[A-Za-z0-9._-]+@[a-z.]+$'],
  ['more repetitions than RE2 has', '^.{1,2000}$'],
  ['a flag of another language', '(?i)^[a-z@.]+$'],
  ['a reference back', '^(a)\\1?.*$'],
]) {
  test(`a pattern with ${what}: the owner's own limit stands for it`, async (t) => {
    const email = { type: 'string', pattern };
    const schema = object({ email, others: { type: 'array', items: email }, note: {} });
    const bare = await piped(t, first(tool('read_a', schema)));
    await passes(bare.client, 'read_a', { note: 'x' });
    await denied(
      bare.client,
      'read_a',
      { email: 'a@b.example' },
      'schema',
      /arguments.email` .*cannot be checked/,
    );
    const before = checked(bare.w, bare.command);
    assert.match(before.text, /`email` of `read_a` \(at .*no value passes one until `args/);

    const entry =
      '{name: read_a, class: read_only, args: ' +
      '{email: {required: false, email_domain: [b.example]}, ' +
      '"others[]": {required: false, max_length: 12}}}';
    const { w, command, client } = await piped(t, first(tool('read_a', schema)), entry);
    await passes(client, 'read_a', { email: 'a@b.example', others: ['x', 'y'] });
    await denied(client, 'read_a', { email: 'a@c.example' }, 'constraint');
    await denied(client, 'read_a', { email: 5 }, 'schema');
    await denied(client, 'read_a', { others: ['much too long for it'] }, 'constraint');
    const after = checked(w, command);
    assert.equal(after.status, 0, after.text);
    assert.match(after.text, /`email` of `read_a`.*your own limits stand for them/);
    assert.doesNotMatch(after.text, /no value passes/);
  });
}

// C4. What the branches of a schema say, large integers, references to nowhere.
test('arguments in branches at the root are those of the tool', async (t) => {
  const schemas = {
    read_any: {
      type: 'object',
      anyOf: [
        object({ id: { type: 'string' } }, { required: ['id'] }),
        object({ name: {} }, { required: ['name'] }),
      ],
    },
    read_one: {
      type: 'object',
      oneOf: [
        { properties: { a: { type: 'integer' } }, required: ['a'] },
        { properties: { b: {} }, required: ['b'] },
      ],
    },
    read_all: {
      ...object({ x: {} }),
      allOf: [{ $ref: '#/$defs/page' }],
      $defs: { page: object({ page: { type: 'integer' } }) },
    },
    read_then: {
      ...object({ kind: {} }),
      if: { properties: { kind: { const: 'k' } } },
      then: { properties: { more: {} } },
    },
    read_deep: object({
      to: { type: 'object', anyOf: [object({ mail: {} }), object({ phone: {} })] },
    }),
  };
  const { client } = await piped(
    t,
    first(...Object.entries(schemas).map(([name, s]) => tool(name, s))),
  );
  await passes(client, 'read_any', { id: 'a' });
  await passes(client, 'read_any', { name: 'a' });
  await denied(client, 'read_any', { other: 'a' }, 'schema');
  await passes(client, 'read_one', { a: 1 });
  await passes(client, 'read_one', { b: 'x' });
  await denied(client, 'read_one', { a: 1, b: 'x' }, 'schema');
  await passes(client, 'read_all', { x: 'a', page: 2 });
  await denied(client, 'read_all', { x: 'a', pages: 2 }, 'constraint');
  await passes(client, 'read_then', { kind: 'k', more: 'm' });
  await passes(client, 'read_deep', { to: { phone: '1' } });
  await denied(client, 'read_deep', { to: { fax: '1' } }, 'constraint');
});

test('an integer beyond 2^53 is exact where some branch says integer', async (t) => {
  const id = { anyOf: [{ type: 'integer' }, { type: 'string' }] };
  const schema = object({
    id,
    two: { type: ['integer', 'null'] },
    list: { type: 'array', items: id },
    n: { type: 'number' },
  });
  const { w, client } = await piped(t, first(tool('read_a', schema)));
  for (const args of [
    '{"id":9007199254740993}',
    '{"two":9007199254740993}',
    '{"list":[9007199254740993]}',
  ]) {
    const answer = await client.raw(7, asked(7, 'read_a', args));
    assert.equal(said(answer.result), JSON.stringify(JSON.parse(args)));
  }
  assert.match(readFileSync(w.record, 'utf8'), /9007199254740993/);
  const answer = await client.raw(8, asked(8, 'read_a', '{"n":9007199254740993}'));
  assert.equal(code(answer.result), 'ambiguous_request');
});

test('a part of a schema that has no meaning costs only the calls that need it', async (t) => {
  const schema = object(
    {
      a: { type: 'string' },
      b: { $ref: '#/definitions/Gone' },
      c: { type: 'str' },
      d: { type: 'string', minLength: '1' },
    },
    { $defs: { unused: { $ref: '#/$defs/nowhere' } } },
  );
  const { w, command, client } = await piped(
    t,
    first(tool('read_a', schema)),
    '{name: read_a, class: read_only, args: {c: {required: false, in: [x, 5]}}}',
  );
  await passes(client, 'read_a', { a: 'x' });
  await passes(client, 'read_a', { a: 'x', c: 'x' });
  await denied(client, 'read_a', { b: 'x' }, 'schema', /arguments.b` .*cannot be checked/);
  await denied(client, 'read_a', { d: 'x' }, 'schema', /arguments.d` .*cannot be checked/);
  const { text } = checked(w, command);
  assert.match(text, /`\/properties\/b\/\$ref`: leads nowhere/);
  assert.match(text, /`d` of `read_a`.*no value passes one until `args/);
  assert.match(text, /your own limit of `c` stands for it/);
});

// C5. Cursors.
for (const [what, cursors] of [
  ['empty', ['']],
  ['its own again', ['a', 'a']],
  ['one of a ring', ['a', 'b', 'a']],
]) {
  test(`a next cursor that is ${what} ends the list`, async (t) => {
    const lists = {};
    let at = '';
    cursors.forEach((next, i) => {
      lists[at] = JSON.stringify({
        tools: [tool(`read_${i}`, object({ a: {} }))],
        nextCursor: next,
      });
      at = next;
    });
    if (cursors.at(-1) === 'a' && cursors.length === 3)
      lists.b = JSON.stringify({ tools: [tool('read_2', object({ a: {} }))], nextCursor: 'a' });
    const { w, command, client } = await piped(t, { lists });
    const names = (await client.request('tools/list', {})).result.tools.map((one) => one.name);
    assert.equal(names[0], 'read_0');
    assert.equal(new Set(names).size, names.length);
    await passes(client, 'read_0', { a: 'x' });
    assert.ok(w.seen('tools/list').length <= 8, `${w.seen('tools/list').length} pages`);
    assert.match(checked(w, command).text, /`nextCursor` is empty or one that it gave before/);
  });
}

// C6. One bad tool among good ones.
const error = (message, id) =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32000, message } });
const good = tool('read_good', object({ a: {} }));
for (const [what, bad, named] of [
  ['`required: null`', '{"name":"read_bad","inputSchema":{"required":null}}', 'read_bad'],
  ['no name', '{"inputSchema":{"type":"object"}}', 'a tool without a name'],
  ['null in its place', 'null', 'a tool without a name'],
  ['a schema that is a text', '{"name":"read_bad","inputSchema":"none"}', 'read_bad'],
  ['a description that is a number', '{"name":"read_bad","description":5}', 'read_bad'],
  ['hints that are a number', '{"name":"read_bad","annotations":5}', 'read_bad'],
]) {
  test(`a tool with ${what} is left out, alone and named`, async (t) => {
    const how = { lists: { '': `{"tools":[${bad},${JSON.stringify(good)}]}` } };
    const { w, command, client } = await piped(t, how);
    await passes(client, 'read_good', { a: 'x' });
    const { result } = await client.request('tools/list', {});
    assert.deepEqual(
      result.tools.map((one) => one.name),
      ['read_good'],
    );
    assert.ok(w.pawl('audit', 'query', '--json').out.includes(named.replace('a tool', 'a tool')));
    const out = path.join(w.dir, 'first.yaml');
    const made = w.pawl('init', '--out', out, '--', ...command);
    assert.equal(made.status, 0, made.err);
    assert.ok(made.err.includes(named), made.err);
    assert.match(readFileSync(out, 'utf8'), /read_good/);
  });
}

test('two tools that are the same are one, two that differ are none', async (t) => {
  const other = { ...good, description: 'another' };
  const { client } = await piped(
    t,
    first(good, good, tool('read_two', object({})), {
      ...tool('read_two', object({})),
      title: 'x',
    }),
  );
  await passes(client, 'read_good', { a: 'x' });
  await denied(client, 'read_two', {}, 'tool_changed');
  assert.notDeepEqual(other, good);
});

test('arguments that are null are none', async (t) => {
  const { w, client } = await piped(t, first(good));
  const answer = await client.raw(9, asked(9, 'read_good', 'null'));
  assert.equal(said(answer.result), 'null');
  assert.deepEqual(
    Object.keys(w.calls('read_good')[0].params).filter((one) => one !== '_meta'),
    ['name'],
  );
  const list = await client.raw(10, asked(10, 'read_good', '[]'));
  assert.equal(code(list.result), 'ambiguous_request');
});

test('names with a slash and arguments with brackets can be granted', async (t) => {
  const list = first(
    tool('repos/read', object({ 'filter[status]': { type: 'string' }, 'a.b': {}, $top: {} })),
    tool('repos/drop', object({})),
  );
  const entry =
    '{name: "*/repos/read", class: read_only, ' +
    'args: {"filter[status]": [open], "[\'a.b\']": {required: false, in: [x]}}}';
  const { w, command, client } = await piped(t, list, entry);
  await passes(client, 'repos/read', { 'filter[status]': 'open', 'a.b': 'x', $top: '1' });
  await denied(
    client,
    'repos/read',
    { 'filter[status]': 'shut' },
    'constraint',
    /filter\[status\]/,
  );
  await denied(client, 'repos/read', { 'filter[status]': 'open', 'a.b': 'y' }, 'constraint');
  await denied(client, 'repos/drop', {}, 'not_granted');
  assert.equal(checked(w, command).status, 0);
  const out = path.join(w.dir, 'first.yaml');
  assert.equal(w.pawl('init', '--out', out, '--', ...command).status, 0);
  assert.match(readFileSync(out, 'utf8'), /\*\/repos\/read/);
  w.enrol();
  const accepted = w.pawl('accept', '--policy', w.policy, '--yes', '--as', 'ada', '--', ...command);
  assert.equal(accepted.status, 0, accepted.err);
  await client.close();
  const again = await w.client({ command });
  await passes(again, 'repos/read', { 'filter[status]': 'open' });
});

// C7. Failures of a server are its failures.
for (const [what, lose] of [
  ['400 and a sentence', [400, error('Bad Request: No valid session ID provided', null)]],
  ['400 and plain words', [400, 'Invalid or missing session ID']],
  ['400, not initialized', [400, error('Bad Request: Server not initialized', 'x')]],
  ['404', [404, '']],
]) {
  test(`a session that is lost with ${what} is opened again`, async (t) => {
    const { client } = await reached(t, {
      ...first(tool('read_good', object({ lose: {} }))),
      lose,
    });
    await passes(client, 'read_good', { lose: true });
    const lost = await client.call('read_good', {});
    assert.doesNotMatch(said(lost), /tool_changed|pawl accept/);
    for (let i = 0; i < 50; ++i) {
      const result = await client.call('read_good', {});
      if (said(result) === '{}') return;
      assert.doesNotMatch(said(result), /tool_changed|pawl accept/);
      await sleep(100);
    }
    assert.fail('it never came back');
  });
}

test('a 400 that is about the request is no lost session', async (t) => {
  const { w, client } = await reached(t, { ...first(good), lose: [400, 'malformed'] });
  await passes(client, 'read_good', { a: 'x' });
  assert.equal(w.seen('initialize').length, 1);
});

test('a server that is elsewhere is named with the place', async (t) => {
  const { config, w, client } = await reached(t, { move: [307, 'http://127.0.0.1:1/mcp/'] });
  assert.match(JSON.stringify(client.server), /307.*http:\/\/127\.0\.0\.1:1\/mcp\/.*url/);
  const made = w.pawl('init', '--out', '-', '--server', 'notes', '--config', config);
  assert.notEqual(made.status, 0);
  assert.match(made.err, /http:\/\/127\.0\.0\.1:1\/mcp\//);
});

test('a server that has no tools, or refuses its list, has failed', async (t) => {
  const bare = await piped(t, { ...first(good), capabilities: {} });
  await denied(
    bare.client,
    'read_good',
    {},
    'upstream_failed',
    /`capabilities` that it has no tools/,
  );
  const refuses = await piped(t, { refuse: 'log in first' });
  await denied(refuses.client, 'read_good', {}, 'upstream_failed', /log in first/);
  for (const { w, client } of [bare, refuses]) {
    assert.equal(w.calls().length, 0);
    assert.doesNotMatch(JSON.stringify(client.heard), /pawl accept/);
  }
});

// C8. Signs in file names.
test('a file name with `$` or `%` is permitted where the policy says so', async (t) => {
  const schema = object({ path: { type: 'string' } });
  for (const [signs, refused] of [
    ['', ['$', '%']],
    [', signs: $', ['%']],
    [', signs: "$%"', []],
  ]) {
    const entry = `{name: read_file, class: read_only, args: {path: {under: /srv/app${signs}}}}`;
    const { client } = await piped(t, first(tool('read_file', schema)), entry);
    for (const sign of ['$', '%']) {
      const args = { path: `/srv/app/routes/${sign}id.tsx` };
      if (!refused.includes(sign)) await passes(client, 'read_file', args);
      else await denied(client, 'read_file', args, 'constraint', /`signs` of `path` permits it/);
    }
    await denied(client, 'read_file', { path: '/srv/app/$x/../../y' }, 'constraint');
  }
});

// C11. Texts of several lines.
test('a text that is described as a document may have lines, and init says so', async (t) => {
  const schema = object({
    manifest: { type: 'string', description: 'YAML to apply' },
    spec_text_in: { type: 'string', description: 'The YAML or JSON document to create' },
    name: { type: 'string', description: 'Name of the document' },
  });
  const { w, command, client } = await piped(t, first(tool('read_a', schema)));
  await passes(client, 'read_a', { manifest: 'a: 1\nb: 2\n', spec_text_in: 'a\nb' });
  await denied(client, 'read_a', { name: 'a\nb' }, 'constraint');
  const out = path.join(w.dir, 'first.yaml');
  assert.equal(w.pawl('init', '--out', out, '--', ...command).status, 0);
  const text = readFileSync(out, 'utf8');
  assert.match(text, /\n        manifest: \{single_line: false, required: false\}\n/);
  assert.match(text, /\n        spec_text_in: \{single_line: false/);
  assert.doesNotMatch(text, /\n        "?name"?: \{single_line/);
});
