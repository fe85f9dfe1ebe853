// Definitions of real servers, which are not part of this tree: they are looked for below
// `definitions` in $PAWL_CONFORMANCE_DIR, and without them the tests are skipped.
// Each definition loads, an entry binds to it, and a call with arguments made from its own schema
// goes through; one that the schema forbids does not. `init` writes a file for each server, of
// which `check` finds little to say. Of the changes of one server over fifteen months, those of
// hints alone are one line of `accept`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { World, modules, pawl } from './world.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const habits = path.join(here, 'habits.mjs');
const given = process.env.PAWL_CONFORMANCE_DIR ?? '';
const folder = path.join(given, 'definitions', 'dev');
const there = given && existsSync(path.join(folder, 'servers.jsonl.gz'));
const skip = there ? false : 'there are no definitions: $PAWL_CONFORMANCE_DIR names their folder';
const read = (file) =>
  gunzipSync(readFileSync(path.join(folder, file)))
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

// A value that a schema permits, as a client would make it from what the schema says.
function sample(schema, root, depth = 0) {
  if (typeof schema !== 'object' || schema === null || depth > 8) return 'a';
  if (schema.$ref) {
    const steps = schema.$ref.replace(/^#\/?/, '').split('/').filter(Boolean);
    const step = (at, name) => at?.[name.replaceAll('~1', '/').replaceAll('~0', '~')];
    return sample(steps.reduce(step, root), root, depth + 1);
  }
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  for (const key of ['anyOf', 'oneOf']) {
    if (schema[key] && !schema.properties) return sample(schema[key][0], root, depth + 1);
  }
  if (schema.allOf && !schema.type) {
    const parts = schema.allOf.map((one) => sample(one, root, depth + 1));
    return parts.every((one) => typeof one === 'object') ? Object.assign({}, ...parts) : parts[0];
  }
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type ?? (schema.properties ? 'object' : schema.items ? 'array' : 'string')) {
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'integer':
    case 'number': {
      const least = schema.minimum ?? (schema.exclusiveMinimum ?? 0) + 1;
      return Math.min(Math.max(least, 1), schema.maximum ?? Infinity);
    }
    case 'array':
      return Array.from({ length: Math.max(schema.minItems ?? 1, 1) }, () =>
        sample(schema.items ?? schema.prefixItems?.[0] ?? {}, root, depth + 1),
      );
    case 'object':
      return whole(schema, root, () => true, depth + 1);
    default:
      return text(schema);
  }
}
function text({ pattern, minLength = 0, maxLength = Infinity }) {
  const tries = [
    'a',
    '',
    '1',
    '2025-01-01',
    'a1b2',
    'A',
    'abc/def',
    'a@b.example',
    '#ffffff',
    'ab-1',
  ];
  tries.push(
    'https://a.example/x',
    '2025-01-01T00:00:00Z',
    '12:00',
    '1.2.3',
    'aaaaaaaa',
    '+1234567',
  );
  const fits = (one) => !pattern || new RegExp(pattern, 'u').test(one);
  const found = tries.find(fits) ?? 'a';
  return found.padEnd(minLength, 'a').slice(0, Math.max(Math.min(maxLength, 1e6), 0));
}
function whole(schema, root, wanted, depth = 0) {
  const out = {};
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    if (wanted(name)) out[name] = sample(inner, root, depth + 1);
  }
  return out;
}

const policy = `
version: 1
agent: {id: tester, identity: tester@example, owner: o@example}
tools: {allowed: [{name: "*"}]}
`;
function decide(w, calls) {
  const lines = calls.map((call, i) => JSON.stringify({ run: `r${i}`, ...call })).join('\n') + '\n';
  const done = spawnSync(pawl, ['decide', '--stream', '--policy', w.policy], {
    input: lines,
    encoding: 'utf8',
    env: w.env,
    maxBuffer: 1 << 28,
  });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout.trim().split('\n').map(JSON.parse);
}

test('every definition can be called as its schema says, and not otherwise', { skip }, (t) => {
  const w = new World(policy);
  t.after(() => w.end());
  const all = [...read('servers.jsonl.gz'), ...read('github-drift.jsonl.gz')].filter(
    (one) => one.definition,
  );
  assert.ok(all.length >= 1000, `${all.length} definitions`);
  const good = [];
  const bad = [];
  let unlike = 0; // samples that are none: conditions between arguments
  const { default: Ajv } = createRequire(path.join(modules, 'x.js'))('ajv/dist/2020');
  const ajv = new Ajv({ strict: false, validateFormats: false, logger: false });
  // Two schemas of these have a part that no validator reads; the others judge the samples too.
  const permits = (schema, args) => {
    try {
      return ajv.validate(schema, args);
    } catch {
      return true;
    }
  };
  for (const { server, definition } of all) {
    const schema = definition.inputSchema ?? { type: 'object' };
    const call = (args) => ({ server, tool: definition.name, arguments: args, schema });
    const required = schema.required ?? [];
    const listed = Object.entries(schema.properties ?? {});
    for (const wanted of [() => true, (name) => required.includes(name)]) {
      const args = whole(schema, schema, wanted);
      if (permits(schema, args)) good.push(call(args));
      else ++unlike;
    }
    for (const name of required) {
      bad.push(call(whole(schema, schema, (one) => required.includes(one) && one !== name)));
    }
    const string = listed.find(([, inner]) => inner?.type === 'string')?.[0];
    if (string) bad.push(call({ ...whole(schema, schema, () => true), [string]: { a: 1 } }));
  }
  const failed = (calls, wrong) =>
    decide(w, calls)
      .map((answer, i) => ({ answer, call: calls[i] }))
      .filter(({ answer }) => wrong(answer))
      .map(({ answer, call }) => `${call.server}/${call.tool}: ${answer.reason ?? answer.code}`);
  assert.deepEqual(
    failed(good, (one) => one.effect === 'deny' || !one.effect),
    [],
  );
  assert.ok(unlike < 10, `${unlike} samples are none`);
  assert.ok(bad.length > 500, `${bad.length} calls`);
  assert.deepEqual(
    failed(bad, (one) => one.effect !== 'deny'),
    [],
  );
  t.diagnostic(`${all.length} definitions, ${good.length} good calls, ${bad.length} bad ones`);
});

test('init writes a file for each server, in which each of its tools stands', { skip }, (t) => {
  const w = new World(policy);
  t.after(() => w.end());
  const servers = new Map();
  for (const { server, definition } of read('servers.jsonl.gz')) {
    servers.set(server, [...(servers.get(server) ?? []), definition]);
  }
  assert.ok(servers.size >= 50);
  const left = [];
  for (const [server, tools] of servers) {
    const how = path.join(w.dir, 'habits.json');
    const out = path.join(w.dir, 'first.yaml');
    writeFileSync(how, JSON.stringify({ lists: { '': JSON.stringify({ tools }) } }));
    const command = ['node', habits, 'stdio', w.record, `@${how}`];
    const made = w.pawl('init', '--force', '--json', '--out', out, '--', ...command);
    assert.equal(made.status, 0, `${server}: ${made.err}`);
    const told = JSON.parse(made.out);
    const distinct = new Set(tools.map((one) => JSON.stringify(one))).size;
    const placed = told.granted + told.asking + told.held + told.commented;
    assert.equal(placed + told.left_out, distinct, `${server}: ${made.out}`);
    const text = readFileSync(out, 'utf8');
    for (const { name } of tools) assert.ok(text.includes(name), `${server}: ${name}`);
    if (told.granted + told.asking + told.held === 0) continue;
    // What is left for the owner to do is little, and each says how it ends.
    const checked = spawnSync(pawl, ['check', '--json', out, '--', ...command], {
      encoding: 'utf8',
      env: w.env,
    });
    assert.equal(checked.status, 0, `${server}: ${checked.stdout}`);
    const found = JSON.parse(checked.stdout)[0].findings;
    left.push(found.length);
    assert.ok(found.length <= 3, `${server}: ${found.map((one) => one.message).join('\n')}`);
    for (const one of found) assert.match(one.message, /`[^`]+: [^`]+`|`pawl [a-z]+ /, server);
  }
  const most = Math.max(...left);
  t.diagnostic(`${left.length} files, at most ${most} findings of check in one`);
});

test('changes of hints alone are one line of accept, and others are shown', { skip }, (t) => {
  const w = new World('');
  t.after(() => w.end());
  writeFileSync(w.policy, policy);
  w.enrol();
  const series = new Map();
  for (const one of read('github-drift.jsonl.gz')) {
    series.set(one.file, [...(series.get(one.file) ?? []), one]);
  }
  // Each series gives the first step of each sort; a tool of its own name stands for it.
  const hints = [];
  const others = [];
  for (const steps of series.values()) {
    for (let i = 1; i < steps.length; ++i) {
      if (!steps[i - 1].definition || !steps[i].definition) continue;
      const form = steps[i].changed.every((what) => ['annotations', '_meta'].includes(what));
      const list = form ? hints : others;
      const name = `${steps[i].definition.name}_${form ? 'f' : 'o'}${list.length}`;
      const as = (definition) => ({ ...definition, name });
      list.push([name, as(steps[i - 1].definition), as(steps[i].definition)]);
      break;
    }
  }
  assert.ok(hints.length >= 20 && others.length >= 5, `${hints.length} and ${others.length}`);
  const offer = (at) => {
    const how = path.join(w.dir, 'habits.json');
    const tools = [...hints, ...others].map((one) => one[at]);
    writeFileSync(how, JSON.stringify({ lists: { '': JSON.stringify({ tools }) } }));
    const command = ['node', habits, 'stdio', w.record, `@${how}`];
    return w.pawl('accept', '--policy', w.policy, '--yes', '--as', 'ada', '--', ...command);
  };
  assert.equal(offer(1).status, 0);
  const second = offer(2);
  assert.equal(second.status, 0, second.err);
  const lines = second.out.split('\n');
  const one = lines.filter((line) => /tools? in form alone/.test(line));
  assert.equal(one.length, 1, second.out.slice(0, 2000));
  for (const [name] of others) {
    assert.ok(!one[0].includes(`${name} `), name);
    assert.ok(
      lines.some((line) => line.startsWith('changed') && line.includes(name)),
      name,
    );
  }
  // Where a hint alone changes the class, the tool is shown like any other change.
  const folded = hints.filter(([name]) => one[0].includes(`${name} (`)).length;
  t.diagnostic(`${folded} of ${hints.length} changes of hints in one line`);
  assert.ok(folded >= hints.length * 0.8, `${folded} of ${hints.length}`);
  assert.match(offer(2).out, /nothing to accept/);
});
