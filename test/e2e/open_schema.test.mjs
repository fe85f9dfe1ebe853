// Tools whose input schema permits any argument: what the policy names is sent, the rest is not,
// and every command says the same of it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { World, code, pawl } from './world.mjs';

const loose = path.join(path.dirname(fileURLToPath(import.meta.url)), 'loose.mjs');
const policy = (more) => `
version: 1
agent: {id: tester, identity: tester@example}
tools: {allowed: [{name: read_any, class: read_only${more}}]}
`;
const named = policy(', args: {message: {max_length: 5}}');
const limited = policy(', constraints: {allowed_modes: [fast, slow]}');
const schemas = [
  {},
  { type: 'object' },
  { type: 'object', additionalProperties: true },
  { type: 'object', additionalProperties: { type: 'string' } },
  { type: 'object', patternProperties: { '^m': {} }, additionalProperties: false },
  { type: 'object', properties: { id: { type: 'string' } }, additionalProperties: true },
];

for (const schema of schemas) {
  test(`what the policy names is sent: ${JSON.stringify(schema)}`, async (t) => {
    for (const [rules, good, bad] of [
      [named, { message: 'short' }, [{ message: 'longer' }, { message: 'a', more: 'b' }, {}]],
      [limited, { mode: 'fast' }, [{ mode: 'other' }, { mode: 'fast', more: 'b' }, {}]],
    ]) {
      const w = new World(rules);
      t.after(() => w.end());
      const command = ['node', loose, w.record, JSON.stringify(schema)];
      const client = await w.client({ command });
      const sent = await client.call('read_any', good);
      assert.equal(sent.content[0].text, JSON.stringify(good));
      for (const one of bad) {
        const denied = await client.call('read_any', one);
        assert.equal(code(denied), 'constraint', JSON.stringify(one));
      }
      assert.equal(w.calls().length, 1);
      // The commands agree.
      const ask = (args, ...words) =>
        spawnSync(pawl, [...words, '--policy', w.policy], {
          input: JSON.stringify({ tool: 'read_any', arguments: args, schema }),
          encoding: 'utf8',
          env: w.env,
        });
      assert.equal(JSON.parse(ask(good, 'decide').stdout).effect, 'allow');
      for (const one of bad) assert.equal(JSON.parse(ask(one, 'decide').stdout).effect, 'deny');
      const check = (...words) =>
        spawnSync(pawl, ['check', w.policy, ...words], { encoding: 'utf8', env: w.env });
      const checked = check('--', ...command);
      assert.equal(checked.status, 0, checked.stdout + checked.stderr);
      assert.doesNotMatch(checked.stdout, /has no argument|none of the arguments/);
      w.enrol();
      const accepted = w.pawl('accept', '--policy', w.policy, '--yes', '--as', 'ada', '--', ...command);
      assert.equal(accepted.status, 0, accepted.err);
      assert.equal(check('--lock').status, 0);
      await client.close();
      const again = await w.client({ command });
      assert.equal((await again.call('read_any', good)).content[0].text, JSON.stringify(good));
    }
  });
}

test('what no rule names is not sent, and a name that a schema does not know is a mistake', async (t) => {
  const w = new World(policy(''));
  t.after(() => w.end());
  const client = await w.client({ command: ['node', loose, w.record, '{"type":"object"}'] });
  const denied = await client.call('read_any', { message: 'a' });
  assert.equal(code(denied), 'constraint');
  assert.match(denied.content[0].text, /schema or the policy names/);
  assert.equal(w.calls().length, 0);
  const closed = new World(named);
  t.after(() => closed.end());
  for (const schema of [
    { type: 'object', additionalProperties: false },
    { type: 'object', properties: { massage: { type: 'string' } } },
  ]) {
    const command = ['node', loose, closed.record, JSON.stringify(schema)];
    const words = ['check', closed.policy, '--', ...command];
    const checked = spawnSync(pawl, words, { encoding: 'utf8', env: closed.env });
    assert.equal(checked.status, 1, checked.stdout);
    assert.match(checked.stdout.replace(/\s+/g, ' '), /has no argument `message`/);
  }
});

test('init says of such a tool that its arguments have to be named', async (t) => {
  const w = new World(named);
  t.after(() => w.end());
  const out = path.join(w.dir, 'first.yaml');
  const made = w.pawl('init', '--out', out, '--', 'node', loose, w.record, '{"type":"object"}');
  assert.equal(made.status, 0, made.err + made.out);
  const checked = spawnSync(pawl, ['check', out], { encoding: 'utf8', env: w.env });
  assert.equal(checked.status, 0, checked.stdout);
  const text = spawnSync('cat', [out], { encoding: 'utf8' }).stdout;
  assert.match(text, /arguments: any; those that `args` names are sent/);
});
