// The tables of adversarial spellings (test/adversarial) against the servers that read them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
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

// PostgreSQL as Debian has it, on a socket in a folder of its own; it does not run as root.
const versions = '/usr/lib/postgresql';
const postgres = (existsSync(versions) ? readdirSync(versions) : [])
  .map((version) => `${versions}/${version}/bin`)
  .find((bin) => existsSync(`${bin}/initdb`));

test('sql: what is allowed changes and shows nothing else in PostgreSQL', async (t) => {
  if (!postgres) return t.skip('PostgreSQL is not installed');
  const dir = mkdtempSync(path.join(tmpdir(), 'pawl-postgres-'));
  const nobody = 65534;
  const as = process.getuid() === 0 ? { uid: nobody, gid: nobody } : {};
  if (as.uid) chownSync(dir, nobody, nobody);
  const run = (program, ...args) => {
    const options = { encoding: 'utf8', cwd: dir, env: { ...process.env, HOME: dir }, ...as };
    return spawnSync(`${postgres}/${program}`, args, { ...options, timeout: 60_000 });
  };
  const data = `${dir}/data`;
  assert.equal(run('initdb', '-D', data, '-A', 'trust', '-U', 'agent', '--no-sync').status, 0);
  const settings = `-c listen_addresses='' -c fsync=off -k ${dir}`;
  assert.equal(run('pg_ctl', '-D', data, '-o', settings, '-l', `${dir}/log`, '-w', 'start').status, 0);
  t.after(() => {
    run('pg_ctl', '-D', data, '-m', 'immediate', 'stop');
    rmSync(dir, { recursive: true, force: true });
  });
  const sql = (text) => run('psql', '-h', dir, '-U', 'agent', '-d', 'postgres', '-At', '-c', text);
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
