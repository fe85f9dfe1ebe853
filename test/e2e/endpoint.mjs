// What the tests of several servers behind one endpoint share.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { World, sleep } from './world.mjs';

export const several = path.join(path.dirname(fileURLToPath(import.meta.url)), 'several.mjs');
export const grant = (names, more = '') => `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: [${names.map((name) => JSON.stringify(name)).join(', ')}], class: read_only}
    - {name: "mcp:*", class: read_only}
${more}
accept_risk:
  - {rule: "tools/${names.join('|')}/class", reason: t, owner: t@example, until: 2030-01-01}
  - {rule: "tools/mcp:*/class", reason: t, owner: t@example, until: 2030-01-01}
`;
const shared = ['ask', 'log', 'wait', 'read*'];
export const granted = grant([
  ...shared.flatMap((tool) => [`crm/${tool}`, `bank/${tool}`]),
  'crm/die',
  'dead/read',
]);

export function deploy(w, servers) {
  mkdirSync(path.join(w.dir, 'config', 'pawl'), { recursive: true });
  const lines = Object.entries(servers).map(
    ([name, command]) =>
      `  ${name}: {command: ${JSON.stringify(command)}, env: [MEMORY_FILE_PATH]}`,
  );
  writeFileSync(
    path.join(w.dir, 'config', 'pawl', 'pawl.yaml'),
    `version: 1\nservers:\n${lines.join('\n')}\n`,
  );
}
export const names = (servers) => Object.keys(servers).flatMap((name) => ['--server', name]);

export async function begin(t, modes = { crm: '', bank: '' }, options = {}) {
  const w = new World(options.policy ?? granted);
  t.after(() => w.end());
  const servers = Object.fromEntries(
    Object.entries(modes).map(([name, mode]) => [
      name,
      ['node', several, w.record, name, ...(mode ? [mode] : [])],
    ]),
  );
  deploy(w, servers);
  const client = await w.client({ command: [], args: names(servers), ...options });
  return [w, client];
}
export const tools = (list) => list.tools.map((tool) => tool.name).sort();
export const at = (w, server, method) => w.seen(method).filter((line) => line.server === server);
export const text = (result) => result.content[0].text;
export async function until(found) {
  for (let i = 0; i < 1500; ++i) {
    const value = found();
    if (value) return value;
    await sleep(20);
  }
  throw new Error('it never came');
}
