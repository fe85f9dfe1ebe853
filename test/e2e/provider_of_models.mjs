// A provider of models that is none: it speaks the APIs of OpenAI, Anthropic and Gemini as they are
// documented, answers what a test tells it to, and remembers every request byte by byte.
import { createServer } from 'node:http';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const event = (data, name) => `${name ? `event: ${name}\n` : ''}data: ${JSON.stringify(data)}\n\n`;

// What is said of usage, of `used`: {input, cached, output, thought}.
const chatUsage = (used) => ({
  prompt_tokens: used.input,
  completion_tokens: used.output,
  total_tokens: used.input + used.output,
  prompt_tokens_details: { cached_tokens: used.cached ?? 0 },
  completion_tokens_details: { reasoning_tokens: used.thought ?? 0 },
});
const responsesUsage = (used) => ({
  input_tokens: used.input,
  input_tokens_details: { cached_tokens: used.cached ?? 0 },
  output_tokens: used.output,
  output_tokens_details: { reasoning_tokens: used.thought ?? 0 },
  total_tokens: used.input + used.output,
});
// Additive: `input` is what no cache had.
const messagesUsage = (used) => ({
  input_tokens: used.input,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: used.cached ?? 0,
  output_tokens: used.output,
});
const geminiUsage = (used) => ({
  promptTokenCount: used.input,
  cachedContentTokenCount: used.cached ?? 0,
  candidatesTokenCount: used.output - (used.thought ?? 0),
  thoughtsTokenCount: used.thought ?? 0,
  totalTokenCount: used.input + used.output,
});

const words = (n) => Array.from({ length: n }, (_, i) => `word${i} `);

export class ModelProvider {
  requests = [];
  // What the next answers are like.
  used = { input: 40, output: 12 };
  pause = 0; // between two events
  usage = true; // false: it says nothing of it
  status = 200;
  drop = 0; // so many events, and then the connection is cut
  open = 0;

  async start() {
    this.server = createServer((request, response) => {
      const parts = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        const { method, url, headers } = request;
        this.requests.push({ method, url, headers, text, body: text && JSON.parse(text) });
        ++this.open;
        response.on('close', () => --this.open);
        this.answer(this.requests.at(-1), response).catch(() => response.destroy());
      });
    });
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }
  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
  get last() {
    return this.requests.at(-1);
  }

  async answer({ url, body }, response) {
    if (this.status !== 200) {
      response.writeHead(this.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: 'the stand-in says no', type: 'x' } }));
      return;
    }
    const path = url.split('?')[0];
    const stated = this.used;
    this.used = { ...stated, output: Math.min(stated.output, this.cap(body)) };
    const [events, whole] = path.endsWith('/chat/completions')
      ? [this.chatEvents(body), this.chat(body)]
      : path.endsWith('/responses')
        ? [this.responsesEvents(body), this.response(body)]
        : path.endsWith('/messages')
          ? [this.messagesEvents(body), this.message(body)]
          : [this.geminiEvents(), this.gemini()];
    this.used = stated;
    if (!body.stream && !path.endsWith(':streamGenerateContent')) {
      response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': 'req_1' });
      await sleep(this.pause);
      response.end(JSON.stringify(whole));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    let sent = 0;
    for (const one of events) {
      if (this.drop > 0 && sent++ >= this.drop) return response.destroy();
      response.write(one);
      if (this.pause) await sleep(this.pause);
    }
    response.end();
  }

  // It keeps to the cap of a request.
  cap(body) {
    const { max_completion_tokens: one, max_tokens: two, max_output_tokens: three } = body;
    return one ?? two ?? three ?? body.generationConfig?.maxOutputTokens ?? Infinity;
  }

  chat(body) {
    const message = { role: 'assistant', content: words(4).join(''), refusal: null };
    const choice = { index: 0, message, logprobs: null, finish_reason: 'stop' };
    const usage = this.usage ? { usage: chatUsage(this.used) } : {};
    const head = { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: body.model };
    return { ...head, choices: [choice], ...usage };
  }
  chatEvents(body) {
    const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: body.model };
    const asked = body.stream_options?.include_usage;
    const more = asked ? { usage: null } : {};
    const chunk = (delta, end = null) =>
      event({ ...head, choices: [{ index: 0, delta, finish_reason: end }], ...more });
    const out = [chunk({ role: 'assistant', content: '' })];
    for (const word of words(6)) out.push(chunk({ content: word }));
    out.push(chunk({}, 'stop'));
    if (asked && this.usage) {
      out.push(event({ ...head, choices: [], usage: chatUsage(this.used) }));
    }
    out.push('data: [DONE]\n\n');
    return out;
  }

  response(body, status = 'completed') {
    const text = { type: 'output_text', text: words(4).join(''), annotations: [] };
    const message = { id: 'msg_1', type: 'message', role: 'assistant', status, content: [text] };
    const head = { id: 'resp_1', object: 'response', created_at: 1, model: body.model, status };
    const usage = this.usage ? { usage: responsesUsage(this.used) } : {};
    return { ...head, output: [message], ...usage };
  }
  responsesEvents(body) {
    let sequence = 0;
    const say = (type, more) => event({ type, sequence_number: sequence++, ...more }, type);
    const begun = { ...this.response(body, 'in_progress'), output: [], usage: null };
    const place = { item_id: 'msg_1', output_index: 0, content_index: 0 };
    return [
      say('response.created', { response: begun }),
      ...words(6).map((delta) => say('response.output_text.delta', { ...place, delta })),
      say('response.completed', { response: this.response(body) }),
    ];
  }

  message(body) {
    const head = { id: 'msg_1', type: 'message', role: 'assistant', model: body.model };
    const content = [{ type: 'text', text: words(4).join('') }];
    const usage = this.usage ? { usage: messagesUsage(this.used) } : {};
    return { ...head, content, stop_reason: 'end_turn', stop_sequence: null, ...usage };
  }
  messagesEvents(body) {
    const first = { ...messagesUsage(this.used), output_tokens: 1 };
    const head = { id: 'msg_1', type: 'message', role: 'assistant', model: body.model };
    const message = { ...head, content: [], stop_reason: null, stop_sequence: null, usage: first };
    const say = (type, more) => event({ type, ...more }, type);
    const delta = (text) =>
      say('content_block_delta', { index: 0, delta: { type: 'text_delta', text } });
    const end = { stop_reason: 'end_turn', stop_sequence: null };
    return [
      say('message_start', { message }),
      say('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
      say('ping', {}),
      ...words(6).map(delta),
      say('content_block_stop', { index: 0 }),
      say('message_delta', { delta: end, usage: { output_tokens: this.used.output } }),
      say('message_stop', {}),
    ];
  }

  gemini(parts = words(4), last = true) {
    const content = { role: 'model', parts: [{ text: parts.join('') }] };
    const candidate = { content, index: 0, ...(last ? { finishReason: 'STOP' } : {}) };
    const usage = this.usage ? { usageMetadata: geminiUsage(this.used) } : {};
    return { candidates: [candidate], ...usage, modelVersion: 'gemini-2.5-flash' };
  }
  geminiEvents() {
    const all = words(6);
    return all.map((word, i) => event(this.gemini([word], i === all.length - 1)));
  }
}
