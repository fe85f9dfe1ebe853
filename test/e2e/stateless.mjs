// A tool server of revision 2026-07-28, written with the SDK from npm. What it receives is appended
// to RECORD; MODE `only` makes it refuse the older revisions, else it serves both.
import { appendFileSync } from 'node:fs';
import path from 'node:path';

const [modules, record, mode] = process.argv.slice(2);
const sdk = path.join(modules, '@modelcontextprotocol/server/dist');
const { McpServer, fromJsonSchema, inputRequired, inputResponse } = await import(
  `${sdk}/index.mjs`
);
const { serveStdio } = await import(`${sdk}/stdio.mjs`);

process.stdin.on('data', (bytes) => appendFileSync(record, bytes));
const object = (properties) => fromJsonSchema({ type: 'object', properties });
const text = { type: 'string' };
const said = (words) => ({ content: [{ type: 'text', text: words }] });
const who = inputRequired.elicit({
  message: 'who is it for?',
  requestedSchema: { type: 'object', properties: { to: text } },
});

function ask(asked, ctx) {
  const { inputResponses, requestState } = ctx.mcpReq;
  if (requestState?.() === 'asked') {
    const answers = Object.keys(asked).map((key) => inputResponse(inputResponses, key));
    return said(JSON.stringify(answers));
  }
  return inputRequired({ inputRequests: asked, requestState: 'asked' });
}

function server() {
  const own = new McpServer(
    { name: 'stateless', version: '3' },
    { capabilities: { tools: { listChanged: true } }, instructions: 'be stateless' },
  );
  const note = { inputSchema: object({ id: text }) };
  own.registerTool('read_note', note, ({ id }) => said(`note ${id}`));
  own.registerTool('read_who', { inputSchema: object({}) }, (_, ctx) => ask({ who }, ctx));
  own.registerTool('read_all', { inputSchema: object({}) }, (_, ctx) => {
    const messages = [{ role: 'user', content: { type: 'text', text: 'capital?' } }];
    const model = inputRequired.createMessage({ messages, maxTokens: 9 });
    return ask({ who, model, roots: inputRequired.listRoots() }, ctx);
  });
  own.registerTool('read_steps', { inputSchema: object({}) }, async (_, ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    const params = { progressToken, progress: 1, message: 'half' };
    if (progressToken !== undefined)
      await ctx.mcpReq.notify({ method: 'notifications/progress', params });
    return said('done');
  });
  own.registerTool('read_more', { inputSchema: object({}) }, () => {
    own.registerTool('read_later', { inputSchema: object({}) }, () => said('later'));
    return said('more');
  });
  own.registerPrompt('greet', { description: 'greets' }, () => ({
    messages: [{ role: 'user', content: { type: 'text', text: 'hello' } }],
  }));
  return own;
}

serveStdio(server, mode === 'only' ? { legacy: 'reject' } : {});
