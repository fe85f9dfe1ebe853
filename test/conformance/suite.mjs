// The public conformance suite, and `pawl serve` with our fixture behind it.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Served } from '../e2e/served.mjs';
import { modules } from '../e2e/world.mjs';

const suite = path.join(modules, '@modelcontextprotocol/conformance');
const here = path.dirname(fileURLToPath(import.meta.url));
const fixture = path.join(here, 'server.mjs');
const scenario_ms = 60_000;
const whole_ms = 300_000;
const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: ["test_*", json_schema_2020_12_tool], class: read_only}
    - {name: "mcp:*", class: read_only}
accept_risk:
  - rule: "tools/test_*|json_schema_2020_12_tool/class"
    reason: t
    owner: t@example
    until: 2030-01-01
  - {rule: "tools/mcp:*/class", reason: t, owner: t@example, until: 2030-01-01}
`;

// The scenarios that a server of a revision has to pass, from the suite's own frozen list.
export function scored(revision) {
  const text = readFileSync(path.join(suite, 'requirements', `${revision}.yaml`), 'utf8');
  const names = [];
  let inside = false;
  for (const line of text.split('\n')) {
    if (/^\w/.test(line)) inside = line.startsWith('server:');
    const name = /^ {2}- ([\w-]+)/.exec(line)?.[1];
    if (inside && name) names.push(name);
  }
  return names;
}

// `pawl serve` in front of the fixture, over one of two wires, which speaks one or both eras.
export class Gateway extends Served {
  constructor() {
    super(policy);
  }
  async stand(wire, eras) {
    const command = [process.execPath, fixture, wire, eras];
    if (wire === 'stdio')
      return this.begin({ server: `command: ${JSON.stringify(command)}, env: [PAWL_E2E_MODULES]` });
    this.upstream = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
    const [port] = await once(this.upstream.stdout, 'data');
    return this.begin({ server: `url: "http://127.0.0.1:${Number(port)}/mcp"` });
  }
  async end() {
    await super.end();
    this.upstream?.kill();
  }
}

// Runs the suite; what it says of each scenario is in a folder of its own below `into`, by its
// name, which may have a slash.
async function run(words, prefix, into) {
  const program = path.join(suite, 'dist/index.js');
  const options = { maxBuffer: 64 << 20, timeout: whole_ms };
  const told = await new Promise((resolve) => {
    execFile(process.execPath, [program, ...words, '-o', into], options, (error, out, err) =>
      resolve(`${error?.code ?? 0}\n${out}${err}`),
    );
  });
  const checks = new Map();
  for (const file of existsSync(into) ? readdirSync(into, { recursive: true }) : []) {
    const name = /^(.*)-\d{4}-\d\d-\d\dT[\d-]+Z\/checks\.json$/.exec(file)?.[1];
    if (!name?.startsWith(prefix)) continue;
    const text = readFileSync(path.join(into, file), 'utf8');
    checks.set(name.slice(prefix.length), JSON.parse(text));
  }
  if (checks.size === 0) throw new Error(`the suite said nothing: ${told}`);
  return checks;
}

// What the suite says about the server at this address: for each scenario its checks.
export function judged(url, revision, into) {
  const words = ['server', '--url', url, '--requirements', revision];
  return run([...words, '--timeout', String(scenario_ms)], 'server-', into);
}

// The same for these scenarios, one after the other: which of them were tried before must not
// matter to any.
export async function judgedInOrder(url, revision, names, into) {
  const checks = new Map();
  for (const [i, name] of names.entries()) {
    const words = ['server', '--url', url, '--scenario', name, '--spec-version', revision];
    const folder = path.join(into, String(i));
    const said = await run([...words, '--timeout', String(scenario_ms)], 'server-', folder);
    checks.set(name, said.get(name));
  }
  return checks;
}

// What it says about a client of one of its own servers: our client with pawl between them.
// Where it has to log in: `pawl login` before that.
export const judgedAtLogin = (name, revision) => judgedAsClient(name, revision, 'login.mjs');

export async function judgedAsClient(name, revision, script = 'client.mjs') {
  const into = mkdtempSync(path.join(tmpdir(), 'pawl-conformance-'));
  const command = `${process.execPath} ${here}/${script}`;
  const words = ['client', '--command', command, '--scenario', name, '--spec-version', revision];
  try {
    const checks = await run([...words, '--timeout', String(scenario_ms)], '', into);
    return checks.get(name);
  } finally {
    rmSync(into, { recursive: true, force: true });
  }
}
