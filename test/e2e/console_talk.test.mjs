// The console beyond yes and no: a reviewer asks the agent, hands a question over, answers several
// at once, grants access for a while and takes it back. In a real browser, with real calls behind
// `pawl serve`; pictures of it lie in build/e2e/screens.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { looksRight, looksRightEverywhere, signedIn } from './browsed.mjs';
import { Watched, browserPath, openBrowser, until } from './console.mjs';
import { code } from './world.mjs';

const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only}
    - name: update_order_status
      class: reversible small
      requires_approval: true
      constraints: {max_records_per_run: 50}
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
approval: {reviewers: [leads]}
execution: {max_steps: 100}
`;
const w = new Watched(policy);
const skip = !browserPath();
const phone = { viewport: { width: 390, height: 844 } };
let browser, agent, ada, bob;
before(async () => {
  if (skip) return;
  const opening = openBrowser();
  await w.begin({ persons: ['ada', 'bob'] });
  agent = await w.open();
  browser = await opening;
  [ada, bob] = await Promise.all([
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
  await looksRight(ada, 'desk-ask');
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
  assert.match(text, /in its own words \(not verified\)/);
  assert.match(text, /characters that nobody sees/);
  assert.ok(text.indexOf('in its own words') > text.indexOf('What would run'), 'it comes last');
  assert.equal(await ada.inputValue('#reason'), 'half a rea');

  await ada.locator('article.card h1').click();
  await ada.keyboard.press('h');
  const options = await ada.locator('#pass-to option').allInnerTexts();
  assert.deepEqual(options, ['bob', 'leads (bob)']);
  await ada.fill('#pass-why', 'it is his customer');
  await looksRight(ada, 'desk-hand-over');
  await button(ada, 'Hand over').click();
  const passed = 'for bob, passed on by ada because it is his customer';
  await ada.waitForSelector(`article.card dd:text-is("${passed}")`);
  await looksRight(ada, 'desk-talk');
  await bob.waitForSelector(`[role=option]:has-text("${passed}")`);
  await looksRight(bob, 'phone-dark-queue-for');
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
  const orders = ['o-1', 'o-2', 'o-3'];
  const sent = orders.map((order_id) => agent.call('update_order_status', { order_id }));
  const customers = ['c-1', 'c-2'];
  const drop = (customer_id) => agent.call('delete_customer_record', { customer_id });
  const gone = customers.map(drop);
  await waiting(ada, 5);

  await button(ada, 'Select several').click();
  for (const tool of ['update_order_status', 'delete_customer_record']) {
    await ada.click(`[role=option]:has-text("${tool}")`);
  }
  await ada.waitForSelector('text=2 selected; of several tools');
  await button(ada, 'Open').click();
  await ada.waitForSelector('text=/cannot be approved together: .* another/');
  assert.ok(await button(ada, 'Approve all 2').isDisabled());
  assert.ok(await button(ada, 'Deny all 2').isEnabled());

  await button(ada, 'Select several').click();
  await ada.click('[role=option]:has-text("update_order_status")');
  await button(ada, 'All like it').click();
  await ada.waitForSelector('[aria-checked=true] >> nth=2');
  await looksRight(ada, 'desk-selected');
  await ada.keyboard.press('o');
  await button(ada, 'Approve all 3').waitFor();
  const card = ada.locator('article.card');
  const text = await card.innerText();
  assert.match(text, /3 calls[^]*?crm\/update_order_status/);
  assert.match(text, /together\s+3 records/);
  assert.ok(text.indexOf('3 records') < text.indexOf('o-1'), 'what they come to stands first');
  for (const order of orders) assert.match(text, new RegExp(order));
  await looksRightEverywhere(ada, 'together');
  await button(ada, 'Approve all 3').click();
  for (const answer of await Promise.all(sent)) assert.equal(answer.isError, undefined);
  const answered = (await records('approval.answered')).slice(-3);
  assert.equal(new Set(answered.map((record) => record.batch)).size, 1);
  assert.equal(new Set(answered.map((record) => record.shown)).size, 3);

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
    await page.waitForSelector('dd:has-text("the first of them at most, never the second")');
    for (const _ of customers) {
      assert.ok(await approve.isDisabled());
      await page.locator('article.card h1').click();
      await page.keyboard.press('a'); // to the next text that is to be typed
      const label = page.locator('label:has(+ input:focus) code');
      await page.keyboard.type(await label.innerText());
    }
    if (page === bob) await looksRight(page, 'phone-dark-together');
    await approve.click();
    await page.waitForSelector('text=You approved 2 questions');
  }
  for (const answer of await Promise.all(gone)) assert.equal(answer.isError, undefined);
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
  await tile.waitFor();
  assert.match(await tile.innerText(), /send_customer_email[^]*granted by\s+ada[^]*1 of 2/);
  await looksRightEverywhere(ada, 'grants');
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
