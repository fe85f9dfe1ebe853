// `pawl mcp --task FILE` in front of a real server: a run that keeps less than its role, with
// values that only its sponsor may name.
import assert from 'node:assert/strict';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { World, code, modules, sleep } from './world.mjs';

const server = path.join(modules, '@modelcontextprotocol/server-filesystem/dist/index.js');
// A process of its own as the client: `pawl mcp` asks whether the task is older than who names it.
const through = ['sh', '-c', '"$@"; exit $?', 'sh'];

function world(t) {
  const w = new World('');
  t.after(() => w.end());
  const root = path.join(realpathSync(w.dir), 'files');
  mkdirSync(path.join(root, 'ok'), { recursive: true });
  for (const name of ['bill.txt', 'other.txt'])
    writeFileSync(path.join(root, 'ok', name), `words of ${name}\n`);
  writeFileSync(
    w.policy,
    `
version: 1
agent: {id: clerk, identity: clerk@example}
tools:
  allowed:
    - {name: read_text_file, class: read_only, args: {path: {path: {under: [${root}/ok]}, from: user}}}
    - {name: list_directory, class: read_only, args: {path: {path: {under: [${root}/ok]}}}}
    - {name: create_directory, class: reversible small, args: {path: {path: {under: [${root}/ok]}}}}
execution: {max_steps: 50}
`,
  );
  return [w, root];
}

// Written by the person, some time before the client starts.
async function task(w, text) {
  const file = path.join(w.dir, 'task.yaml');
  writeFileSync(file, text, { mode: 0o600 });
  await sleep(200);
  return file;
}

const opened = (w) =>
  w
    .pawl('audit', 'query', '--json')
    .out.split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .find((record) => record.type === 'run.opened');

test('a task keeps tools, words and ceilings, and is in the journal', async (t) => {
  const [w, root] = world(t);
  const file = await task(
    w,
    `
version: 1
text: "Please read ${root}/ok/bill.txt and make a folder for it."
tools:
  - read_text_file
  - {name: create_directory, max_calls_per_run: 1}
execution: {max_steps: 6}
`,
  );
  const args = ['--task', file];
  const client = await w.client({ command: ['node', server, root], args, through });
  const read = await client.call('read_text_file', { path: `${root}/ok/bill.txt` });
  assert.match(JSON.stringify(read), /words of bill/);
  const other = await client.call('read_text_file', { path: `${root}/ok/other.txt` });
  assert.equal(code(other), 'origin', JSON.stringify(other));
  const left_out = await client.call('list_directory', { path: `${root}/ok` });
  assert.equal(code(left_out), 'not_granted', JSON.stringify(left_out));
  const made = await client.call('create_directory', { path: `${root}/ok/a` });
  assert.equal(made.isError, undefined, JSON.stringify(made));
  const again = await client.call('create_directory', { path: `${root}/ok/b` });
  assert.equal(code(again), 'ceiling', JSON.stringify(again));
  await client.call('read_text_file', { path: `${root}/ok/bill.txt` });
  const late = await client.call('read_text_file', { path: `${root}/ok/bill.txt` });
  assert.match(code(late), /ceiling|run_halted/);
  await client.close();
  assert.match(opened(w).task, /^sha256:[0-9a-f]{64}$/);
  const replayed = w.pawl('replay', 'last');
  assert.equal(replayed.status, 0, replayed.out + replayed.err);
});

test('without a task no value comes from a sponsor, and the role keeps its tools', async (t) => {
  const [w, root] = world(t);
  const client = await w.client({ command: ['node', server, root], through });
  const read = await client.call('read_text_file', { path: `${root}/ok/bill.txt` });
  assert.equal(code(read), 'origin', JSON.stringify(read));
  const listed = await client.call('list_directory', { path: `${root}/ok` });
  assert.match(JSON.stringify(listed), /bill\.txt/);
  assert.equal(opened(w).task, undefined);
});

for (const [why, prepare, says] of [
  [
    'grants more than its role',
    (w) => task(w, 'version: 1\ntext: x\ntools: [write_file]\n'),
    /does not grant `write_file`/,
  ],
  [
    'is younger than its client',
    (w) => {
      const file = path.join(w.dir, 'task.yaml');
      return { file, script: `sleep 0.1; printf "version: 1\\ntext: x\\n" > ${file}; "$@"; exit $?` };
    },
    /younger than the client/,
  ],
  [
    'may be written by others',
    async (w) => {
      const file = await task(w, 'version: 1\ntext: x\n');
      const { chmodSync } = await import('node:fs');
      chmodSync(file, 0o666);
      return file;
    },
    /written by others/,
  ],
]) {
  test(`a task that ${why} opens no run`, async (t) => {
    const [w, root] = world(t);
    const made = await prepare(w);
    const file = made.file ?? made;
    const way = made.script ? ['sh', '-c', made.script, 'sh'] : through;
    const client = await w.client({
      command: ['node', server, root],
      args: ['--task', file],
      through: way,
    });
    assert.match(client.server.result.instructions, /^Every call is denied: /);
    assert.match(client.err.replace(/\s+/g, ' '), says);
    assert.equal(opened(w), undefined);
  });
}
