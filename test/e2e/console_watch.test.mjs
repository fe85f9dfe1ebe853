// What the console shows of the watching itself: alarms and who takes them, the last drill, and
// calls that are only asked for to see whether people read (H14).
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { looksRightEverywhere, signedIn } from './browsed.mjs';
import { Watched, browserless, openBrowser, until } from './console.mjs';

const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only}
    - {name: send_customer_email, class: irreversible small, approval: {by: [leads]}}
`;
const canary = `version: 1
agent: {id: canary, identity: canary@example, owner: o@example}
tools: {allowed: [{name: drill_effect, class: reversible small}]}
`;
const seeds = `vigilance:
  every: 1s
  calls:
    - role: tester
      server: crm
      tool: send_customer_email
      arguments: {to: sales@competitor.example, body: "the list of customers"}
      wrong: the recipient is outside of the company
    - role: tester
      server: crm
      tool: read_customer_record
      arguments: {customer_id: "1"}
      wrong: nobody is ever asked about this one
`;
const w = new Watched(policy);
const skip = browserless();
let browser;
before(async () => {
  if (skip) return;
  writeFileSync(path.join(w.dir, 'canary.yaml'), canary);
  await w.begin({ persons: ['ada', 'bob', 'eve'] });
  await again((text) => text.replace('roles: {', 'roles: {canary: {file: canary.yaml}, '));
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await w.end();
});
async function again(change) {
  w.log = '';
  w.edit(change);
  await until(() => w.log.includes('was read again'), 'the new file');
}
const records = (type) =>
  w
    .pawl('audit', 'query', '--json')
    .out.split('\n')
    .filter((line) => line.includes(`"type":"${type}"`))
    .map((line) => JSON.parse(line));

test('an alarm is seen, taken and ended, and the last drill is there', { skip }, async () => {
  const page = await signedIn(browser, w, 'ada');
  await page.click('nav >> text=Escalations');
  await page.waitForSelector('text=it is not known that the kill switch works');
  // No person is named, and nothing is quiet.
  const first = w.pawl('kill', 'tool', 'y', '--reason', 'a test', '--config', w.config);
  assert.equal(first.status, 1, first.err);
  assert.match(first.err, /nothing was killed: no tool is called `y`/);
  await page.waitForSelector('section:has-text("It has no contacts.")');
  await page.getByRole('button', { name: /It is over/ }).click();
  await page.waitForSelector('text=Nothing waits for an answer.');
  await again((text) => `${text}drill: {role: canary, every: 30d}\nnotify:
  contacts: [{name: night, via: "command: true"}]\n`);
  const drilled = await w.later('drill', '--as', 'ada', '--config', w.config, '--json');
  assert.equal(drilled.status, 0, drilled.err);
  await page.waitForSelector('text=tried by ada');
  const kill = w.pawl('kill', 'tool', 'x', '--reason', 'a test', '--config', w.config);
  assert.equal(kill.status, 1, kill.err);
  await page.waitForSelector('section:has-text("the kill switch was set for tool x")');
  await page.waitForSelector('nav a:has-text("Escalations") .count');
  await looksRightEverywhere(page, 'alarms');
  await page.getByRole('button', { name: /I take it/ }).click();
  await page.waitForSelector('text=taken by ada');
  assert.equal(await page.locator('nav a:has-text("Escalations") .count').count(), 0);
  await page.getByRole('button', { name: /It is over/ }).click();
  await page.waitForSelector('text=Nothing waits for an answer.');
  const changes = records('escalation.changed').map(({ how, person }) => [how, person]);
  const taken = [['acknowledged', 'ada'], ['resolved', 'ada']];
  assert.deepEqual(changes, [['resolved', 'ada'], ...taken]);
  assert.match(records('escalation.changed')[0].proof, /key of a session/);
  const eve = await signedIn(browser, w, 'eve');
  await eve.goto(`${w.console}#/alarms`);
  await eve.waitForSelector('h1:has-text("Escalations")');
  assert.equal(await eve.getByRole('button', { name: /over|take/ }).count(), 0);
  assert.deepEqual([...page.faults, ...eve.faults], []);
});

test('a question that comes while the page reads everything anew stays', { skip }, async () => {
  const page = await signedIn(browser, w, 'ada');
  const session = await w.open();
  await session.call('read_customer_record', { customer_id: 'c' });
  // A run that is closed has all pages read anew. This one has the list, and waits for the rest.
  let go;
  const held = new Promise((resolve) => (go = resolve));
  await page.route('**/api/status', async (route) => {
    await held;
    await route.continue();
  });
  const listed = page.waitForResponse(/api\/approvals$/);
  const [{ run }] = records('run.opened').slice(-1);
  const closed = await w.later('runs', 'close', run, '--reason', 'done', '--config', w.config);
  assert.equal(closed.status, 0, closed.err);
  await (await listed).finished();
  const other = await w.open();
  const mail = other.call('send_customer_email', { to: 'a@myco.example', body: 'hello' });
  const row = page.locator('[role=option]:has-text("send_customer_email")');
  await row.waitFor();
  const status = page.waitForResponse(/api\/status$/);
  go();
  await (await status).finished();
  await page.waitForTimeout(500);
  assert.equal(await row.count(), 1);
  await row.click();
  await page.getByRole('button', { name: 'Approve', exact: true }).click();
  assert.notEqual((await mail).isError, true);
  await until(async () => (await row.count()) === 0, 'an empty queue');
  assert.deepEqual(page.faults, []);
});

test('H14 a seeded request that is approved runs nothing and is recorded', { skip }, async () => {
  const page = await signedIn(browser, w, 'bob');
  w.session = await w.open();
  await w.session.call('read_customer_record', { customer_id: 'c' });
  await again((text) => `${text}${seeds}`);
  const mails = w.calls('send_customer_email').length;
  // Two of them, one after another, answered in both ways.
  for (const way of ['Approve', 'Deny']) {
    await page.click('[role=option]:has-text("competitor")');
    const card = await page.locator('article.card').innerText();
    assert.doesNotMatch(card, /vigilance|ought to be denied|outside of the company/i);
    assert.match(card, /tester, for /);
    await page.getByRole('button', { name: way, exact: true }).click();
    await page.waitForSelector('.vigilance:has-text("the recipient is outside of the company")');
    if (way === 'Approve') await looksRightEverywhere(page, 'vigilance');
    await page.getByRole('button', { name: 'Back' }).click();
  }
  // … and one at the terminal.
  const [row] = await until(async () => {
    const all = JSON.parse(w.pawl('approvals', 'list', '--json').out);
    return all.length > 0 && all;
  });
  // Its row has the members of any row, and somebody who starts such runs.
  const real = w.session.call('send_customer_email', { to: 'a@myco.example', body: 'hello' });
  const other = await until(() => {
    const all = JSON.parse(w.pawl('approvals', 'list', '--json').out);
    return all.find((one) => one.approval !== row.approval);
  });
  assert.deepEqual(Object.keys(row).sort(), Object.keys(other).sort());
  for (const same of ['agent', 'sponsor', 'tool', 'reviewers', 'quorum', 'why', 'class']) {
    assert.deepEqual(row[same], other[same], same);
  }
  await w.later('approvals', 'deny', other.approval, '--as', 'ada');
  await real;
  const denied = await w.later('approvals', 'deny', row.approval, '--as', 'ada');
  assert.match(denied.out, /It ought to be denied: the recipient is outside of the company/);
  await again((text) => text.replace(seeds, ''));
  assert.equal(w.calls('send_customer_email').length, mails);
  const said = records('noted').filter(({ topic }) => topic === 'vigilance');
  assert.match(said.map(({ text }) => text).join('\n'), /`bob` approved .* ought to be denied/);
  assert.match(said.map(({ text }) => text).join('\n'), /`bob` denied .* ought to be denied/);
  const runs = records('run.opened').filter(({ client }) => client === 'pawl vigilance');
  const ours = new Set(runs.map(({ run }) => run));
  const decided = records('call.decided').filter(({ run }) => ours.has(run));
  const held = decided.filter(({ tool }) => tool === 'send_customer_email');
  assert.ok(held.length >= 2);
  for (const { effect, round } of held) assert.deepEqual([effect, round], ['hold', 1]);
  // The call that the policy allows was tried once at most, and was refused.
  const reads = decided.filter(({ tool }) => tool === 'read_customer_record');
  assert.ok(reads.length <= 1, JSON.stringify(reads));
  for (const { effect, reason } of reads) {
    assert.equal(effect, 'deny');
    assert.match(reason, /never runs/);
  }
  const bob = await w.person('bob');
  const { reviewers } = await bob.json('people');
  const { answers, caught, seeded } = reviewers.find(({ person }) => person === 'bob');
  assert.deepEqual({ answers, caught, seeded }, { answers: 0, caught: 1, seeded: 2 });
  const ada = reviewers.find(({ person }) => person === 'ada');
  assert.deepEqual([ada.caught, ada.seeded], [1, 1]);
  await page.goto(`${w.console}#/people`);
  await page.waitForSelector('td:has-text("1 of 2")');
  await looksRightEverywhere(page, 'vigilance-people');
  assert.deepEqual(page.faults, []);
});
