// For tests of what is told to those who watch the machine: the numbers as another program reads
// them, and a collector of traces that takes OTLP/HTTP as its own schema has it.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { modules, sleep } from './world.mjs';

const from = createRequire(path.join(modules, 'here.js'));
const parser = from('parse-prometheus-text-format');
const parseText = parser.default ?? parser;
const proto = from('@opentelemetry/otlp-proto-exporter-base/build/src/generated/root.js');
const Traces = proto.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;

export async function until(found) {
  for (let i = 0; i < 500; ++i) {
    const what = await found();
    if (what) return what;
    await sleep(20);
  }
  throw new Error('it never came');
}

// What `/metrics` says, by a parser of others.
export class Numbers {
  constructor(text) {
    this.text = text;
    this.names = new Set(parseText(text).map((family) => family.name));
    // That parser forgets the labels of histograms; without their types they are samples.
    this.families = parseText(text.replaceAll(/^# TYPE .*\n/gm, ''));
  }
  static async of(world) {
    const [, url] = /metrics at (http\S+)/.exec(world.log);
    const answer = await fetch(url);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
    return new Numbers(await answer.text());
  }
  all(name, labels = {}) {
    const family = this.families.find((one) => one.name === name);
    assert.ok(family || this.names.has(name), `there is no ${name}`);
    return (family?.metrics ?? []).filter((one) =>
      Object.entries(labels).every(([label, value]) => one.labels?.[label] === value),
    );
  }
  // The sum over all series that have these labels.
  sum(name, labels = {}) {
    return this.all(name, labels).reduce((sum, one) => sum + Number(one.value), 0);
  }
}

const bytes = (hex, length) => {
  assert.match(hex, new RegExp(`^[0-9a-f]{${2 * length}}$`));
  return Buffer.from(hex, 'hex');
};

// The JSON encoding differs from the schema's own in the ids, which are hexadecimal. Whatever the
// schema does not know would be gone after a way there and back.
function checked(body) {
  const plain = JSON.parse(body);
  for (const one of plain.resourceSpans)
    for (const scope of one.scopeSpans)
      for (const span of scope.spans) {
        span.traceId = bytes(span.traceId, 16).toString('base64');
        span.spanId = bytes(span.spanId, 8).toString('base64');
        if (span.parentSpanId !== undefined)
          span.parentSpanId = bytes(span.parentSpanId, 8).toString('base64');
      }
  const message = Traces.fromObject(plain);
  assert.equal(Traces.verify(message), null);
  const back = Traces.toObject(Traces.decode(Traces.encode(message).finish()), {
    longs: String,
    bytes: String,
  });
  assert.deepEqual(back, plain);
}

const plainValue = ({ stringValue, intValue, boolValue }) =>
  stringValue ?? (intValue !== undefined ? Number(intValue) : boolValue);

// All that this node has told to those who watch it, once nothing waits to be sent.
export async function told(world, collector) {
  const { text } = await until(async () => {
    const now = await Numbers.of(world);
    const all = now.sum('pawl_spans_sent_total') > 0 && now.sum('pawl_spans_waiting') === 0;
    return all && now;
  });
  if (collector.wrong) throw collector.wrong;
  return { metrics: text, traces: collector.bodies.join('\n') };
}

// A collector. `manner(n)` gives the status for its n-th request; null: no answer at all.
export class Collector {
  constructor(manner = () => 200) {
    this.bodies = [];
    this.headers = [];
    this.spans = [];
    this.requests = 0;
    this.server = createServer((request, response) => {
      let body = '';
      request.on('data', (more) => (body += more));
      request.on('end', () => this.take(request, response, body, manner(this.requests++)));
    });
  }
  async open(t) {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      this.server.closeAllConnections();
      this.server.close();
    });
    this.url = `http://127.0.0.1:${this.server.address().port}/v1/traces`;
    return this;
  }
  take(request, response, body, status) {
    if (status === null) return;
    try {
      assert.equal(request.method, 'POST');
      assert.equal(request.url, '/v1/traces');
      assert.equal(request.headers['content-type'], 'application/json');
      checked(body);
    } catch (error) {
      this.wrong = error;
    }
    this.bodies.push(body);
    this.headers.push(request.headers);
    if (status === 200)
      for (const one of JSON.parse(body).resourceSpans)
        for (const scope of one.scopeSpans)
          for (const span of scope.spans) {
            const pairs = (span.attributes ?? []).map(({ key, value }) => [key, plainValue(value)]);
            this.spans.push({ ...span, attributes: Object.fromEntries(pairs) });
          }
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  }
  async found(name, which = () => true) {
    const span = await until(() =>
      this.spans.find((one) => one.name === name && which(one.attributes, one)),
    );
    if (this.wrong) throw this.wrong;
    return span;
  }
}
