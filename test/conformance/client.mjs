// What the suite tests as a client: `pawl mcp` in front of the suite's own server over HTTP, and
// behind pawl the client of the SDK, which uses everything that it is offered.
//   node client.mjs URL    (the suite names the scenario in the environment)
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { World, modules, pawl } from '../e2e/world.mjs';

const url = process.argv.at(-1);
const { toolCalls } = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');
const older = (process.env.MCP_CONFORMANCE_PROTOCOL_VERSION ?? '') < '2026';
const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: "*", class: read_only}
    - name: test_custom_headers
      class: read_only
      args:
        control_char_val: {single_line: false}
        crlf_val: {single_line: false}
        tab_val: {single_line: false}
    - {name: "mcp:*", class: read_only}
accept_risk:
  - {rule: "tools/*/class", reason: t, owner: t@example, until: 2030-01-01}
  - {rule: tools/test_custom_headers/class, reason: t, owner: t@example, until: 2030-01-01}
  - {rule: "tools/mcp:*/class", reason: t, owner: t@example, until: 2030-01-01}
`;
const sdk = path.join(modules, '@modelcontextprotocol/client/dist');
const { Client } = await import(`${sdk}/index.mjs`);
const { StdioClientTransport } = await import(`${sdk}/stdio.mjs`);

// A value of each type that an argument of the suite has.
const made = { string: 'text', number: 2, integer: 2, boolean: true, array: [], object: {} };
function argumentsFor({ inputSchema }) {
  const given = {};
  const { properties, required = [] } = inputSchema;
  for (const name of required) given[name] = made[properties[name].type];
  return given;
}

async function use(client) {
  const { tools } = await client.listTools();
  const all = tools.map((tool) => ({ name: tool.name, arguments: argumentsFor(tool) }));
  const calls = toolCalls ?? all;
  // All at once: what one of them asks must not reach another.
  const ended = await Promise.allSettled(calls.map((call) => client.callTool(call)));
  console.error(JSON.stringify(ended));
  const offered = client.getServerCapabilities();
  if (offered.resources)
    for (const { uri } of (await client.listResources()).resources)
      await client.readResource({ uri });
  if (offered.prompts)
    for (const { name } of (await client.listPrompts()).prompts) await client.getPrompt({ name });
}

const world = new World(policy);
const config = path.join(world.dir, 'pawl.yaml');
writeFileSync(config, `version: 1\nservers: {suite: {url: "${url}"}}\n`);
const words = ['mcp', '--policy', world.policy, '--state-dir', world.state, '--config', config];
const transport = new StdioClientTransport({
  command: pawl,
  args: [...words, '--server', 'suite'],
  env: world.env,
});
const client = new Client(
  { name: 'behind-pawl', version: '1' },
  {
    capabilities: { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} },
    versionNegotiation: { mode: older ? 'legacy' : 'auto' },
  },
);
client.setRequestHandler('elicitation/create', ({ params }) => {
  const { properties = {} } = params.requestedSchema ?? {};
  const content = {};
  // What has a default is left to the SDK.
  for (const [name, field] of Object.entries(properties))
    if (field.default === undefined) content[name] = made[field.type];
  return { action: 'accept', content };
});
let status = 0;
try {
  await client.connect(transport);
  await use(client);
} catch (error) {
  console.error(error);
  status = 1;
}
await client.close().catch(() => {});
await world.end();
process.exit(status);
