// The console with a real browser: what people see of a real client and a real server behind `pawl
// serve`, what they may do, and what no one else may. Pictures of it lie in build/e2e/screens.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { looksRight, looksRightEverywhere, signedIn } from './browsed.mjs';
import { Watched, browserless, openBrowser, until } from './console.mjs';
import { modules, sleep } from './world.mjs';

const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: [read_text_file, list_allowed_directories], class: read_only}
    - name: edit_file
      class: irreversible small
      approval: {by: [leads], typed: args.path, within: 1h}
    - {name: write_file, class: irreversible small, approval: {by: [leads], quorum: 2, within: 1h}}
    - {name: create_directory, class: reversible small, approval: {by: [leads], within: 2s}, requires_approval: true}
    - {name: move_file, class: irreversible small, approval: {by: [leads], within: 1h}}
execution: {max_steps: 100}
`;
const filesystem = path.join(modules, '@modelcontextprotocol/server-filesystem/dist/index.js');

// One node with files for all of them, and an agent that is a client from npm.
const w = new Watched(policy);
const skip = browserless();
let browser;
before(async () => {
  if (skip) return;
  w.files = path.join(w.dir, 'files');
  mkdirSync(w.files);
  w.file = path.join(w.files, 'app.conf');
  writeFileSync(w.file, 'retries = 3\ntimeout = 10\n');
  await w.begin({ command: [process.execPath, filesystem, w.files] });
  const sdk = path.join(modules, '@modelcontextprotocol/sdk/dist/esm/client');
  const { Client } = await import(`${sdk}/index.js`);
  const { StreamableHTTPClientTransport } = await import(`${sdk}/streamableHttp.js`);
  w.agent = new Client({ name: 'agent', version: '1' }, { capabilities: {} });
  await w.agent.connect(new StreamableHTTPClientTransport(new URL(w.url)));
  w.call = (name, args) =>
    w.agent.callTool({ name, arguments: args }, undefined, { timeout: 600_000 });
  w.edit = (to = 30) =>
    w.call('edit_file', {
      path: w.file,
      edits: [{ oldText: 'retries = 3', newText: `retries = ${to}` }],
    });
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await w.agent?.close().catch(() => {});
  await w.end();
});
const said = (result) => result.content.map((part) => part.text).join('\n');

const signIn = (name, options) => signedIn(browser, w, name, options);
const pick = (page, tool) => page.click(`[role=option]:has-text("${tool}")`);
const rows = (page) => page.locator('[role=option]').count();

test('a held call is seen, read, typed for and approved, and runs', { skip }, async () => {
  const page = await signIn( 'ada');
  assert.equal(await rows(page), 0);
  const sent = w.edit();
  await page.waitForSelector('[role=option]');
  await looksRight(page, 'desk-queue');
  await pick(page, 'edit_file');
  const card = page.locator('article.card');
  await card.waitFor();
  const text = await card.innerText();
  assert.match(text, /irreversible small/);
  assert.match(text, /policy\.yaml:\d+/);
  assert.match(await page.locator('.diff .minus').innerText(), /retries = 3\b/);
  assert.match(await page.locator('.diff .plus').innerText(), /retries = 30/);
  await looksRight(page, 'desk-card');
  await page.setViewportSize({ width: 390, height: 844 });
  await looksRight(page, 'phone-card');
  await page.setViewportSize({ width: 1280, height: 800 });
  const approve = page.getByRole('button', { name: 'Approve' });
  assert.ok(await approve.isDisabled());
  await page.fill('#typed', '/etc/passwd');
  assert.ok(await approve.isDisabled());
  await page.fill('#typed', w.file);
  await page.fill('#reason', 'seen');
  await approve.click();
  assert.doesNotMatch(said(await sent), /not allowed/);
  assert.match(readFileSync(w.file, 'utf8'), /retries = 30/);
  await page.waitForSelector('text=You approved it.');
  await until(async () => (await rows(page)) === 0, 'the end of the question');
  const [answer] = w
    .pawl('audit', 'query', '--json')
    .out.split('\n')
    .filter((line) => line.includes('approval.answered'))
    .map((line) => JSON.parse(line));
  assert.equal(answer.person, 'ada');
  assert.equal(answer.typed, true);
  assert.match(answer.proof, /key of a session/);
  assert.match(answer.shown, /^sha256:[0-9a-f]{64}$/);
  // A reload keeps the session, and the key that no script can read.
  await page.reload();
  await page.waitForSelector('#health .good');
  for (const [place, title] of [
    ['runs', 'Runs'],
    ['journal', 'Journal'],
    ['policies', 'Policies'],
    ['people', 'Reviewers'],
    ['switch', 'Kill switch'],
  ]) {
    await page.goto(`${w.console}#/${place}`);
    await page.waitForSelector(`h1:has-text("${title}")`);
    await looksRightEverywhere(page, place);
  }
  await page.goto(`${w.console}#/runs`);
  await page.click('section.tile a');
  await page.waitForSelector('text=approve');
  await looksRightEverywhere(page, 'run');
  assert.deepEqual(page.faults, []);
});

test('a reviewer makes another call of it, which is judged and then runs', { skip }, async () => {
  const page = await signIn('ada');
  const here = path.join(w.files, 'from.txt');
  writeFileSync(here, 'x');
  const there = (name) => path.join(w.files, name);
  const sent = w.call('move_file', { source: here, destination: there('wrong.txt') });
  await pick(page, 'move_file');
  await page.getByRole('button', { name: 'Change…' }).click();
  const text = await page.inputValue('#changed');
  await page.fill('#changed', `${text},`);
  await page.getByRole('button', { name: 'Look at it' }).click();
  const wrong = page.locator('.changes .said:not(:empty)');
  await wrong.waitFor({ timeout: 10_000 });
  assert.match(await wrong.innerText(), /4:2: more text follows/);
  await page.fill('#changed', text.replace('wrong.txt', 'right.txt'));
  await page.fill('#reason', 'that name is taken');
  await page.getByRole('button', { name: 'Look at it' }).click();
  await page.waitForSelector('.two .minus:has-text("wrong.txt")');
  await page.waitForSelector('.two .plus:has-text("right.txt")');
  await looksRight(page, 'desk-change');
  await page.setViewportSize({ width: 390, height: 844 });
  await looksRight(page, 'phone-change');
  await page.getByRole('button', { name: 'Approve this instead' }).click();
  const told = said(await sent);
  assert.match(told, /a reviewer approved this call with other arguments/);
  assert.match(told, /that name is taken/);
  assert.equal(readFileSync(there('right.txt'), 'utf8'), 'x');
  assert.throws(() => readFileSync(there('wrong.txt')));
  assert.deepEqual(page.faults, []);
});

test('two persons for one call, a refusal with its reason, a stop, and time that is up', { skip }, async () => {
  const phone = { viewport: { width: 390, height: 844 } };
  const [ada, bob] = [await signIn('ada'), await signIn('bob', phone)];
  const written = path.join(w.files, 'new.txt');
  const sent = w.call('write_file', { path: written, content: 'x' });
  await looksRight(bob, 'phone-queue');
  for (const page of [ada, bob]) {
    await pick(page, 'write_file');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.waitForSelector('text=You approved it.');
    if (page !== ada) continue;
    assert.throws(() => readFileSync(written));
    // Said before anybody presses, by what would refuse it.
    await page.getByRole('button', { name: 'Back' }).click();
    await pick(page, 'write_file');
    const no = page.locator('.flag.no');
    assert.match(await no.innerText(), /may not approve it: the same person has approved it/);
    assert.ok(await page.getByRole('button', { name: 'Approve' }).isDisabled());
    assert.ok(await page.getByRole('button', { name: 'Deny' }).isEnabled());
    await looksRight(page, 'desk-may-not');
  }
  assert.doesNotMatch(said(await sent), /not allowed/);
  assert.equal(readFileSync(written, 'utf8'), 'x');

  // On a phone the card takes the place of the list.
  await bob.getByRole('button', { name: 'Back' }).click();
  const refused = w.call('move_file', { source: written, destination: `${written}2` });
  await pick(bob, 'move_file');
  await bob.fill('#reason', 'that file is read by the importer');
  await bob.getByRole('button', { name: 'Deny' }).click();
  assert.match(said(await refused), /that file is read by the importer/);

  assert.match(said(await w.call('create_directory', { path: path.join(w.files, 'd') })), /no one answered|expired/i);

  // Another call than the refused one: nearly the same is refused without asking anybody.
  const held = w.call('write_file', { path: path.join(w.files, 'other'), content: 'y' });
  await until(async () => (await rows(ada)) === 1, 'the question');
  await ada.goto(`${w.console}#/switch`);
  await ada.selectOption('#scope', 'agent');
  await ada.fill('#name', 'tester');
  await ada.fill('#why', 'it moves files');
  await ada.getByRole('button', { name: 'Kill', exact: true }).click();
  await ada.waitForSelector('text=/Killed in/');
  await ada.waitForSelector('text=/[1-9][0-9]* process(es)? of servers behind it: they go on/');
  assert.match(said(await held), /stopped|kill/i);
  assert.equal((await w.call('read_text_file', { path: written })).isError, true);
  await looksRight(ada, 'desk-stopped');
  ada.on('dialog', (dialog) => dialog.accept('it was a test'));
  await ada.getByRole('button', { name: 'Resume' }).first().click();
  await until(async () => !(await w.call('read_text_file', { path: written })).isError, 'going on');

  // With the processes of the server, which is started again for the next call.
  await ada.selectOption('#scope', 'upstream');
  await ada.fill('#name', 'crm');
  await ada.fill('#why', 'it is to be away');
  await ada.getByLabel(/end the processes/).check();
  await ada.getByRole('button', { name: 'Kill', exact: true }).click();
  const dead = await ada.waitForSelector('text=/of [0-9]+ process(es)? dead after/');
  const [, gone, of] = /(\d+) of (\d+) process/.exec(await dead.innerText());
  assert.ok(gone >= 1 && gone === of, `${gone} of ${of}`);
  await looksRight(ada, 'desk-stopped-processes');
  await ada.getByRole('button', { name: 'Resume' }).first().click();
  await until(async () => !(await w.call('read_text_file', { path: written })).isError, 'going on');
  await ada.getByRole('button', { name: 'Sign out' }).click();
  await ada.waitForSelector('#passphrase');
  assert.deepEqual([...ada.faults, ...bob.faults], []);
});

test('who signs out while something happens sees no trouble of the page', { skip }, async () => {
  const page = await signIn('ada');
  await w.call('list_allowed_directories', {});
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForSelector('#passphrase');
  await sleep(1000); // half a second after an event the page reads how things stand
  assert.deepEqual(page.faults, []);
});

test('the filter finds words of arguments that no row shows', { skip }, async () => {
  const page = await signIn('ada');
  const long = `${'word '.repeat(200)}Needle`;
  const file = (name) => path.join(w.files, name);
  const sent = [
    w.call('write_file', { path: file('hay.txt'), content: 'hay' }),
    w.call('write_file', { path: file('long.txt'), content: long }),
  ];
  await page.waitForSelector('#queue-count:text-is("2 waiting")');
  assert.doesNotMatch(await page.locator('[role=listbox]').innerText(), /needle/i);
  const search = page.locator('input[type=search]');
  await search.fill('needle write_file');
  await page.waitForSelector('#queue-count:text-is("1 of 2 waiting")');
  assert.match(await page.locator('[role=option]').innerText(), /word word/);
  await search.fill('needle hay');
  await page.waitForSelector('#queue-count:text-is("0 of 2 waiting")');
  await search.fill('');
  await page.waitForSelector('#queue-count:text-is("2 waiting")');
  const open = JSON.parse(w.pawl('approvals', 'list', '--json').out);
  const ids = open.map(({ approval }) => approval);
  const denied = await w.later('approvals', 'deny', ...ids, '--as', 'ada', '--config', w.config);
  assert.equal(denied.status, 0, denied.err);
  for (const answer of await Promise.all(sent)) assert.equal(answer.isError, true);
  assert.deepEqual(page.faults, []);
});

test('H11 a page of another origin frames nothing, reads nothing and decides nothing', { skip }, async (t) => {
  const page = await signIn( 'ada');
  const other = http.createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<iframe src="${w.console}"></iframe>`);
  });
  await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  // The same host at another port: its requests carry the cookie.
  const evil = await page.context().newPage();
  await evil.goto(`http://127.0.0.1:${other.address().port}/`);
  const framed = evil.frames()[1];
  await framed?.waitForLoadState().catch(() => {});
  assert.equal(await framed.locator('#view').count().catch(() => 0), 0);
  const answers = await evil.evaluate(async (address) => {
    const tries = [
      fetch(`${address}api/me`, { credentials: 'include' }),
      fetch(`${address}api/approvals`, { credentials: 'include', mode: 'no-cors' }),
      fetch(`${address}api/events`, { credentials: 'include' }),
      fetch(`${address}api/act`, {
        method: 'POST',
        credentials: 'include',
        mode: 'no-cors',
        headers: { 'content-type': 'text/plain' },
        body: '{}',
      }),
      fetch(`${address}app.js`, { mode: 'no-cors' }),
    ];
    const ends = await Promise.allSettled(tries);
    return ends.map(({ status, value }) => (status === 'rejected' ? 'refused' : value.type));
  }, w.console);
  for (const answer of answers) assert.ok(answer === 'refused' || answer === 'opaque', answer);
  const heard = await evil.evaluate(
    (address) =>
      new Promise((resolve) => {
        const source = new EventSource(`${address}api/events`, { withCredentials: true });
        source.onopen = () => resolve('open');
        source.onerror = () => resolve('refused');
      }),
    w.console,
  );
  assert.equal(heard, 'refused');
  await page.reload();
  await page.waitForSelector('#health .good');
});
