// One question for every engine: may this agent call this tool with these arguments?
//
// Four conditions on a call whose arguments are already parsed: the tool is one of three, an amount
// is at most 10, a status is one of three, and a mail address ends with our domain. Each engine
// gets the question in its own language, compiled or prepared as far as it can be. Before it is
// timed it has to answer all calls of `calls` correctly, so nothing is measured that decides
// something else.
// bench/expr_bench.cpp asks our own engine the same (`same_question`).
//
//   node engines.mjs MODULES       prints {"engine": nanoseconds per decision, …}
import { createRequire } from 'node:module';
import path from 'node:path';

const modules = createRequire(path.join(path.resolve(process.argv[2]), 'none.cjs'));
const tools = ['read_order', 'update_order', 'refund_order'];
const states = ['cancelled', 'refunded', 'processing'];
const domain = '@myco.example';

const good = {
  tool: 'refund_order',
  args: { amount: 7, status: 'refunded', to: 'a@myco.example' },
};
const with_args = (change) => ({ ...good, args: { ...good.args, ...change } });
export const calls = [
  [good, true],
  [{ ...good, tool: 'drop_order' }, false],
  [with_args({ amount: 11 }), false],
  [with_args({ status: 'shipped' }), false],
  [with_args({ to: 'a@elsewhere.example' }), false],
  [with_args({ amount: 10, status: 'cancelled' }), true],
];

const text = `tool in ${JSON.stringify(tools)} && args.amount <= 10 && ` +
  `args.status in ${JSON.stringify(states)} && args.to.endsWith("${domain}")`;

// Each gives a function from a call to true or false (or a promise of it).
const engines = {
  'ajv, compiled schema (no policy language)'() {
    const Ajv = modules('ajv').default;
    return new Ajv().compile({
      type: 'object',
      required: ['tool', 'args'],
      properties: {
        tool: { enum: tools },
        args: {
          type: 'object',
          required: ['amount', 'status', 'to'],
          properties: {
            amount: { type: 'number', maximum: 10 },
            status: { enum: states },
            to: { type: 'string', pattern: '@myco\\.example$' },
          },
        },
      },
    });
  },
  async '@marcbachmann/cel-js'() {
    const { Environment } = await import(modules.resolve('@marcbachmann/cel-js'));
    const names = new Environment({ unlistedVariablesAreDyn: true });
    const program = names.parse(text);
    // Its numbers are doubles, and it does not compare them with integers of the text.
    return (call) => program({ tool: call.tool,
      args: { ...call.args, amount: BigInt(call.args.amount) } }) === true;
  },
  async '@bufbuild/cel'() {
    const { celEnv, parse, plan } = await import(modules.resolve('@bufbuild/cel'));
    const names = celEnv();
    const program = plan(names, parse(text));
    return (call) => program({ tool: call.tool, args: call.args }) === true;
  },
  'cel-js'() {
    const { evaluate, parse } = modules('cel-js');
    const parsed = parse(text.replace(/args\.to\.endsWith\("[^"]*"\)/, 'ends'));
    if (!parsed.isSuccess) throw new Error(parsed.errors.join('; '));
    // It has no endsWith: that condition is given to it as a value.
    return (call) =>
      evaluate(parsed.cst, { ...call, ends: call.args.to.endsWith(domain) }) === true;
  },
  'json-logic-js'() {
    const logic = modules('json-logic-js');
    logic.add_operation('ends', (value, end) => value.endsWith(end));
    const rule = { and: [
      { in: [{ var: 'tool' }, tools] },
      { '<=': [{ var: 'args.amount' }, 10] },
      { in: [{ var: 'args.status' }, states] },
      { ends: [{ var: 'args.to' }, domain] },
    ] };
    return (call) => logic.apply(rule, call) === true;
  },
  async 'casbin'() {
    const { StringAdapter, newEnforcer, newModel } = modules('casbin');
    const words = states.map((state) => `'${state}'`).join(', ');
    const model = newModel(`
[request_definition]
r = tool, args
[policy_definition]
p = tool
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.tool == p.tool && r.args.amount <= 10 && ends(r.args.to) && r.args.status in (${words})
`);
    const enforcer = await newEnforcer(model,
      new StringAdapter(tools.map((tool) => `p, ${tool}`).join('\n')));
    await enforcer.addFunction('ends', (value) => value.endsWith(domain));
    return (call) => enforcer.enforceSync(call.tool, call.args);
  },
  'cedar-wasm, policy set parsed before'() {
    const cedar = modules('@cedar-policy/cedar-wasm/nodejs');
    const set = `permit(principal, action, resource) when { ${JSON.stringify(tools)}.contains(` +
      `context.tool) && context.args.amount <= 10 && ${JSON.stringify(states)}.contains(` +
      `context.args.status) && context.args.to like "*${domain}" };`;
    const parsed = cedar.preparsePolicySet('bench', { staticPolicies: set });
    if (parsed.type !== 'success') throw new Error(JSON.stringify(parsed));
    return (call) => cedar.statefulIsAuthorized({
      principal: { type: 'Agent', id: 'a' },
      action: { type: 'Action', id: 'call' },
      resource: { type: 'Tool', id: call.tool },
      context: call,
      preparsedPolicySetId: 'bench',
      preparsedSchemaName: null,
      validateRequest: false,
      entities: [],
    }).response.decision === 'allow';
  },
};

const milliseconds_each = Number(process.env.PAWL_BENCH_ENGINE_MS ?? 400);

// CPU time, so that the figure means something on a busy machine: the median of nine batches, each
// long enough that the clock's grain does not matter.
function nanoseconds(decide) {
  for (let i = 0; i < 10000; ++i) decide(good);
  let count = 100;
  const batch = () => {
    const start = process.cpuUsage();
    for (let i = 0; i < count; ++i) if (!decide(good)) throw new Error('the answer changed');
    const { user, system } = process.cpuUsage(start);
    return 1e3 * (user + system);
  };
  // Nine batches and the growing before them are about `milliseconds_each`.
  while (batch() < milliseconds_each * 1e5) count *= 2;
  const times = Array.from({ length: 9 }, batch).sort((a, b) => a - b);
  return times[4] / count;
}

const found = {};
for (const [name, prepare] of Object.entries(engines)) {
  const decide = await prepare();
  for (const [call, expected] of calls) {
    const answer = decide(call);
    if (answer !== expected) throw new Error(`${name}: ${JSON.stringify(call)} gave ${answer}`);
  }
  found[name] = Math.round(nanoseconds(decide));
}
console.log(JSON.stringify(found));
