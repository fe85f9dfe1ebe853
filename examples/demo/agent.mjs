// The demo's agent: a real MCP client that makes the calls given on its command line, one JSON
// array of [what it wants, tool, arguments] each, and prints what it gets back.
//   node agent.mjs 'PAWL MCP COMMAND AS JSON' '["reads a note", "read_text_file", {"path": "…"}]' …
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

const [command, ...steps] = process.argv.slice(2).map((text) => JSON.parse(text));
const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code, text) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);

const transport = new StdioClientTransport({
  command: command[0],
  args: command.slice(1),
  env: process.env,
  stderr: 'ignore',
});
const client = new Client({ name: 'demo-agent', version: '1.0.0' }, { capabilities: {} });
await client.connect(transport);

let shown = false;
for (const [wish, tool, args] of steps) {
  console.log(`  agent ${wish}`);
  const result = await client.callTool({ name: tool, arguments: args }, undefined, {
    onprogress: (progress) => {
      if (!shown) console.log(paint(33, `        held: ${progress.message}`));
      shown = true;
    },
    resetTimeoutOnProgress: true,
    timeout: 120_000,
  });
  shown = false;
  const text = result.content.map((part) => part.text ?? part.type).join('\n');
  const [first, ...rest] = text.trim().split('\n');
  console.log(`        ${result.isError ? paint(31, '✗') : paint(32, '✓')} ${first}`);
  if (result.isError)
    for (const line of rest.slice(0, 1)) console.log(paint(2, `          ${line}`));
}
await client.close();
