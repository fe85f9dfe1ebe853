// Tools that ask their client, in both eras: the SDK turns what they return into requests for older
// clients, and into results for modern ones.
import { answer, answered, form, inputRequired, nameForm, said, sample } from './parts.mjs';
import { states, string } from './parts.mjs';

export function asking(tool) {
  const asks = (name, key, question, done, properties, required) =>
    tool(
      name,
      (args, ctx) => {
        const got = answer(ctx, key);
        if (got.kind !== 'missing') return said(done(got));
        return inputRequired({ inputRequests: { [key]: question(args) } });
      },
      properties,
      required,
    );
  const outcome = (got) => `action=${got.action}, content=${JSON.stringify(got.content ?? {})}`;
  asks(
    'test_sampling',
    'sample',
    ({ prompt }) => sample(prompt, 100),
    (got) => `LLM response: ${got.result?.content?.text}`,
    { prompt: string },
    ['prompt'],
  );
  asks(
    'test_elicitation',
    'answer',
    ({ message }) =>
      form(message, {
        username: { ...string, description: "User's response" },
        email: { ...string, description: "User's email address" },
      }),
    (got) => `User response: ${outcome(got)}`,
    { message: string },
    ['message'],
  );
  const completed = (got) => `Elicitation completed: ${outcome(got)}`;
  asks(
    'test_elicitation_sep1034_defaults',
    'answer',
    () =>
      form(
        'Please review and update the form fields with defaults',
        {
          name: { ...string, description: 'User name', default: 'John Doe' },
          age: { type: 'integer', description: 'User age', default: 30 },
          score: { type: 'number', description: 'User score', default: 95.5 },
          status: { ...string, enum: ['active', 'inactive', 'pending'], default: 'active' },
          verified: { type: 'boolean', description: 'Verification status', default: true },
        },
        [],
      ),
    completed,
  );
  const titled = (what) =>
    ['First', 'Second', 'Third'].map((nth, i) => ({
      const: `value${i + 1}`,
      title: `${nth} ${what}`,
    }));
  const options = ['option1', 'option2', 'option3'];
  asks(
    'test_elicitation_sep1330_enums',
    'answer',
    () =>
      form(
        'Please select options from the enum fields',
        {
          untitledSingle: { ...string, enum: options },
          titledSingle: {
            ...string,
            oneOf: titled('Option'),
          },
          legacyEnum: {
            ...string,
            enum: ['opt1', 'opt2', 'opt3'],
            enumNames: ['Option One', 'Option Two', 'Option Three'],
          },
          untitledMulti: { type: 'array', items: { ...string, enum: options } },
          titledMulti: {
            type: 'array',
            items: {
              anyOf: titled('Choice'),
            },
          },
        },
        [],
      ),
    completed,
  );
}

// The tools named after the results that ask (SEP-2322), some of them with a state of their own.
export function rounds(tool) {
  const ask = (name, run) => tool(`test_input_required_result_${name}`, run);
  const name = (ctx) => answered(ctx, 'user_name', 'name');
  const state = (ctx) => ctx.mcpReq.requestState?.();
  const need = (inputRequests) => inputRequired({ inputRequests });
  const stated = async (inputRequests, step) =>
    inputRequired({ inputRequests, requestState: await states.mint({ step }) });
  ask('elicitation', (_, ctx) =>
    name(ctx) === undefined ? need({ user_name: nameForm() }) : said(`Hello, ${name(ctx)}!`),
  );
  ask('sampling', (_, ctx) => {
    const got = answer(ctx, 'capital_question');
    if (got.kind === 'sampling') return said(got.result.content.text);
    return need({ capital_question: sample('What is the capital of France?', 100) });
  });
  ask('list_roots', (_, ctx) => {
    const got = answer(ctx, 'client_roots');
    if (got.kind === 'roots') return said(`Roots: ${got.roots.map((root) => root.uri).join(', ')}`);
    return need({ client_roots: inputRequired.listRoots() });
  });
  const confirm = () => ({ confirm: form('Please confirm', { ok: { type: 'boolean' } }) });
  for (const one of ['request_state', 'tampered_state'])
    ask(one, (_, ctx) => {
      const done = state(ctx)?.step === 'confirm' && answered(ctx, 'confirm', 'ok') !== undefined;
      return done ? said('state-ok') : stated(confirm(), 'confirm');
    });
  ask('multiple_inputs', (_, ctx) => {
    const greeting = answer(ctx, 'greeting');
    const roots = answer(ctx, 'client_roots');
    const all = name(ctx) !== undefined && greeting.kind === 'sampling' && roots.kind === 'roots';
    if (all && state(ctx)?.step === 'all')
      return said(`${greeting.result.content.text} ${name(ctx)}, ${roots.roots.length} roots`);
    const questions = {
      user_name: nameForm(),
      greeting: sample('Generate a greeting', 50),
      client_roots: inputRequired.listRoots(),
    };
    return stated(questions, 'all');
  });
  const steps = {
    first: () => ({ step1: form('Step 1: What is your name?', { name: string }) }),
    second: () => ({ step2: form('Step 2: What is your favorite color?', { color: string }) }),
  };
  ask('multi_round', (_, ctx) => {
    const at = state(ctx)?.step;
    const color = answered(ctx, 'step2', 'color');
    if (at === 'second' && color !== undefined) return said(`${color} it is`);
    const named = at === 'first' && answered(ctx, 'step1', 'name') !== undefined;
    const next = at === 'second' || named ? 'second' : 'first';
    return stated(steps[next](), next);
  });
  ask('capabilities', (_, ctx) => {
    const can = clientCapabilities(ctx);
    const questions = {};
    if (can.elicitation) questions.user_name = nameForm();
    if (can.sampling) questions.greeting = sample('Generate a greeting', 50);
    const got = Object.keys(questions).every((key) => answer(ctx, key).kind !== 'missing');
    return got ? said('asked what you can do') : need(questions);
  });
}

// Of a modern client: what its request says. An older one said it once, and is asked as it can.
const clientCapabilities = (ctx) =>
  ctx.mcpReq._meta?.['io.modelcontextprotocol/clientCapabilities'] ??
  ctx.mcpReq.envelope?.['io.modelcontextprotocol/clientCapabilities'] ?? { sampling: {} };
