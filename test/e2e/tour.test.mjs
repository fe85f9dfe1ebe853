// The tour of README.md, to the letter: its own commands, in their order, with the client and the
// server that it names, by a person who has never used pawl.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Newcomer, assertShown, blocks } from './typed.mjs';
import { sleep } from './world.mjs';

const folder = '/tmp/pawl-example';
const heading = 'A tour in five minutes';

test('the tour of README works to the letter', async (t) => {
  spawnSync('rm', ['-rf', folder]);
  const one = new Newcomer('examples');
  t.after(() => one.end());
  t.after(() => spawnSync('rm', ['-rf', folder]));
  const all = blocks('README.md', heading);
  const next = (words) => {
    const block = all.shift();
    assert.ok(block?.text.includes(words), `not ${words} but\n${block?.text}`);
    return block;
  };
  // The program is the one that the first block puts on the path.
  const path = next('export PATH');
  const found = await one.run(`${path.text}\ncommand -v pawl`);
  assert.equal(found.out.trim(), `${one.at}/build/release/src/app/pawl`);
  await one.type(next('pawl check'));
  await one.type(next('pawl decide'), { status: 1 });
  await one.type(next('pawl explain'), { status: 1 });
  await one.type(next('pawl describe'));
  await one.type(next('pawl test'));
  await one.type(next('pawl reviewers add'));
  // The inspector ends with 5 where a tool reports an error.
  await one.type(next('read_text_file'), { status: 5 });
  const moving = one.shell(next('move_file').text);
  moving.stdout.on('data', (bytes) => (moving.text += bytes));
  const answers = next('pawl approvals list');
  let asked = null;
  for (let i = 0; i < 200 && !asked; ++i) {
    asked = (await one.run(answers.text.split('\n')[0])).out.match(/\ba-[0-9a-z]+/);
    if (!asked) await sleep(50);
  }
  assert.ok(asked, moving.text);
  // The block as it stands, with the approval request that there is in the place of the example.
  await one.type(answers, { words: (text) => text.replaceAll(/a-7k2\b/g, asked[0]) });
  assert.equal(await moving.over, 0, moving.text);
  assertShown(moving.text, 'Successfully moved', 'move_file');
  await one.type(next('pawl kill'));
  await one.type(next('pawl audit tail'));
  assert.deepEqual(all, [], 'everything was typed');
});

test('who acts is said, or is the only one that there is', async (t) => {
  const one = new Newcomer();
  t.after(() => one.end());
  const none = await one.run('pawl resume all');
  assert.notEqual(none.status, 0);
  assert.match(none.out, /no reviewer is enrolled/);
  assert.equal((await one.run('pawl reviewers add you')).status, 0);
  assert.equal((await one.run('pawl kill all --reason x; pawl resume all')).status, 0);
  const wrong = await one.run('pawl kill all --reason x; pawl resume all --as yuo');
  assert.notEqual(wrong.status, 0);
  assert.match(wrong.out, /no reviewer is called `yuo`; enrolled is `you`/);
  assert.equal((await one.run('pawl reviewers add bob')).status, 0);
  const two = await one.run('pawl resume all');
  assert.notEqual(two.status, 0);
  assert.match(two.out, /--as NAME`; enrolled are `bob`, `you`/);
  assert.equal((await one.run('pawl resume all --as you')).status, 0);
  const named = await one.run('pawl kill all --reason x; PAWL_REVIEWER=bob pawl resume all');
  assert.equal(named.status, 0, named.out);
});
