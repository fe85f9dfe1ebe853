// What a card keeps when its node does not: a question that was opened before the snapshot with
// which the node began, at the terminal and as the console's page reads it. And what people's
// answers are measured by.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Person, Watched, passphrase } from './console.mjs';
import { World, modules, sleep } from './world.mjs';

const server = path.join(modules, '@modelcontextprotocol/server-filesystem/dist/index.js');
const policy = (root) => `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: list_allowed_directories, class: read_only}
    - {name: create_directory, class: reversible small, requires_approval: true, args: {path: {path: {under: [${root}]}}}}
    - {name: write_file, class: irreversible small, args: {path: {path: {under: [${root}]}}}}
approval: {reviewers: [leads], within: 1h}
execution: {max_steps: 10000}
`;

class Kept extends World {
  constructor(t, env = {}) {
    super('');
    t.after(() => this.end());
    this.root = path.join(this.dir, 'files');
    mkdirSync(this.root);
    writeFileSync(this.policy, policy(this.root));
    Object.assign(this.env, env);
    this.enrol();
  }
  open() {
    return this.client({ command: [process.execPath, server, this.root] });
  }
  write_file(client, name) {
    const args = { path: path.join(this.root, name), content: 'x' };
    return client.call('write_file', args);
  }
  async opened(count) {
    for (let i = 0; i < 400; ++i) {
      const list = this.json('approvals', 'list');
      if (list.length === count) return list;
      await sleep(25);
    }
    throw new Error(`not ${count} questions`);
  }
  records(type) {
    const lines = this.pawl('audit', 'query', '--json').out.split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line)).filter((record) => record.type === type);
  }
  async person() {
    this.console = this.json('console').address;
    this.port = Number(new URL(this.console).port);
    this.request = Watched.prototype.request;
    const one = new Person(this, 'ada');
    assert.equal((await one.signIn(passphrase)).status, 200);
    return one;
  }
}

test('a question from before the snapshot keeps its class, its rule and its facts', async (t) => {
  const w = new Kept(t, { PAWL_SNAPSHOT_RECORDS: '40' });
  const client = await w.open();
  const mild = client.call('create_directory', { path: path.join(w.root, 'new') });
  await w.opened(1);
  const grave = w.write_file(client, 'f');
  grave.catch(() => {});
  mild.catch(() => {});
  const before = await w.opened(2);
  assert.deepEqual(before.map((each) => each.class), ['irreversible small', 'reversible small']);
  const [{ approval, run }] = before;
  const card = w.pawl('approvals', 'show', approval).out;
  assert.match(card, /is +irreversible small/);
  assert.match(card, /rule +\S+policy\.yaml:\d+/);
  // The path leads where it says, which is not said twice.
  assert.match(card, /path +\S+\/f\n/);
  assert.doesNotMatch(card, /leads to/);
  assert.doesNotMatch(card, /not kept/);
  // Enough records for a snapshot behind both of them.
  for (let i = 0; i < 30; ++i) await client.call('list_allowed_directories', {});
  const taken = w.records('snapshot.taken');
  assert.ok(taken.length > 0, 'a snapshot was written');
  const opening = w.records('approval.opened').find((record) => record.approval === approval);
  assert.ok(taken.at(-1).size > opening.seq, 'the question lies behind it');
  // It counts from the next signed checkpoint on.
  const verified = () => w.pawl('audit', 'verify').out;
  const signed = () => Number(/signed +(\d+) records/.exec(verified())?.[1] ?? 0);
  for (let i = 0; i < 400 && signed() <= taken.at(-1).seq; ++i) await sleep(25);
  w.killNode();
  client.child.kill('SIGKILL');
  await client.closed;
  await sleep(100);

  const after = w.json('approvals', 'list');
  const told = (list) => list.map((each) => [each.approval, each.class, each.risk]);
  assert.deepEqual(told(after), told(before), 'the order by risk is the same');
  assert.match(w.pawl('approvals', 'list').out, /irreversible small/);
  const again = w.pawl('approvals', 'show', approval).out;
  const part = (text, row) => text.split('\n').filter((line) => line.startsWith(row));
  for (const row of ['is ', 'rule ', 'path ', 'tool ']) {
    assert.deepEqual(part(again, row), part(card, row), row);
  }
  assert.doesNotMatch(again, /found out about it/);
  assert.match(again, new RegExp(`before that is not kept here: see \`pawl replay ${run}\``));
  // The same as the page reads it.
  const ada = await w.person();
  const rows = (await ada.json('approvals')).approvals;
  assert.deepEqual(told(rows), told(before));
  const { approval: shown } = await ada.json(`approvals/${approval}`);
  assert.match(shown.rule_at, /policy\.yaml:\d+/);
  assert.ok(shown.facts.some((fact) => fact.name === 'tool'));
  assert.equal(shown.facts_missing, undefined);
  assert.match(shown.earlier, /pawl replay/);
});

test('how fast an answer was is counted from the card, and said at the terminal', async (t) => {
  const w = new Kept(t);
  const client = await w.open();
  const first = w.write_file(client, 'slow');
  const [{ approval }] = await w.opened(1);
  w.pawl('approvals', 'show', approval, '--json');
  w.env = { ...w.env, PAWL_REVIEWER: 'ada' };
  w.pawl('approvals', 'show', approval);
  await sleep(2100);
  assert.equal(w.approve(approval).status, 0);
  assert.equal((await first).isError, undefined);
  let said = w.json('approvals', 'stats');
  let [ada] = said.reviewers;
  assert.deepEqual([ada.answers, ada.displayed, ada.hasty], [1, 1, 0]);
  assert.ok(ada.median_seconds >= 2 && ada.median_seconds <= ada.median_open_seconds);
  const second = w.write_file(client, 'fast');
  const [next] = await w.opened(1);
  await sleep(2500);
  const one = await w.person();
  assert.equal((await one.approve(next.approval)).status, 200);
  assert.equal((await second).isError, undefined);
  said = w.json('approvals', 'stats');
  [ada] = said.reviewers;
  assert.deepEqual([ada.answers, ada.displayed, ada.hasty, ada.at_once], [2, 2, 1, 0]);
  const page = w.pawl('approvals', 'stats').out;
  assert.match(page, /under two seconds +1 approvals after the card was displayed, of 2 answers/);
  assert.match(page, /ada +2 +100 %/);
  assert.deepEqual(await one.json('people'), { ...said, ok: true });
});
