// Pieces of what the fixture offers: the SDK, contents, schemas, questions and their answers.
import path from 'node:path';

const modules = process.env.PAWL_E2E_MODULES;
const sdk = path.join(modules, '@modelcontextprotocol/server/dist/index.mjs');
export const { McpServer, ResourceTemplate, fromJsonSchema, inputRequired } = await import(sdk);
const { acceptedContent, createRequestStateCodec, inputResponse } = await import(sdk);

// One red pixel, and no sound.
export const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAA' +
  'AABJRU5ErkJggg==';
export const wav = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA==';
export const image = { type: 'image', data: png, mimeType: 'image/png' };
export const text = (words) => ({ type: 'text', text: words });
export const said = (...words) => ({ content: words.map(text) });
export const user = (content) => ({ role: 'user', content });
export const string = { type: 'string' };
export const object = (properties = {}, required = []) => ({
  type: 'object',
  properties,
  required,
});
export const standard = (properties, required) => fromJsonSchema(object(properties, required));
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const states = createRequestStateCodec({
  key: 'a key of thirty-two bytes or more',
  ttlSeconds: 60,
});

export const form = (message, properties, required = Object.keys(properties)) =>
  inputRequired.elicit({ message, requestedSchema: object(properties, required) });
export const sample = (words, maxTokens) =>
  inputRequired.createMessage({ messages: [user(text(words))], maxTokens });
export const nameForm = () => form('What is your name?', { name: string });

// The answer to a form, when it came and has the field; else nothing.
export function answered(ctx, key, field) {
  const content = acceptedContent(ctx.mcpReq.inputResponses, key);
  return content && typeof content[field] !== 'undefined' ? content[field] : undefined;
}
export const answer = (ctx, key) => inputResponse(ctx.mcpReq.inputResponses, key);

