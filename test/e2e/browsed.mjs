// The console's page in a real browser: opened, signed in to, and looked at. Pictures of it lie in
// build/e2e/screens.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { passphrase } from './console.mjs';
import { modules } from './world.mjs';

export const screens = path.join(modules, '..', 'screens');
const axeSource = readFileSync(path.join(modules, 'axe-core/axe.min.js'), 'utf8');

// A page at the console's address (or `at`), which keeps what goes wrong in it in `faults`. It asks
// no one else, but for those of `friends`.
export async function opened(browser, world, settings = {}) {
  const { at = world.console, friends = [], ...options } = settings;
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(error.message));
  page.on('console', (line) => {
    const refused = /status of 40[0139]/.test(line.text());
    if (line.type() === 'error' && !refused) page.faults.push(line.text());
  });
  page.on('request', (request) => {
    const { origin } = new URL(request.url());
    if (origin !== new URL(at).origin && !friends.includes(origin)) {
      page.faults.push(`it asked ${request.url()}`);
    }
  });
  await page.goto(at);
  return page;
}

export async function signedIn(browser, world, name, options) {
  const page = await opened(browser, world, options);
  await page.fill('#who', name);
  await page.fill('#passphrase', passphrase);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForSelector('#health .good');
  return page;
}

// Rules of axe that a change of colours alone may break.
const colours = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

async function fits(page, name) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${name} overflows by ${wide} px`);
}

// What axe finds, by these of its rules or by all of them.
async function accessible(page, name, only) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeSource);
  const faults = await page.evaluate(async (runOnly) => {
    const found = await globalThis.axe.run({ resultTypes: ['violations'], ...runOnly });
    return found.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(' ')}`);
  }, only && { runOnly: only });
  assert.deepEqual(faults, [], name);
}

export async function looksRight(page, name) {
  mkdirSync(screens, { recursive: true });
  await fits(page, name);
  await accessible(page, name);
  await page.screenshot({ path: path.join(screens, `${name}.png`) });
}

// On a desk and on a phone, in the light and in the dark. Between those two only colours differ.
export async function looksRightEverywhere(page, name) {
  await looksRight(page, `desk-${name}`);
  await page.emulateMedia({ colorScheme: 'dark' });
  const shown = await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
  const dark = await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches);
  assert.ok(dark && shown === 'light dark', shown);
  await accessible(page, `dark-${name}`, colours);
  await page.screenshot({ path: path.join(screens, `dark-${name}.png`) });
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 390, height: 844 });
  await looksRight(page, `phone-${name}`);
  await page.setViewportSize({ width: 1280, height: 800 });
}
