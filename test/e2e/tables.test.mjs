// The tables of adversarial spellings (test/adversarial) against the servers that read them.
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '../../examples/incidents/postgres.mjs';
import { World, code, modules } from './world.mjs';

const tables = path.join(path.dirname(fileURLToPath(import.meta.url)), '../adversarial');

// Verdict and text of each line.
function lines(kind) {
  const found = [];
  for (const line of readFileSync(path.join(tables, `${kind}.table`), 'utf8').split('\n')) {
    const parts = /^(allow|deny)\s+("(?:[^"\\]|\\.)*")\s+# /.exec(line);
    if (parts) found.push({ allow: parts[1] === 'allow', text: JSON.parse(parts[2]) });
  }
  return found;
}

// A file with words of its own, where the name can be one.
function put(file, words) {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    if (!existsSync(file)) writeFileSync(file, words);
  } catch {
    // A directory stands there, or the name is none.
  }
}

test('paths: the file server reads what was judged, and nothing outside', async (t) => {
  const w = new World('');
  t.after(() => w.end());
  const root = realpathSync(w.dir) + '/files';
  mkdirSync(path.join(root, 'ok'), { recursive: true });
  for (const name of ['secret', 'ok2', 'ok/closed/a', 'ok/key.pem', 'ok/.git/config', 'other/x']) {
    put(path.join(root, name), 'canary');
  }
  writeFileSync(
    w.policy,
    `
agent: {id: files, identity: files@example, owner: o@example}
tools:
  allowed:
    - {name: read_text_file, class: read_only, args: {path: {path: {under: ${root}/ok, not_in: ["*.pem", ".git/**", "${root}/ok/closed"]}}}}
`,
  );
  const server = path.join(modules, '@modelcontextprotocol/server-filesystem/dist/index.js');
  const client = await w.client({ command: ['node', server, root] });
  let passed = 0;
  for (const { allow, text } of lines('path')) {
    // The table speaks of /srv; here that is the folder of this test.
    const spelling = text.replaceAll('/srv', root);
    if (allow) put(spelling, `inside ${spelling}`);
    const result = await client.call('read_text_file', { path: spelling });
    const words = JSON.stringify(result.content ?? '');
    assert.equal(code(result) === 'constraint', !allow, `${JSON.stringify(text)}: ${words}`);
    assert.ok(!words.includes('canary'), JSON.stringify(text));
    if (!allow || result.isError) continue;
    assert.equal(result.content[0].text, `inside ${spelling}`);
    ++passed;
  }
  assert.ok(passed >= 8, `${passed} files were read`);
});

test('paths: a directory that is a link leads where it led when the run began', async (t) => {
  const w = new World('');
  t.after(() => w.end());
  const root = realpathSync(w.dir) + '/files';
  put(path.join(root, 'real/note'), 'inside');
  put(path.join(root, 'other/note'), 'outside');
  symlinkSync(path.join(root, 'real'), path.join(root, 'link'));
  writeFileSync(
    w.policy,
    `
agent: {id: files, identity: files@example, owner: o@example}
tools:
  allowed:
    - {name: read_text_file, class: read_only, args: {path: {path: {under: ${root}/link}}}}
`,
  );
  const server = path.join(modules, '@modelcontextprotocol/server-filesystem/dist/index.js');
  const client = await w.client({ command: ['node', server, root] });
  const read = () => client.call('read_text_file', { path: `${root}/link/note` });
  assert.equal((await read()).content[0].text, 'inside');
  symlinkSync(path.join(root, 'other'), path.join(root, 'link.new'));
  renameSync(path.join(root, 'link.new'), path.join(root, 'link'));
  assert.equal(code(await read()), 'constraint');
  // What was decided is decided again from what was recorded, wherever the link leads now.
  const replay = w.pawl('replay', 'last');
  assert.equal(replay.status, 0, replay.out + replay.err);
  assert.match(replay.out, /2 decisions: .*all equal/);
});

test('sql: what is allowed changes and shows nothing else in PostgreSQL', async (t) => {
  const postgres = startPostgres(t);
  if (!postgres) return t.skip('PostgreSQL is not installed');
  const { sql } = postgres;
  const fresh = `drop table if exists orders, customers;
    create table orders as select g as id, 0 as status from generate_series(1, 10) g;
    create table customers as select 1 as id, 'canary' as name`;
  const state = () =>
    sql(`select (select count(*) from pg_class), (select count(*) from pg_proc),
      (select string_agg(rolname || rolsuper, ',') from pg_roles),
      (select string_agg(c::text, ',') from customers c),
      (select string_agg(o::text, ',' order by id) from orders o where id <> 7)`).stdout;
  let allowed = 0;
  for (const { allow, text } of lines('sql')) {
    if (!allow) continue;
    assert.equal(sql(fresh).status, 0);
    const before = state();
    const done = sql(text);
    assert.equal(done.status, 0, `${text}: ${done.stderr}`);
    assert.equal(state(), before, text);
    assert.ok(!done.stdout.includes('canary'), text);
    ++allowed;
  }
  assert.ok(allowed >= 12, `${allowed} statements ran`);
});

// The server from npm wraps each query into a transaction that may only read, and takes several
// statements at once: one that ends the transaction is outside of it.
test('sql: a server of npm in front of PostgreSQL runs what the policy lets through', async (t) => {
  const postgres = startPostgres(t);
  if (!postgres) return t.skip('PostgreSQL is not installed');
  const fresh = `drop table if exists orders, customers;
    create table orders as select g as id, 0 as status from generate_series(1, 10) g;
    create table customers as select 1 as id, 'canary' as name`;
  assert.equal(postgres.sql(fresh).status, 0);
  const kept = () =>
    postgres.sql('select (select count(*) from orders), (select count(*) from customers)').stdout;
  const server = path.join(modules, '@modelcontextprotocol/server-postgres/dist/index.js');
  const way_out = 'COMMIT; DROP TABLE customers';
  const policy = (rule) => `
agent: {id: reports, identity: reports@example, owner: o@example}
tools:
  allowed:
    - {name: query, class: read_only, args: {sql: ${rule}}}
accept_risk:
  - {rule: tools/query/class, reason: the rule reads the statement, owner: o@example, until: 2099-01-01}
`;
  const ask = async (rule, texts) => {
    const w = new World(policy(rule));
    t.after(() => w.end());
    const client = await w.client({ command: ['node', server, postgres.url] });
    const results = [];
    for (const text of texts) results.push(await client.call('query', { sql: text }));
    return results;
  };
  // Without a rule for what is inside, the way out works: the server alone does not keep it.
  const [alone] = await ask('{max_length: 500, single_line: false}', [way_out]);
  assert.notEqual(postgres.sql('select count(*) from customers').status, 0, JSON.stringify(alone));
  assert.equal(postgres.sql(fresh).status, 0);

  const rule = '{sql: {dialect: postgresql, statements: [select], tables: [orders]}}';
  const denied = [way_out, 'select name from customers', 'select 1; drop table orders',
    'with gone as (delete from orders returning id) select count(*) from gone',
    "select pg_read_file('/etc/passwd')", 'explain analyze delete from orders',
    "copy orders to program 'id'", "do $$ begin drop table orders; end $$"];
  const answers = await ask(rule, ['select count(*) from orders', ...denied]);
  assert.match(answers[0].content[0].text, /"count": *"10"/);
  answers.slice(1).forEach((answer, i) => assert.equal(code(answer), 'constraint', denied[i]));
  assert.equal(kept(), '10|1\n');
});
