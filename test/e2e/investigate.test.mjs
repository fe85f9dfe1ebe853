// An auditor's incident, "who touched app.conf, who let it", answered as docs/guide/investigate.md
// says: from its three commands, typed as they stand there, and from the console alone. And what a
// person at a terminal or with a phone reads of a run.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { looksRightEverywhere, signedIn } from './browsed.mjs';
import { Watched, browserless, openBrowser, until } from './console.mjs';
import { modules, pawl } from './world.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: [read_text_file, list_allowed_directories], class: read_only}
    - name: edit_file
      class: irreversible small
      approval: {by: [leads], within: 1h}
      say: "production configuration"
    - {name: write_file, class: irreversible small, approval: {by: [leads], quorum: 2, within: 1h}}
    - {name: create_directory, class: reversible small, args: {path: {path: {under: [/srv/only]}}}}
execution: {max_steps: 12}
`;
const filesystem = path.join(modules, '@modelcontextprotocol/server-filesystem/dist/index.js');

const w = new Watched(policy);
const skip = browserless();
let browser;
let agent;
let run;
const call = (name, args) =>
  agent.callTool({ name, arguments: args }, undefined, { timeout: 600_000 });
const said = (result) => result.content.map((part) => part.text).join('\n');

async function connected() {
  const sdk = path.join(modules, '@modelcontextprotocol/sdk/dist/esm/client');
  const { Client } = await import(`${sdk}/index.js`);
  const { StreamableHTTPClientTransport } = await import(`${sdk}/streamableHttp.js`);
  const client = new Client({ name: 'agent', version: '1' }, { capabilities: {} });
  await client.connect(new StreamableHTTPClientTransport(new URL(w.url)));
  return client;
}

before(async () => {
  if (skip) return;
  w.files = path.join(w.dir, 'files');
  mkdirSync(w.files);
  w.file = path.join(w.files, 'app.conf');
  writeFileSync(w.file, 'name = shop\nretries = 3\n');
  await w.begin({ command: [process.execPath, filesystem, w.files] });
  agent = await connected();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await agent?.close().catch(() => {});
  await w.end();
});

const title = (page) => page.locator('article.card h1').innerText();
const pick = async (page, text) => {
  await page.click(`[role=option]:has-text("${text}")`);
  await page.locator('article.card h1').waitFor();
};

test('a card says what is about to happen to what, and afterwards how it ended', { skip }, async () => {
  const page = await signedIn(browser, w, 'ada');
  const edits = [{ oldText: 'retries = 3', newText: 'retries = 30' }];
  const sent = call('edit_file', { path: w.file, edits });
  await page.waitForSelector('[role=option]:has-text("edit app.conf")');
  await pick(page, 'edit app.conf');
  assert.equal(await title(page), 'tester wants to edit app.conf');
  const card = page.locator('article.card');
  const text = await card.innerText();
  // The file is the title of its diff, which comes before why; its path stands there once.
  assert.equal(text.split(w.file).length - 1, 1, text);
  assert.ok(text.indexOf(w.file) < text.indexOf('retries = 30'), text);
  assert.ok(text.indexOf('retries = 30') < text.indexOf('the policy asks for approval'), text);
  assert.match(text, /production configuration/, 'the words of the policy reach reviewers');
  assert.match(text, /may answer: ada, bob/, 'those who may answer have names');
  assert.doesNotMatch(text, /`/);
  assert.doesNotMatch(text, /edits|sha256/, 'the rest is folded');
  // A definition that is only not accepted yet is no alarm.
  assert.equal(await card.locator('.danger:not(.badge)').count(), 0, text);
  await card.locator('summary:has-text("More about it")').click();
  await page.waitForSelector('dd:has-text("not accepted yet")');
  await looksRightEverywhere(page, 'card-more');
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.waitForSelector('text=You approved it.');
  assert.doesNotMatch(said(await sent), /not allowed/);
  await page.waitForSelector('text=/It ran: completed, after [0-9]+ ms/');
  await page.waitForSelector('article.card li:has-text("ada")');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('after the first of two the count is right, and who may still answer is named', { skip }, async () => {
  const page = await signedIn(browser, w, 'ada');
  const sent = call('write_file', { path: path.join(w.files, 'b'), content: 'a\nb\u00a0\u2800' });
  await pick(page, 'write b');
  const card = page.locator('article.card');
  assert.match(await card.innerText(), /0 of 2 persons needed/);
  // A text as a text, and blanks that are none as escapes.
  assert.match(await card.innerText(), /a\nb\\u\{a0\}\\u\{2800\}/);
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.waitForSelector('text=1 of 2 said yes; it waits for another person.');
  await page.waitForSelector('article.card dd:has-text("1 of 2 persons needed; may answer: bob")');
  // A list at a terminal of 80 columns has no line that wraps.
  const listed = typed('pawl approvals list', { wrap: narrow }).out;
  const lines = plain(listed);
  assert.match(lines[0], /^request +class +agent +people +left +state$/);
  assert.ok(lines.some((line) => /^ {4}write b$/.test(line)), listed);
  for (const line of lines) assert.ok([...line].length <= 80, line);
  const [{ approval }] = w.json('approvals', 'list');
  await w.later('approvals', 'deny', approval, '--as', 'ada', '--config', w.config);
  await sent;
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('approving a change of one\'s own is not said to be over by others', { skip }, async () => {
  const page = await signedIn(browser, w, 'ada');
  const edits = [{ oldText: 'name = shop', newText: 'name = store' }];
  const sent = call('edit_file', { path: w.file, edits });
  await pick(page, 'edit app.conf');
  await page.getByRole('button', { name: 'Change…' }).click();
  const text = await page.inputValue('#changed');
  await page.fill('#changed', text.replace('name = store', 'name = market'));
  await page.getByRole('button', { name: 'Look at it' }).click();
  await page.getByRole('button', { name: 'Approve this instead' }).click();
  await page.waitForSelector('text=You approved it with other arguments.');
  await sent;
  assert.equal(await page.locator('text=It is over').count(), 0);
  assert.match(readFileSync(w.file, 'utf8'), /name = market/);
  await page.context().close();
});

test('a denial names what is permitted', { skip }, async () => {
  const told = said(await call('create_directory', { path: path.join(w.files, 'x') }));
  assert.match(told, /instead: .*a path below `\/srv\/only`/);
});

// The block of the guide, with the run that its first command shows.
function commands() {
  const text = readFileSync(path.join(root, 'docs/guide/investigate.md'), 'utf8');
  const [, block] = /```sh\n([\s\S]*?)```/.exec(text);
  return block.trim().split('\n').map((line) => line.replace(/\s+#.*$/, ''));
}
// Typed in a shell, as it stands.
function typed(line, { state = w.state, wrap = (words) => words } = {}) {
  const [program, ...words] = wrap(['bash', '-c', `${line} --state-dir "${state}"`]);
  const env = { ...w.env, PATH: `${path.dirname(pawl)}:${process.env.PATH}` };
  const done = spawnSync(program, words, { env, encoding: 'utf8' });
  return { status: done.status, out: done.stdout, err: done.stderr };
}

// A terminal of 80 columns, and what it shows.
const narrow = ([, , line]) => ['script', '-qec', `stty cols 80; ${line}`, '/dev/null'];
const plain = (out) => out.replaceAll(/\x1b\[[0-9;]*m/g, '').trim().split(/\r?\n/);

test('who touched app.conf, and who let it: from three commands', { skip }, async () => {
  const [query, replay, verify] = commands();
  const found = typed(query);
  assert.equal(found.status, 0, found.err);
  assert.match(found.out, /hold .*edit_file/);
  assert.match(found.out, /approve .*by ada/);
  assert.match(found.out, /completed/);
  assert.doesNotMatch(found.out, /write_file/, 'what did not touch it is left out');
  [run] = found.out.match(/\br-[0-9a-z]+/);
  const story = typed(replay.replace('RUN', run));
  assert.equal(story.status, 0, story.err);
  assert.match(story.out, /edit_file.*approved by ada/);
  assert.match(story.out, /all equal/);
  // What a run has used stands once, at the end.
  assert.match(story.out, /\nused +\d+ of 12 steps/);
  assert.doesNotMatch(story.out, /\d\/12/);
  assert.equal(typed(verify).status, 0);
  const persons = typed('pawl audit query --person ada');
  assert.match(persons.out, /approve .*by ada/);
  assert.doesNotMatch(persons.out, /completed/);
});

test('on a damaged journal each of the three says so', { skip }, async () => {
  const copy = path.join(w.dir, 'copy');
  cpSync(w.state, copy, { recursive: true, filter: (file) => !/\.sock|lock$/.test(file) });
  const [name] = readdirSync(path.join(copy, 'journal'));
  const file = path.join(copy, 'journal', name);
  const bytes = readFileSync(file);
  const at = bytes.indexOf('approval.answered');
  assert.ok(at > 0);
  bytes.write('approval.withheld', at);
  writeFileSync(file, bytes);
  for (const line of commands()) {
    const told = typed(line.replace('RUN', run), { state: copy });
    assert.equal(told.status, 1, `${line}\n${told.out}`);
    assert.match(told.out + told.err, /damaged/, line);
  }
  rmSync(copy, { recursive: true });
});

test('who touched app.conf, and who let it: from the console alone', { skip }, async () => {
  const page = await signedIn(browser, w, 'eve'); // an auditor, who decides nothing
  await page.goto(`${w.console}#/journal`);
  await page.waitForSelector('.badge:has-text("verified")');
  await page.fill('#find-argument', 'APP.conf');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.waitForSelector('details.entry:has-text("approved"):has-text("ada")');
  const entries = page.locator('.entries');
  assert.doesNotMatch(await entries.innerText(), /write_file/);
  assert.match(await entries.innerText(), /edit_file[^]*app\.conf/);
  const row = page.locator('details.entry:has-text("edit_file"):has-text("hold")').last();
  await row.locator('summary').click();
  await row.locator('pre:has-text("retries = 30")').waitFor();
  await row.locator('li:has-text("ada")').first().waitFor();
  await looksRightEverywhere(page, 'journal-open');
  await page.fill('#find-argument', '');
  await page.fill('#find-person', 'ada');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.waitForFunction(() => !document.querySelector('.entries').innerText.includes('completed'));
  assert.match(await entries.innerText(), /approved[^]*ada/);
  await page.fill('#find-person', '');
  await page.fill('#find-argument', 'app.conf');
  await page.getByRole('button', { name: 'Search' }).click();
  const one = page.locator('details.entry:has-text("edit_file")').last();
  await one.locator('summary').click();
  await one.locator('a:has-text("r-")').first().click();
  await page.waitForSelector('details.entry:has-text("edit app.conf"):has-text("approved by ada")');
  const story = await page.locator('.entries').innerText();
  assert.match(story, /edit app\.conf · completed in \d+ ms/);
  assert.match(story, /create directory/);
  assert.equal(await page.locator('summary:has-text("Kill this run")').count(), 0);
  await looksRightEverywhere(page, 'run-story');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('at a terminal `audit tail` has a head, and no line of it wraps', { skip }, async () => {
  const lines = plain(typed('pawl audit tail', { wrap: narrow }).out);
  assert.match(lines[0], /seq +time \(UTC\) +run +what/);
  assert.ok(lines.length > 5);
  for (const line of lines) assert.ok([...line].length <= 80, line);
  assert.match(typed('pawl audit tail').out.split('\n')[0], /^ +\d+ /, 'a program gets records alone');
});

test('a phone reaches every place, and a broken policy file is said above all of them', { skip }, async () => {
  const phone = await signedIn(browser, w, 'ada', { viewport: { width: 390, height: 844 } });
  for (const place of ['Kill switch', 'Escalations', 'Grants']) {
    const right = await phone.evaluate((name) => {
      const links = [...document.querySelectorAll('nav a')];
      return links.find((link) => link.textContent.startsWith(name)).getBoundingClientRect().right;
    }, place);
    assert.ok(right > 0 && right <= 390, `${place} ends at ${right}`);
    await phone.click(`nav a:has-text("${place}")`);
    await phone.waitForSelector(`h1:has-text("${place}")`);
  }
  const good = readFileSync(w.policy, 'utf8');
  writeFileSync(w.policy, good.replace('max_steps: 12', 'max_stepz: 12'));
  await until(() => /does not load/.test(w.pawl('status').out), 'the mistake in `status`');
  const { out } = w.pawl('status');
  assert.match(out, /broken +the policy file .*policy\.yaml does not load[^]*max_stepz/);
  await phone.reload();
  await phone.waitForSelector('#alarm:has-text("does not load")');
  writeFileSync(w.policy, good);
  await until(() => !/does not load/.test(w.pawl('status').out), 'the end of it');
  await phone.context().close();
});

test('steps never read more than there are, and a run is stopped from its own page', { skip }, async () => {
  const page = await signedIn(browser, w, 'ada');
  await page.goto(`${w.console}#/runs/${run}`);
  await page.click('summary:has-text("Kill this run")');
  await page.fill('#kill-why', 'it edits configuration');
  await page.getByRole('button', { name: 'Kill this run' }).click();
  await page.waitForSelector('li:has-text("killed"):has-text("it edits configuration")');
  assert.equal((await call('read_text_file', { path: w.file })).isError, true);
  await agent.close().catch(() => {});
  agent = await connected();
  for (let i = 0; i < 15; ++i) await call('read_text_file', { path: w.file }).catch(() => {});
  const steps = w.json('status').runs.map((each) => each.steps);
  assert.ok(steps.length > 0 && steps.every((count) => count <= 12), String(steps));
  await page.goto(`${w.console}#/runs`);
  await page.waitForSelector('h1:has-text("Runs")');
  assert.doesNotMatch(await page.locator('.page').innerText(), /1[3-9] of 12/);
  const other = w.json('status').runs.find((each) => each.run !== run)?.run ?? run;
  await w.later('runs', 'close', other, '--reason', 'done', '--config', w.config);
  await page.reload();
  await page.waitForSelector(`section[aria-label="runs that are over"] a:has-text("${other}")`);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
