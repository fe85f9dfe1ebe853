// How the console bears a queue of 10,000 questions, in a real browser on this machine:
//
//   PAWL=$PWD/build/release/src/app/pawl PAWL_E2E_MODULES=$PWD/build/e2e/node_modules \
//     node bench/console/pending.mjs [QUESTIONS]
//
// One `pawl serve`, agents that propose calls which are held, and a page that is signed in and
// loaded anew. Prints one JSON object: milliseconds until the first row is painted, until a filter
// over all rows is painted, until one over the arguments of all calls is, which the node looks in,
// and from a proposal until the page shows its question.
// Each is the middle one of several rounds, with the worst beside it. `scripts/bench` runs it.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { signedIn } from '../../test/e2e/browsed.mjs';
import { Gatehouse } from '../../test/e2e/api_world.mjs';
import { openBrowser } from '../../test/e2e/console.mjs';
import { sleep } from '../../test/e2e/world.mjs';

const wanted = Number(process.argv[2] ?? 10_000);
const ofOneRun = 100; // open questions that a run may have
const runsOfOne = 50; // runs that an agent opens within a minute
const rounds = 9;

const role = (name) => `
version: 1
agent: {id: ${name}, identity: ${name}@example}
tools:
  allowed:
    - {name: send_mail, class: irreversible small, requires_approval: true}
approval: {reviewers: [leads], within: 4h}
execution: {max_steps: 200}
`;

// As many roles as it takes to open so many runs at once.
class Crowd extends Gatehouse {
  constructor() {
    super(role('clerk'));
    const runs = Math.ceil((wanted + rounds) / ofOneRun);
    this.names = Array.from({ length: Math.ceil(runs / runsOfOne) }, (_, i) => `agent-${i}`);
    const lines = this.names.map((name) => {
      const made = JSON.parse(this.make('keys', 'create', name, '--json'));
      this.keys[name] = made.key;
      writeFileSync(path.join(this.dir, `${name}.yaml`), role(name));
      return `  ${name}: {role: ${name}, keys: ["${made.keep}"]}\n`;
    });
    const roles = this.names.map((name) => `  ${name}: {file: "${this.dir}/${name}.yaml"}\n`);
    const listen = '{mcp: "127.0.0.1:0", console: "127.0.0.1:0"}';
    const text = readFileSync(this.config, 'utf8')
      .replace(/listen: .*\n/, `listen: ${listen}\n`)
      .replace(/roles:\n[^]*?agents:\n[^]*?(?=people:)/, '')
      .concat(`roles:\n${roles.join('')}agents:\n${lines.join('')}`);
    writeFileSync(this.config, text, { mode: 0o600 });
  }
  async fill() {
    this.runs = [];
    this.ids = [];
    for (const name of this.names) {
      for (let i = 0; i < runsOfOne && this.runs.length * ofOneRun < wanted + rounds; ++i) {
        this.runs.push(await this.run({}, name));
      }
    }
    let next = 0;
    const one = async () => {
      while (next < wanted) await this.question_number(next++);
    };
    await Promise.all(Array.from({ length: 16 }, one));
  }
  async question_number(i) {
    const run = this.runs[Math.floor(i / ofOneRun)];
    const subject = `order ${i * 7919} is late`;
    const mail = { to: `customer-${i}@example.org`, subject, body: 'x' };
    const { status, json } = await this.propose(run, 'send_mail', mail, { wait_seconds: 0 });
    assert.equal(status, 202, JSON.stringify(json));
    this.ids[i] = json.approval;
  }
}

const middle = (times) => {
  const all = times.toSorted((a, b) => a - b);
  const round = (ms) => Math.round(ms * 10) / 10;
  return { middle: round(all[Math.floor(all.length / 2)]), worst: round(all.at(-1)) };
};
const counted = (page, count) =>
  page.waitForFunction(
    (text) => document.getElementById('queue-count')?.textContent === text,
    count,
  );

async function firstPaint(page) {
  await page.goto('about:blank');
  await sleep(300); // what the last one left is cleared away
  await page.goto(page.address);
  await page.waitForFunction(() => globalThis.firstRow !== undefined);
  return page.evaluate(() => globalThis.firstRow);
}

// From a key that is pressed to the frame that shows what fits.
const filtered = (page, text) =>
  page.evaluate(async (words) => {
    const field = document.querySelector('input[type=search]');
    const began = performance.now();
    field.value = words;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    const took = performance.now() - began;
    return { took, says: document.getElementById('queue-count').textContent };
  }, text);

// The same of what only the node knows: until the page says how many it found.
const found_in_arguments = (page, text, says) =>
  page.evaluate(
    async ([words, wanted]) => {
      const field = document.querySelector('input[type=search]');
      const count = document.getElementById('queue-count');
      const began = performance.now();
      field.value = words;
      field.dispatchEvent(new Event('input', { bubbles: true }));
      while (count.textContent !== wanted) {
        if (performance.now() - began > 10_000) return { says: count.textContent };
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      }
      return { took: performance.now() - began, says: count.textContent };
    },
    [text, says],
  );

// From the proposal, with its decision and record, to the frame in which its question is counted.
async function live(crowd, page, number) {
  await page.evaluate((text) => {
    const count = document.getElementById('queue-count');
    globalThis.shown = new Promise((resolve) => {
      const watching = new MutationObserver(() => {
        if (!count.textContent.startsWith(text)) return;
        watching.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(Date.now())));
      });
      watching.observe(count, { childList: true, characterData: true, subtree: true });
    });
  }, `${number + 1} waiting`);
  const began = Date.now();
  await crowd.question_number(number);
  return (await page.evaluate(() => globalThis.shown)) - began;
}

const crowd = new Crowd();
let browser;
try {
  await crowd.serve();
  crowd.console = crowd.json('console').address;
  const began = Date.now();
  await crowd.fill();
  const filling = (Date.now() - began) / 1000;
  browser = await openBrowser();
  const page = await signedIn(browser, crowd, 'ada');
  page.address = crowd.console;
  await page.addInitScript(() => {
    const watching = new MutationObserver(() => {
      if (!document.querySelector('[role=option]')) return;
      watching.disconnect();
      requestAnimationFrame(() => setTimeout(() => (globalThis.firstRow = performance.now())));
    });
    watching.observe(document, { childList: true, subtree: true });
  });
  const paints = [];
  for (let i = 0; i < rounds; ++i) paints.push(await firstPaint(page));
  await counted(page, `${wanted} waiting`);
  const filters = [];
  for (let i = 0; i < rounds; ++i) {
    const number = Math.floor((wanted / rounds) * i);
    const { took, says } = await filtered(page, crowd.ids[number]);
    assert.equal(says, `1 of ${wanted} waiting`);
    filters.push(took, (await filtered(page, '')).took);
  }
  const inside = [];
  for (let i = 0; i < rounds; ++i) {
    const number = Math.floor((wanted / rounds) * i) + 1;
    const only = `1 of ${wanted} waiting`;
    const { took, says } = await found_in_arguments(page, `customer-${number}@`, only);
    assert.equal(says, only);
    inside.push(took);
    await filtered(page, '');
  }
  const updates = [];
  for (let i = 0; i < rounds; ++i) updates.push(await live(crowd, page, wanted + i));
  const result = {
    bench: 'console',
    questions: wanted,
    first_paint_ms: middle(paints),
    filter_ms: middle(filters),
    filter_arguments_ms: middle(inside),
    live_ms: middle(updates),
    filling_s: Math.round(filling),
  };
  console.log(JSON.stringify(result));
} finally {
  await browser?.close();
  await crowd.end();
}
