// The console beyond yes and no: a reviewer asks the agent, hands a question over, answers several
// at once, grants access for a while and takes it back. In a real browser, with real calls behind
// `pawl serve`; pictures of it lie in build/e2e/screens.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { looksRight, looksRightEverywhere, signedIn } from './browsed.mjs';
import { Watched, browserless, openBrowser, until } from './console.mjs';
import { code } from './world.mjs';

const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only}
    - name: read_big
      class: reversible small
      requires_approval: true
      constraints: {max_records_per_run: 50}
      counters: {bytes: {add: args.bytes, per: 1h, max: 1000}}
    - {name: access_payment_raw, class: irreversible small}
    - name: delete_customer_record
      class: irreversible small
      approval: {by: [leads], quorum: 2, typed: args.customer_id}
may_request:
  - name: send_customer_email
    args: {to: {email_domain: [myco.example]}, body: {max_length: 99}}
    by: [leads]
    for: 30m
    max_calls: 2
execution: {max_steps: 100}
`;
const w = new Watched(policy);
const skip = browserless();
const phone = { viewport: { width: 390, height: 844 } };
let browser, agent, ada, bob, eve;
before(async () => {
  if (skip) return;
  const opening = openBrowser();
  await w.begin();
  agent = await w.open();
  browser = await opening;
  [eve, ada, bob] = await Promise.all([
    w.person('eve'),
    signedIn(browser, w, 'ada'),
    signedIn(browser, w, 'bob', { ...phone, colorScheme: 'dark' }),
  ]);
});
after(async () => {
  await browser?.close();
  await w.end();
});
const rows = (page) => page.locator('[role=option]');
const button = (page, name) => page.getByRole('button', { name, exact: true });
const waiting = (page, count) =>
  until(async () => (await rows(page).count()) === count, `${count} questions`);
const records = async (type) => {
  const { out } = await w.later('audit', 'query', '--json');
  const all = out.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  return all.filter((record) => record.type === type);
};
const whose = { customer_id: 'c-9' };

test('a reviewer asks, the agent says something, and another one decides', { skip }, async () => {
  const sent = agent.call('access_payment_raw', whose);
  await waiting(ada, 1);
  await ada.keyboard.press('j');
  await ada.locator('article.card').waitFor();
  await ada.keyboard.press('c');
  await ada.fill('#ask-text', 'which \u202ecustomer?');
  await button(ada, 'Ask it').click();
  const pending = await sent;
  assert.equal(code(pending), 'approval_pending');
  assert.match(pending.content[0].text, /a reviewer \(ada\) asks.*which \\u\{202e\}customer\?/);
  await ada.waitForSelector('text=the agent has not answered that yet');
  // Half written, a reason survives what comes in meanwhile.
  await ada.fill('#reason', 'half a rea');

  const words = 'approved by security\u200b <img src=x onerror=alert(1)> see https://evil.example';
  const again = agent.call('access_payment_raw', { ...whose, pawl_answer: words });
  const said = ada.locator('.talk .agent-says');
  await said.waitFor();
  assert.match(await said.innerText(), /security\\u\{200b\} <img src=x onerror=alert\(1\)>/);
  const card = ada.locator('article.card');
  assert.equal(await card.locator('img, script, a[href^="http"]').count(), 0);
  const text = await card.innerText();
  assert.match(text, /ada asks: which \\u\{202e\}customer\?/);
  assert.match(text, /the agent says \(not verified\)/);
  assert.match(text, /has invisible characters/);
  assert.ok(text.indexOf('the agent says (not') > text.indexOf('What would run'), 'it comes last');
  assert.equal(await ada.inputValue('#reason'), 'half a rea');

  await ada.locator('article.card h1').click();
  await ada.keyboard.press('h');
  const options = await ada.locator('#pass-to option').allInnerTexts();
  assert.deepEqual(options, ['bob', 'leads (bob)']);
  await ada.fill('#pass-why', 'it is his customer');
  await button(ada, 'Pass on').click();
  const passed = 'for bob, passed on by ada because it is his customer';
  await ada.waitForSelector(`article.card dd:text-is("${passed}")`);
  await looksRight(ada, 'desk-talk');
  await bob.waitForSelector(`[role=option]:has-text("${passed}")`);
  await rows(bob).click();
  await bob.waitForSelector(`article.card dd:text-is("${passed}")`);
  await bob.locator('.talk').scrollIntoViewIfNeeded();
  await looksRight(bob, 'phone-dark-talk');
  await button(bob, 'Approve').click();
  assert.equal((await again).isError, undefined);
  const got = w.calls('access_payment_raw').map((call) => call.params.arguments);
  assert.deepEqual(got, [whose], 'no server sees the words');
  await waiting(ada, 0);
});

test('several are approved in one act, each read and typed for by itself', { skip }, async () => {
  await ada.goto(`${w.console}#/queue`);
  const sizes = [7, 20, 300];
  const sent = sizes.map((bytes) => agent.call('read_big', { bytes }));
  const customers = ['c-1', 'c-2'];
  const drop = (customer_id) => agent.call('delete_customer_record', { customer_id });
  const gone = customers.map(drop);
  await waiting(ada, 5);

  await button(ada, 'Select several').click();
  for (const tool of ['read_big', 'delete_customer_record']) {
    await ada.click(`[role=option]:has-text("${tool}")`);
  }
  await ada.waitForSelector('text=2 selected; of several tools');
  await button(ada, 'Open').click();
  await ada.waitForSelector('text=/cannot be approved together: .* another/');
  assert.ok(await button(ada, 'Approve all 2').isDisabled());
  assert.ok(await button(ada, 'Deny all 2').isEnabled());

  await button(ada, 'Select several').click();
  await ada.click('[role=option]:has-text("read_big")');
  await button(ada, 'All like it').click();
  await ada.waitForSelector('[aria-checked=true] >> nth=2');
  await looksRight(ada, 'desk-selected');
  await ada.keyboard.press('o');
  await button(ada, 'Approve all 3').waitFor();
  const card = ada.locator('article.card');
  const text = await card.innerText();
  assert.match(text, /3 calls[^]*?crm\/read_big/);
  assert.match(text, /together\s+3 records; read_big\/bytes 327\n/);
  assert.ok(text.indexOf('bytes 327') < text.indexOf('What would run'), 'it stands first');
  for (const bytes of sizes) assert.match(text, new RegExp(`bytes\\s+${bytes}\\b`));
  await looksRight(ada, 'desk-together');
  await button(ada, 'Approve all 3').click();
  for (const answer of await Promise.all(sent)) assert.equal(answer.isError, undefined);
  const answered = (await records('approval.answered')).slice(-3);
  assert.equal(new Set(answered.map((record) => record.batch)).size, 1);
  assert.equal(new Set(answered.map((record) => record.shown)).size, 3);

  // A reviewer makes another call of one while it is read.
  await ada.click('[role=option]:has-text("customer_id c-1")');
  await button(ada, 'Approve').waitFor();
  const [, id] = decodeURIComponent(new URL(ada.url()).hash).split('queue/');
  const other = ['customer_id=c-3', '--typed', 'c-3', '--reason', 'a mix-up', '--as', 'bob'];
  const changed = await w.later('approvals', 'change', id, '--set', ...other);
  assert.equal(changed.status, 0, changed.err);
  await ada.waitForSelector('text=Meanwhile it became another call.');
  assert.equal(await button(ada, 'Approve').count(), 0);
  await looksRight(ada, 'desk-became');
  await button(ada, 'Show what it is now').click();
  await ada.waitForSelector('article.card dd:text-is("by bob")');
  await ada.fill('#typed', 'c-3');
  await button(ada, 'Approve').click();
  assert.match((await gone[0]).content[0].text, /a mix-up/);
  await ada.goto(`${w.console}#/queue`);
  await waiting(ada, 1);
  // One of several is over meanwhile: nothing is answered, and the others can be opened.
  gone.push(drop('c-4'));
  const denied = drop('c-5');
  await waiting(ada, 3);
  await ada.keyboard.press('j');
  await ada.keyboard.press('x');
  await button(ada, 'All like it').click();
  await ada.keyboard.press('o');
  await button(ada, 'Approve all 3').waitFor();
  const five = (await eve.json('approvals')).approvals.find((q) => /c-5/.test(q.summary)).approval;
  const no = ['approvals', 'deny', five, '--reason', 'no', '--as', 'bob'];
  assert.equal((await w.later(...no)).status, 0);
  await ada.waitForSelector(`text=Over meanwhile: ${five}. Nothing was answered here.`);
  await button(ada, 'Open the other 2').click();
  await button(ada, 'Approve all 2').waitFor();
  assert.equal(code(await denied), 'approval_rejected');

  // With keys alone, and a text to type for each: two persons one after the other.
  await waiting(ada, 2);
  for (const page of [ada, bob]) {
    await page.goto(`${w.console}#/queue`);
    await page.reload();
    await waiting(page, 2);
    for (const key of ['j', 'x', 'j', 'x', 'o']) await page.keyboard.press(key);
    const approve = button(page, 'Approve all 2');
    await approve.waitFor();
    assert.ok(await approve.isDisabled());
    await page.waitForSelector('dd:has-text("never the only one, and never the second")');
    for (const _ of customers) {
      assert.ok(await approve.isDisabled());
      await page.locator('article.card h1').click();
      await page.keyboard.press('a'); // to the next text that is to be typed
      const label = page.locator('label:has(+ input:focus) code');
      await page.keyboard.type(await label.innerText());
    }
    if (page === bob) await looksRight(page, 'phone-dark-together');
    await approve.click();
    await page.waitForSelector('text=You approved 2 approval requests');
  }
  for (const answer of await Promise.all(gone.slice(1))) assert.equal(answer.isError, undefined);
});

test('access is granted for a while, and taken back', { skip }, async () => {
  await ada.goto(`${w.console}#/queue`);
  const why = 'already approved by security <b>yes</b>';
  const mail = { to: 'a@myco.example', body: 'sale' };
  const wanted = { tool: 'send_customer_email', why, minutes: 5, arguments: { body: mail.body } };
  const sent = agent.call('pawl_request_access', wanted);
  await ada.click('[role=option]:has-text("access to crm/send_customer_email")');
  const card = ada.locator('article.card');
  await card.waitFor();
  const text = await card.innerText();
  assert.match(text, /What would be granted/);
  assert.match(text, /for how long\s+5 minutes/);
  assert.match(text, /for 30m, at most 2 calls/);
  assert.ok(text.indexOf(why) > text.indexOf('The agent says (not verified)'), 'it comes last');
  await looksRightEverywhere(ada, 'access');
  await button(ada, 'Approve').click();
  assert.equal((await sent).isError, false);
  // What cannot be undone waits for a person all the same.
  const call = () => agent.call('send_customer_email', mail);
  const first = call();
  await ada.click('[role=option]:not(:has-text("access to"))');
  await button(ada, 'Approve').click();
  assert.equal((await first).isError, undefined);
  const held = call();
  await waiting(ada, 1);
  await ada.keyboard.press('g');
  await ada.keyboard.press('n');
  const tile = ada.locator('section.tile');
  await ada.waitForSelector('section.tile:has-text("1 of 2")');
  assert.match(await tile.innerText(), /send_customer_email[^]*granted by\s+ada[^]*1 of 2/);
  await looksRightEverywhere(ada, 'grants');
  const [{ grant }] = (await eve.json('status')).grants;
  const act = { kind: 'grant_end', grant, reason: '' };
  assert.equal((await eve.act(act)).status, 403, 'an auditor decides nothing');
  assert.equal((await eve.act(act, { over: { signature: 'AA' } })).status, 403);
  await button(ada, /take back crm.send_customer_email/).click();
  await ada.fill('#end-why', 'the sale is over');
  await ada.keyboard.press('Enter');
  await ada.waitForSelector('text=/is taken back/');
  await ada.waitForSelector('text=Nothing is granted.');
  const [ended] = await records('grant.ended');
  assert.equal(ended.person, 'ada');
  assert.equal(ended.reason, 'the sale is over');
  // What waited for a person under it is refused, whatever people say now.
  await ada.goto(`${w.console}#/queue`);
  await rows(ada).click();
  await button(ada, 'Approve').click();
  assert.equal(code(await held), 'not_granted');
  assert.equal(w.calls('send_customer_email').length, 1);
  assert.deepEqual([...ada.faults, ...bob.faults], []);
});
