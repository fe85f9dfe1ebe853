// What the public conformance suite expects of a server: tools, resources and prompts by the names
// and with the words that it looks for. Written once for both eras.
import { asking, rounds } from './asking.mjs';
import { McpServer, ResourceTemplate, answer, answered, form, fromJsonSchema } from './parts.mjs';
import { image, inputRequired, png, said, sample, sleep, standard, states } from './parts.mjs';
import { string, text, user, wav } from './parts.mjs';

function content(server) {
  const tool = (name, run, properties, required) =>
    server.registerTool(
      name,
      {
        description: `${name} of the conformance suite`,
        inputSchema: standard(properties, required),
      },
      run,
    );
  tool('test_simple_text', () => said('This is a simple text response for testing.'));
  tool('test_image_content', () => ({ content: [image] }));
  tool('test_audio_content', () => ({
    content: [{ type: 'audio', data: wav, mimeType: 'audio/wav' }],
  }));
  tool('test_embedded_resource', () => ({
    content: [
      {
        type: 'resource',
        resource: {
          uri: 'test://embedded-resource',
          mimeType: 'text/plain',
          text: 'This is an embedded resource content.',
        },
      },
    ],
  }));
  tool('test_multiple_content_types', () => ({
    content: [
      text('Multiple content types test:'),
      image,
      {
        type: 'resource',
        resource: {
          uri: 'test://mixed-content-resource',
          mimeType: 'application/json',
          text: JSON.stringify({ test: 'data', value: 123 }),
        },
      },
    ],
  }));
  tool('test_error_handling', () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
  tool('test_tool_with_logging', async (_, ctx) => {
    await ctx.mcpReq.log('info', 'Tool execution started');
    await sleep(50);
    await ctx.mcpReq.log('info', 'Tool processing data');
    await sleep(50);
    await ctx.mcpReq.log('info', 'Tool execution completed');
    return said('Tool with logging executed successfully');
  });
  tool('test_tool_with_progress', async (_, ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined) {
        const params = { progressToken, progress, total: 100, message: `${progress} of 100` };
        await ctx.mcpReq.notify({ method: 'notifications/progress', params });
      }
      await sleep(50);
    }
    return said(String(progressToken));
  });
  return tool;
}

// The schema that the suite looks for, keyword by keyword.
const everyKeyword = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: string, city: string },
    },
  },
  properties: {
    name: string,
    address: { $ref: '#/$defs/address' },
    contactMethod: { ...string, enum: ['phone', 'email'] },
    phone: string,
    email: string,
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

function diagnostic(server, tool, changed) {
  // What the client did not say that it can do is asked all the same: the SDK finds that out.
  tool('test_missing_capability', (_, ctx) => {
    const got = answer(ctx, 'sample');
    if (got.kind === 'sampling') return said('it can');
    return inputRequired({ inputRequests: { sample: sample('Can you?', 10) } });
  });
  tool('test_logging_tool', async (_, ctx) => {
    await ctx.mcpReq.log('info', 'a line of the log');
    return said('logged');
  });
  tool('test_streaming_elicitation', (_, ctx) => {
    const got = answer(ctx, 'answer');
    if (got.kind !== 'missing') return said('answered');
    const question = form('Go on?', { ok: { type: 'boolean' } });
    return inputRequired({ inputRequests: { answer: question } });
  });
  tool('test_trigger_tool_change', () => {
    changed.tools(server);
    return said('the tools changed');
  });
  tool('test_trigger_prompt_change', () => {
    changed.prompts(server);
    return said('the prompts changed');
  });
  server.registerTool(
    'json_schema_2020_12_tool',
    {
      description: 'Tool with JSON Schema 2020-12 features',
      inputSchema: fromJsonSchema(everyKeyword),
    },
    () => said('it fits'),
  );
  server.registerTool(
    'test_custom_header_region',
    {
      description: 'wants an argument in a header too',
      inputSchema: standard({ region: { ...string, 'x-mcp-header': 'Region' } }, ['region']),
    },
    ({ region }) => said(region),
  );
}

function resources(server) {
  const fixed = (name, uri, mimeType, contents) =>
    server.registerResource(name, uri, { description: `${name}, for tests`, mimeType }, () => ({
      contents: [{ uri, mimeType, ...contents }],
    }));
  fixed('static-text', 'test://static-text', 'text/plain', {
    text: 'This is the content of the static text resource.',
  });
  fixed('static-binary', 'test://static-binary', 'image/png', { blob: png });
  fixed('watched', 'test://watched-resource', 'text/plain', { text: 'Watched resource content.' });
  fixed('example', 'test://example-resource', 'text/plain', { text: 'An example.' });
  server.registerResource(
    'template',
    new ResourceTemplate('test://template/{id}/data', { list: undefined }),
    { description: 'a resource with a parameter', mimeType: 'application/json' },
    (uri, { id }) => ({
      contents: [
        {
          uri: uri.href,
          mimeType: 'application/json',
          text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
        },
      ],
    }),
  );
}

function prompts(server) {
  const prompt = (name, run, properties) =>
    server.registerPrompt(
      name,
      {
        description: `${name} of the conformance suite`,
        ...(properties ? { argsSchema: standard(properties, Object.keys(properties)) } : {}),
      },
      run,
    );
  prompt('test_simple_prompt', () => ({
    messages: [user(text('This is a simple prompt for testing.'))],
  }));
  prompt(
    'test_prompt_with_arguments',
    ({ arg1, arg2 }) => ({
      messages: [user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))],
    }),
    {
      arg1: { ...string, description: 'First test argument' },
      arg2: { ...string, description: 'Second test argument' },
    },
  );
  prompt(
    'test_prompt_with_embedded_resource',
    ({ resourceUri: uri }) => ({
      messages: [
        user({
          type: 'resource',
          resource: { uri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' },
        }),
        user(text('Please process the embedded resource above.')),
      ],
    }),
    { resourceUri: { ...string, description: 'URI of the resource to embed' } },
  );
  prompt('test_prompt_with_image', () => ({
    messages: [user(image), user(text('Please analyze the image above.'))],
  }));
  server.registerPrompt(
    'test_input_required_result_prompt',
    { description: 'asks before it answers' },
    (ctx) => {
      const context = answered(ctx, 'user_context', 'context');
      if (context !== undefined) return { messages: [user(text(`Context: ${context}`))] };
      const user_context = form('What context should the prompt use?', { context: string });
      return inputRequired({ inputRequests: { user_context } });
    },
  );
}

// `changed` says on which way a list that changed is told.
export function offers(changed) {
  const server = new McpServer(
    { name: 'conformance', version: '1' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        logging: {},
        completions: {},
      },
      requestState: { verify: states.verify },
    },
  );
  const tool = content(server);
  asking(tool);
  rounds(tool);
  diagnostic(server, tool, changed);
  resources(server);
  prompts(server);
  // The SDK knows completions of arguments that say so; here every argument may be asked about.
  server.server.setRequestHandler('completion/complete', () => ({
    completion: { values: ['paris', 'park', 'party'], total: 3, hasMore: false },
  }));
  for (const method of ['resources/subscribe', 'resources/unsubscribe'])
    server.server.setRequestHandler(method, () => ({}));
  return server;
}
