// A stand-in for a model's API: it plays a script of turns to whichever agent asks, in the dialect
// that the agent speaks, and keeps what the agent told it. It reaches nothing and knows nothing.
//
// A turn is `{server, tool, args}` or `{text}`. Which one comes next is read from the request, from
// the number of results of tools that it carries: one that is sent twice gets the same answer.
import { createServer } from 'node:http';

// The tools of a request as `{name, namespace}`, whatever the dialect calls them.
function offered(body) {
  const one = (tool, namespace) => {
    if (tool.type === 'namespace') return tool.tools.flatMap((inner) => one(inner, tool.name));
    if (tool.functionDeclarations) return tool.functionDeclarations.flatMap((inner) => one(inner));
    const name = tool.function?.name ?? tool.name;
    return name ? [{ name, namespace }] : [];
  };
  return (body.tools ?? []).flatMap((tool) => one(tool));
}

// The tool of a server as this agent calls it: each puts the server's name in front in its own way,
// and has tools of its own that may be called the same.
export function wanted(tools, { server, tool }) {
  return tools.find(
    (each) =>
      each.name.endsWith(tool) && `${each.namespace ?? ''} ${each.name}`.includes(server),
  );
}

const frame = (event) => `data: ${JSON.stringify(event)}\n\n`;
const named = (event) => `event: ${event.type}\n${frame(event)}`;

// Anthropic's messages.
const messages = {
  handles: (url) => url.startsWith('/v1/messages'),
  results: (body) =>
    body.messages
      .flatMap((message) => (Array.isArray(message.content) ? message.content : []))
      .filter((part) => part.type === 'tool_result')
      .map((part) => JSON.stringify(part.content)),
  stream(turn, id) {
    const block = turn.tool
      ? { type: 'tool_use', id: `toolu_${id}`, name: turn.tool.name, input: {} }
      : { type: 'text', text: '' };
    const delta = turn.tool
      ? { type: 'input_json_delta', partial_json: JSON.stringify(turn.args) }
      : { type: 'text_delta', text: turn.text };
    const usage = { input_tokens: 10, output_tokens: 5 };
    const message = {
      id: `msg_${id}`,
      type: 'message',
      role: 'assistant',
      model: 'stand-in',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    };
    const stop = { stop_reason: turn.tool ? 'tool_use' : 'end_turn', stop_sequence: null };
    return [
      { type: 'message_start', message },
      { type: 'content_block_start', index: 0, content_block: block },
      { type: 'content_block_delta', index: 0, delta },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: stop, usage },
      { type: 'message_stop' },
    ].map(named);
  },
};

// OpenAI's responses.
const responses = {
  handles: (url) => url.startsWith('/v1/responses'),
  results: (body) =>
    (Array.isArray(body.input) ? body.input : [])
      .filter((item) => /_call_output$/.test(item.type))
      .map((item) => JSON.stringify(item.output)),
  stream(turn, id) {
    const item = turn.tool
      ? {
          type: 'function_call',
          id: `fc_${id}`,
          call_id: `call_${id}`,
          name: turn.tool.name,
          ...(turn.tool.namespace ? { namespace: turn.tool.namespace } : {}),
          arguments: JSON.stringify(turn.args),
        }
      : {
          type: 'message',
          id: `msg_${id}`,
          role: 'assistant',
          content: [{ type: 'output_text', text: turn.text }],
        };
    const usage = {
      input_tokens: 10,
      input_tokens_details: null,
      output_tokens: 5,
      output_tokens_details: null,
      total_tokens: 15,
    };
    return [
      { type: 'response.created', response: { id: `resp_${id}` } },
      { type: 'response.output_item.done', output_index: 0, item },
      { type: 'response.completed', response: { id: `resp_${id}`, usage, output: [item] } },
    ].map(named);
  },
};

// OpenAI's chat completions, which many others speak too.
const completions = {
  handles: (url) => url.startsWith('/v1/chat/completions'),
  results: (body) =>
    body.messages
      .filter((message) => message.role === 'tool')
      .map((message) => JSON.stringify(message.content)),
  stream(turn, id) {
    const call = turn.tool && {
      index: 0,
      id: `call_${id}`,
      type: 'function',
      function: { name: turn.tool.name, arguments: JSON.stringify(turn.args) },
    };
    const chunk = (delta, finish = null) => ({
      id: `chat_${id}`,
      object: 'chat.completion.chunk',
      created: 0,
      model: 'stand-in',
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
    const said = call ? { tool_calls: [call] } : { content: turn.text };
    return [
      frame(chunk({ role: 'assistant', ...said })),
      frame(chunk({}, call ? 'tool_calls' : 'stop')),
      'data: [DONE]\n\n',
    ];
  },
};

// Google's content generation.
const contents = {
  handles: (url) => /:(streamG|g)enerateContent/.test(url),
  results: (body) =>
    body.contents
      .flatMap((content) => content.parts ?? [])
      .filter((part) => part.functionResponse)
      .map((part) => JSON.stringify(part.functionResponse.response)),
  stream(turn) {
    const part = turn.tool
      ? { functionCall: { name: turn.tool.name, args: turn.args } }
      : { text: turn.text };
    return [
      frame({
        candidates: [
          { index: 0, content: { role: 'model', parts: [part] }, finishReason: 'STOP' },
        ],
        usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
      }),
    ];
  },
};

const dialects = [messages, responses, completions, contents];

export class Model {
  constructor(turns) {
    this.turns = turns;
    // What tools returned, as the agent handed it on: the longest such list of any request.
    this.results = [];
    this.headers = []; // of each request
    this.requests = 0;
    this.missing = new Set();
  }
  async begin() {
    this.server = createServer((request, response) => this.#answer(request, response));
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }
  end() {
    this.server.closeAllConnections();
    this.server.close();
  }
  async #answer(request, response) {
    let text = '';
    for await (const bytes of request) text += bytes;
    this.headers.push(request.headers);
    const dialect = dialects.find((each) => each.handles(request.url));
    if (!dialect || request.method !== 'POST') {
      response.writeHead(dialect ? 200 : 404, { 'content-type': 'application/json' });
      response.end('{}');
      return;
    }
    const body = JSON.parse(text);
    const turn = this.#turn(dialect, body, request.url);
    const id = `${++this.requests}`;
    if (request.url.includes('count_tokens')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"input_tokens":10}');
      return;
    }
    // Google's calls without a stream are answered with the one event that the stream would have.
    if (request.url.includes(':generateContent')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(dialect.stream(turn, id)[0].slice('data: '.length));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of dialect.stream(turn, id)) response.write(event);
    response.end();
  }
  // A request without the script's tools is one for a title or a summary: any words do.
  #turn(dialect, body) {
    const tools = offered(body);
    if (tools.length === 0) return { text: 'a title' };
    const results = dialect.results(body);
    if (results.length > this.results.length) this.results = results;
    const turn = this.turns[Math.min(results.length, this.turns.length - 1)];
    if (!turn.tool) return turn;
    const tool = wanted(tools, turn);
    if (tool) return { tool, args: turn.args };
    this.missing.add(turn.tool);
    return { text: `there is no tool ${turn.tool}` };
  }
}
