// What the suite tests as a client that has to log in: `pawl login` for the suite's server, with a
// browser that a program plays, and then `pawl mcp` in front of it with the client of the SDK.
//   node login.mjs URL    (the suite names the scenario in the environment)
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { World, modules, pawl } from '../e2e/world.mjs';

const url = process.argv.at(-1);
const { client_id } = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');
const older = (process.env.MCP_CONFORMANCE_PROTOCOL_VERSION ?? '') < '2026';
const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools: {allowed: [{name: "*", class: read_only}]}
accept_risk: [{rule: "tools/*/class", reason: t, owner: t@example, until: 2030-01-01}]
`;
const sdk = path.join(modules, '@modelcontextprotocol/client/dist');
const { Client } = await import(`${sdk}/index.mjs`);
const { StdioClientTransport } = await import(`${sdk}/stdio.mjs`);

// The person who writes the deployment file looks up who logs in for this server, and with what.
async function metadata() {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const ping = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
  const refused = await fetch(url, { method: 'POST', headers, body: ping });
  const told = refused.headers.get('www-authenticate') ?? '';
  const own = new URL(url);
  const places = [
    /resource_metadata="([^"]+)"/.exec(told)?.[1],
    `${own.origin}/.well-known/oauth-protected-resource${own.pathname}`,
    `${own.origin}/.well-known/oauth-protected-resource`,
  ];
  for (const place of places.filter(Boolean)) {
    const answer = await fetch(place);
    if (!answer.ok) continue;
    const { authorization_servers, scopes_supported } = await answer.json();
    const scope = /scope="([^"]+)"/.exec(told)?.[1] ?? scopes_supported?.join(' ');
    return { issuer: authorization_servers[0], scope };
  }
  throw new Error('no page says who logs in for it');
}

const world = new World(policy);
const file = (name, text) => {
  writeFileSync(path.join(world.dir, name), text, { mode: 0o600 });
  return path.join(world.dir, name);
};
const { issuer, scope } = await metadata();
const keys = [`issuer: "${issuer}"`, 'store: suite'];
if (scope) keys.push(`scope: "${scope}"`);
if (client_id) keys.push(`client_id: "${client_id}"`);
const key = file('key', 'correct horse battery\n');
const config = file(
  'pawl.yaml',
  `version: 1
servers: {suite: {url: "${url}", credential: person}}
credentials: {person: {login: {${keys.join(', ')}}}}
store: {key_file: key}
`,
);

// Prints the address that a browser opens; the browser follows where it is sent.
function login() {
  const words = ['login', 'suite', '--config', config, '--state-dir', world.state];
  const child = spawn(pawl, [...words, '--key-file', key], { env: world.env });
  let said = '';
  const hear = (bytes) => {
    const before = said;
    said += bytes;
    const address = /^(http\S+)$/m.exec(said)?.[1];
    if (address && !/^(http\S+)$/m.test(before)) fetch(address).catch(() => {});
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  return new Promise((resolve) => child.on('exit', (status) => resolve({ status, said })));
}

let status = 0;
const done = await login();
console.error(done.said);
if (done.status !== 0) status = 1;
const words = ['mcp', '--policy', world.policy, '--state-dir', world.state, '--config', config];
const client = new Client(
  { name: 'behind-pawl', version: '1' },
  { capabilities: {}, versionNegotiation: { mode: older ? 'legacy' : 'auto' } },
);
if (status === 0) {
  try {
    const args = [...words, '--server', 'suite'];
    await client.connect(new StdioClientTransport({ command: pawl, args, env: world.env }));
    const { tools } = await client.listTools();
    for (const { name } of tools) await client.callTool({ name, arguments: {} });
  } catch (error) {
    console.error(error);
    status = 1;
  }
  await client.close().catch(() => {});
}
await world.end();
process.exit(status);
