// The model proxy from outside: the SDKs of the three providers through `pawl serve` to a provider
// that is none, and a client that lies.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Gatehouse } from './api_world.mjs';
import { ModelProvider } from './provider_of_models.mjs';
import { modules, sleep } from './world.mjs';

const need = createRequire(path.join(modules, 'x.js'));
const real = 'sk-the-real-key-of-the-deployment';

const policy = (execution, models = '') => `
version: 1
agent: {id: clerk, identity: clerk@example}
${models}
tools: {allowed: [{name: read_note, class: read_only}]}
execution: {${execution}}
`;

// A gate with three providers, which are one server.
class Proxy extends Gatehouse {
  write(agents) {
    const listen = 'listen: {mcp: "127.0.0.1:0"}\n';
    const roles = `roles:\n  clerk: {file: "${this.policy}"}\n`;
    const one = (name) => `  ${name}: {url: "${this.stand?.url}", credential: real}\n`;
    const own = `  own: {api: openai, url: "${this.stand?.url}", credential: client}\n`;
    const models = ['openai', 'anthropic', 'gemini'].map(one).join('') + own;
    const more = this.stand ? `credentials: {real: {env: REAL_KEY}}\nmodels:\n${models}` : '';
    const text = `version: 1\n${listen}${roles}${agents}${more}${this.more ?? ''}`;
    writeFileSync(this.config, text, { mode: 0o600 });
    if (agents) this.agents = agents;
  }
  async open() {
    this.stand = await new ModelProvider().start();
    this.env.REAL_KEY = real;
    this.write(this.agents);
    return this.serve();
  }
  async end() {
    await super.end();
    await this.stand?.stop();
  }
  llm(provider) {
    return `${this.address}/llm/${provider}`;
  }
  post(run, target, body, headers = {}) {
    return fetch(`${this.address}/llm/${target}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${run.credential ?? run}`,
        ...headers,
      },
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
  }
  spent(run) {
    const calls = new Set(
      this.records('call.decided')
        .filter((r) => r.run === run.run && r.effect === 'allow')
        .map((r) => r.call),
    );
    return this.records('call.ended').filter((r) => calls.has(r.call));
  }
}

const user = (content) => [{ role: 'user', content }];
let g;
before(async () => {
  g = await new Proxy(policy('max_steps: 60')).open();
});
after(() => g.end());

test('the SDK of OpenAI asks through pawl, streaming and not', async () => {
  const OpenAI = need('openai').default;
  const run = await g.run({ key: 'openai' });
  const client = new OpenAI({ apiKey: run.credential, baseURL: `${g.llm('openai')}/v1` });
  g.stand.used = { input: 41, cached: 10, output: 13, thought: 3 };
  const ask = { model: 'gpt-5', messages: user('hello'), max_completion_tokens: 100 };
  const said = await client.chat.completions.create(ask);
  assert.match(said.choices[0].message.content, /^word0/);
  assert.equal(said.usage.prompt_tokens, 41);
  assert.equal(g.stand.last.headers.authorization, `Bearer ${real}`);
  assert.equal(g.stand.last.headers['accept-encoding'], 'identity');
  const heard = [];
  for await (const chunk of await client.chat.completions.create({ ...ask, stream: true })) {
    heard.push(chunk);
  }
  assert.ok(heard.every((chunk) => !chunk.usage && chunk.choices.length === 1), 'usage is dropped');
  assert.equal(g.stand.last.body.stream_options.include_usage, true);
  const asked = { ...ask, stream: true, stream_options: { include_usage: true } };
  const told = [];
  for await (const chunk of await client.chat.completions.create(asked)) told.push(chunk);
  assert.equal(told.at(-1).usage.completion_tokens, 13, 'who asked for usage hears it');
  const answer = await client.responses.create({ model: 'gpt-5', input: 'hello', store: false });
  assert.match(answer.output_text, /^word0/);
  const stream = { model: 'gpt-5', input: 'hello', store: false, stream: true };
  let last;
  for await (const one of await client.responses.create(stream)) last = one;
  assert.equal(last.type, 'response.completed');
  const spent = g.spent(run);
  assert.equal(spent.length, 5);
  for (const { spent: one } of spent) {
    assert.deepEqual([one.input, one.cache_read, one.output, one.reasoning], [31, 10, 10, 3]);
  }
});

test('the SDK of Anthropic asks through pawl, and what its caches had is counted besides', async () => {
  const Anthropic = need('@anthropic-ai/sdk').default;
  const run = await g.run({ key: 'anthropic' });
  const client = new Anthropic({ apiKey: run.credential, baseURL: g.llm('anthropic') });
  g.stand.used = { input: 13, cached: 2803, output: 21 };
  const ask = { model: 'claude-sonnet-4-5', max_tokens: 300, messages: user('hello '.repeat(900)) };
  const said = await client.messages.create(ask);
  assert.equal(said.usage.output_tokens, 21);
  assert.equal(g.stand.last.headers['x-api-key'], real);
  assert.equal(g.stand.last.headers.authorization, undefined);
  const whole = await client.messages.stream(ask).finalMessage();
  assert.match(whole.content[0].text, /^word0/);
  for (const { spent } of g.spent(run)) {
    assert.deepEqual([spent.input, spent.cache_read, spent.output], [13, 2803, 21]);
  }
});

test('the SDK of Gemini asks through pawl, streaming and not', async () => {
  const { GoogleGenAI } = need('@google/genai');
  const run = await g.run({ key: 'gemini' });
  const httpOptions = { baseUrl: g.llm('gemini') };
  const client = new GoogleGenAI({ apiKey: run.credential, httpOptions });
  g.stand.used = { input: 30, cached: 5, output: 12, thought: 4 };
  const ask = { model: 'gemini-2.5-flash', contents: 'hello' };
  assert.match((await client.models.generateContent(ask)).text, /^word0/);
  assert.equal(g.stand.last.headers['x-goog-api-key'], real);
  let text = '';
  for await (const chunk of await client.models.generateContentStream(ask)) text += chunk.text;
  assert.match(text, /word5/);
  for (const { spent } of g.spent(run)) {
    assert.deepEqual([spent.input, spent.cache_read, spent.output, spent.reasoning], [25, 5, 8, 4]);
  }
});

test('bytes go on as they came, and the prompt is in the journal as a digest only', async () => {
  const run = await g.run({ key: 'bytes' });
  g.stand.used = { input: 40, output: 12 };
  const text = '{ "messages":[{"role":"user","content":"caf\\u00e9 \\/ secret-prompt"}],\n "model":"gpt-5" }';
  const answer = await g.post(run, 'openai/v1/chat/completions', text);
  assert.equal(answer.status, 200, await answer.text());
  assert.equal(g.stand.last.text, text);
  const [decided] = g.records('call.decided').filter((r) => r.run === run.run);
  assert.equal([decided.server, decided.tool].join('/'), 'model:openai/gpt-5');
  const shown = g.pawl('audit', 'show', decided.call, '--json').out + JSON.stringify(decided);
  assert.ok(!shown.includes('secret-prompt'));
  const digest = createHash('sha256').update(text).digest('hex');
  assert.ok(g.pawl('replay', run.run).status === 0);
  assert.match(g.pawl('audit', 'show', decided.call, '--payloads').out + shown, new RegExp(digest));
});

test('what is not a request of this interface is refused in the words of its provider', async () => {
  const run = await g.run({ key: 'bad' });
  const before = g.stand.requests.length;
  const bad = async (target, body, headers) => {
    const answer = await g.post(run, target, body, headers);
    return [answer.status, JSON.stringify(await answer.json())];
  };
  const ask = { model: 'gpt-5', messages: user('a') };
  const chat = 'openai/v1/chat/completions';
  for (const [target, body, headers, says] of [
    [chat, '{"model":"gpt-5","model":"gpt-4","messages":[]}', {}, /model/],
    [chat, { ...ask, surprise: 1 }, {}, /surprise/],
    [chat, { ...ask, max_tokens: 0 }, {}, /max_tokens/],
    [chat, { ...ask, max_completion_tokens: '5' }, {}, /max_completion_tokens/],
    [chat, ask, { 'content-encoding': 'gzip' }, /coding/],
  ]) {
    const [status, said] = await bad(target, body, headers);
    assert.equal(status, 400, said);
    assert.match(said, says);
    assert.match(said, /invalid_request_error/);
  }
  const [status, said] = await bad('anthropic/v1/messages', { model: 'claude-sonnet-4-5' });
  assert.equal(status, 400);
  assert.match(said, /"type":"error"/);
  for (const target of ['openai/v1/files', 'openai/v1/messages', 'gemini/v1/chat/completions']) {
    assert.equal((await bad(target, ask))[0], 403, target);
  }
  assert.equal((await g.post(run, 'nobody/v1/chat/completions', ask)).status, 404);
  assert.equal(g.stand.requests.length, before, 'nothing of it reached the provider');
});

test('without the credential of a run nothing is asked', async () => {
  const ask = { model: 'gpt-5', messages: user('a') };
  for (const key of ['sk-mine', '', g.keys.executor]) {
    const answer = await g.post(key, 'openai/v1/chat/completions', ask);
    assert.equal(answer.status, 403, key);
  }
  const two = { 'x-api-key': 'another' };
  assert.equal((await g.post(g.keys.other, 'openai/v1/chat/completions', ask, two)).status, 403);
  const own = await g.post(g.keys.other, 'openai/v1/chat/completions', ask);
  assert.equal(own.status, 200, 'the key of an agent stands for one run of it');
});

test('what the provider would do besides is denied, unless the policy names it', async () => {
  const run = await g.run({ key: 'effects' });
  const search = { model: 'gpt-5', input: 'a', store: false, tools: [{ type: 'web_search' }] };
  const answer = await g.post(run, 'openai/v1/responses', search);
  assert.equal(answer.status, 403);
  assert.match((await answer.json()).error.message, /web_search/);
  const before = { model: 'gpt-5', input: 'a', previous_response_id: 'resp_0' };
  assert.equal((await g.post(run, 'openai/v1/responses', before)).status, 403);
  const stored = await g.post(run, 'openai/v1/responses', { model: 'gpt-5', input: 'a' });
  assert.equal(stored.status, 200, 'the provider may keep an answer');
});

test('the own key of a caller goes on, and the credential of its run does not', async () => {
  const run = await g.run({ key: 'own' });
  const ask = { model: 'gpt-5', messages: user('a') };
  const before = g.stand.requests.length;
  assert.equal((await g.post(run, 'own/v1/chat/completions', ask)).status, 403);
  assert.equal(g.stand.requests.length, before, 'the provider never sees what proves a run');
  const proof = { 'x-pawl-credential': run.credential };
  const answer = await g.post('sk-mine', 'own/v1/chat/completions', ask, proof);
  assert.equal(answer.status, 200, await answer.text());
  assert.equal(g.stand.last.headers.authorization, 'Bearer sk-mine');
  assert.ok(!JSON.stringify(g.stand.last.headers).includes(run.credential));
});

test('an error of the provider passes as it came, and costs nothing', async () => {
  const run = await g.run({ key: 'error' });
  g.stand.status = 429;
  const ask = { model: 'gpt-5', messages: user('a') };
  const answer = await g.post(run, 'openai/v1/chat/completions', ask);
  g.stand.status = 200;
  assert.equal(answer.status, 429);
  assert.match((await answer.json()).error.message, /the stand-in says no/);
  const [ended] = g.spent(run);
  assert.deepEqual([ended.outcome, ended.spent], ['failed', {}]);
});

test('a client that hangs up does not make tokens free', async () => {
  const run = await g.run({ key: 'gone' });
  g.stand.used = { input: 40, output: 12 };
  g.stand.pause = 60;
  const leaves = new AbortController();
  const ask = { model: 'gpt-5', messages: user('a'), stream: true };
  const answer = await fetch(`${g.address}/llm/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${run.credential}` },
    body: JSON.stringify(ask),
    signal: leaves.signal,
  });
  await answer.body.getReader().read();
  leaves.abort();
  let ended = [];
  for (let i = 0; i < 100 && ended.length === 0; ++i) {
    await sleep(50);
    ended = g.spent(run);
  }
  g.stand.pause = 0;
  const { input, output, money } = ended[0].spent;
  assert.deepEqual([input, output, money], [40, 12, 170_000], 'it was read to its end');
});

test('at the ceiling of its tokens the run halts, and no client tries again', async () => {
  const OpenAI = need('openai').default;
  const small = await new Proxy(
    policy('max_tokens_per_run: 3000, on_budget_exceeded: {notify: "#oncall-agents"}'),
  ).open();
  try {
    const run = await small.run();
    small.stand.used = { input: 40, output: 500 };
    const client = new OpenAI({ apiKey: run.credential, baseURL: `${small.llm('openai')}/v1` });
    const ask = { model: 'gpt-5', messages: user('hello'), max_completion_tokens: 500 };
    let done = 0;
    let failed;
    while (!failed && done < 20) {
      const stream = done % 2 === 1;
      try {
        const said = await client.chat.completions.create({ ...ask, stream });
        if (stream) for await (const chunk of said) assert.ok(chunk.choices.length <= 1);
        ++done;
      } catch (error) {
        failed = error;
      }
    }
    assert.equal(failed.status, 403);
    assert.match(failed.message, /3000 tokens/);
    assert.equal(done, small.stand.requests.length, 'it was asked once, and not again');
    const total = small.spent(run).reduce((sum, { spent }) => sum + spent.input + spent.output, 0);
    assert.ok(total <= 3000 && total > 2400, `${total}`);
    const caps = small.stand.requests.map(({ body }) => body.max_completion_tokens);
    assert.ok(caps.at(-1) < 500, 'the last one was lowered to what was left');
    assert.ok(small.records('run.halted').some((r) => r.run === run.run && r.code === 'ceiling'));
    const after = await small.propose(run, 'read_note', {});
    assert.deepEqual([after.json.effect, after.json.code], ['deny', 'run_halted']);
    await small.stop();
    await small.serve();
    const again = await small.post(run, 'openai/v1/chat/completions', ask);
    assert.equal(again.status, 403, 'a restart does not let it go on');
    assert.equal(small.stand.requests.length, done);
  } finally {
    await small.end();
  }
});

test('a hundred requests at once stay below a ceiling that fits some of them', async () => {
  const small = await new Proxy(policy('max_output_tokens: 1000')).open();
  try {
    const run = await small.run();
    small.stand.used = { input: 20, output: 100 };
    small.stand.pause = 20;
    const ask = { model: 'gpt-5', messages: user('a'), max_completion_tokens: 100 };
    const all = await Promise.all(
      Array.from({ length: 100 }, () => small.post(run, 'openai/v1/chat/completions', ask)),
    );
    const fine = all.filter(({ status }) => status === 200).length;
    assert.equal(fine, 10);
    assert.equal(small.stand.requests.length, 10);
    assert.ok(all.every(({ status }) => status === 200 || status === 403));
    const total = small.spent(run).reduce((sum, { spent }) => sum + spent.output, 0);
    assert.equal(total, 1000);
  } finally {
    await small.end();
  }
});

test('a stream that outruns its cap is cut with the words of the provider for an error', async () => {
  const small = await new Proxy(policy('max_output_tokens: 5000')).open();
  try {
    const run = await small.run();
    const lines = Array.from({ length: 400 }, (_, i) => `token ${i} `.repeat(20));
    small.stand.chatEvents = (body) =>
      lines.map((content) => {
        const choices = [{ index: 0, delta: { content }, finish_reason: null }];
        const head = { id: 'c', object: 'chat.completion.chunk', created: 1, model: body.model };
        return `data: ${JSON.stringify({ ...head, choices })}\n\n`;
      });
    const ask = { model: 'gpt-5', messages: user('a'), max_completion_tokens: 50, stream: true };
    const answer = await small.post(run, 'openai/v1/chat/completions', ask);
    const text = await answer.text();
    assert.match(text, /did not keep to the cap/);
    assert.ok(text.length < 60_000, 'most of it was not passed on');
    const [ended] = small.spent(run);
    assert.equal(ended.spent.measured, false);
    const status = small.json('runs', 'list').find((one) => one.run === run.run);
    assert.ok(status);
  } finally {
    await small.end();
  }
});

const prices = `version: 1
prices:
  openai/dime: {input: 0, output: 1000.00, date: 2026-11-26, source: "https://example.com"}
`;

test('two hundred requests of ten cents against five dollars: fifty, and exactly five', async () => {
  const small = new Proxy(policy('max_cost_usd: 5.00'));
  writeFileSync(path.join(path.dirname(small.config), 'prices.yaml'), prices);
  small.more = 'prices: prices.yaml\n';
  await small.open();
  try {
    const run = await small.run();
    small.stand.used = { input: 20, output: 100 };
    small.stand.pause = 5;
    const ask = { model: 'dime', messages: user('a'), max_completion_tokens: 100 };
    const all = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const body = { ...ask, stream: i % 2 === 0 };
        const answer = await small.post(run, 'openai/v1/chat/completions', body);
        await answer.text();
        return answer;
      }),
    );
    assert.equal(all.filter(({ status }) => status === 200).length, 50);
    assert.equal(small.stand.requests.length, 50, 'never one more');
    const spent = small.spent(run).map(({ spent: one }) => one);
    assert.equal(spent.reduce((sum, one) => sum + one.money, 0), 5e9);
    assert.ok(spent.every((one) => one.line === 'openai/dime' && /^sha256:/.test(one.table)));
    const replayed = small.pawl('replay', run.run);
    assert.equal(replayed.status, 0, replayed.out);
    assert.match(replayed.out, /50 requests to models, 6000 tokens, \$5\.00 of \$5\.00/);
    const unknown = await small.post(run, 'openai/v1/chat/completions', { ...ask, model: 'new' });
    assert.equal(unknown.status, 403);
  } finally {
    await small.end();
  }
});
