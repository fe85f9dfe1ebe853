// What `pawl check` says of a file that `pawl init` wrote for a real server: little, each with what
// ends it, and that ends it.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { World, fixture, modules } from './world.mjs';

const real = (name) => path.join(modules, '@modelcontextprotocol', name, 'dist/index.js');
const servers = {
  filesystem: (dir) => [real('server-filesystem'), dir],
  everything: () => [real('server-everything')],
  memory: () => [real('server-memory')],
  sqlite: (dir) => [path.join(modules, 'mcp-server-sqlite/dist/index.js'), `${dir}/x.db`],
  fixture: () => [fixture],
};

function world(t) {
  const w = new World('');
  t.after(() => w.end());
  const data = path.join(w.dir, 'data');
  mkdirSync(data);
  return { w, data };
}
function findings(w, command = []) {
  const words = command.length ? ['--', ...command] : [];
  const done = w.pawl('check', '--json', w.policy, ...words);
  assert.equal(done.status, 0, done.out + done.err);
  return JSON.parse(done.out)[0].findings.map((one) => one.message);
}

for (const [name, words] of Object.entries(servers)) {
  test(`check on what init wrote of ${name}: at most three findings`, (t) => {
    const { w, data } = world(t);
    const command = ['node', ...words(data)];
    const made = w.pawl('init', '--force', '--out', w.policy, '--', ...command);
    assert.equal(made.status, 0, made.err);
    for (const found of [findings(w), findings(w, command)]) {
      assert.ok(found.length <= 3, found.join('\n'));
      for (const one of found) assert.match(one, /`[^`]+: [^`]+`|`pawl [a-z]+ /);
    }
  });
}

test('what a finding says ends it: nothing is left', (t) => {
  const { w, data } = world(t);
  const command = ['node', ...servers.filesystem(data)];
  assert.equal(w.pawl('init', '--force', '--out', w.policy, '--', ...command).status, 0);
  const [first, second, ...more] = findings(w, command).sort();
  assert.deepEqual(more, []);
  assert.match(first, /`write_file`, `edit_file`.*: a held call has no reviewer.*`pawl reviewers add/);
  assert.equal(w.pawl('reviewers', 'add', 'ada').status, 0);
  const line = /`(escalation: [^`]+)`/.exec(second)[1];
  writeFileSync(w.policy, readFileSync(w.policy, 'utf8') + line + '\n');
  assert.deepEqual(findings(w, command), []);
});

test('a field that the server does not return is an error with the nearest name', (t) => {
  const { w } = world(t);
  const file = (fields) => `
version: 1
agent: {id: a, identity: a@x, owner: o}
tools:
  allowed:
    - {name: get-structured-content, class: read_only, scope: [${fields}]}
`;
  const check = (fields) => {
    writeFileSync(w.policy, file(fields));
    return w.pawl('check', w.policy, '--', 'node', ...servers.everything());
  };
  assert.equal(check('temperature, humidity').status, 0);
  const wrong = check('temperature, conditons');
  assert.equal(wrong.status, 1);
  const text = wrong.out.replace(/\s+/g, ' ');
  assert.match(text, /:6:\d+: error: .*returns no `conditons`.*did you mean `conditions`\?/);
});
