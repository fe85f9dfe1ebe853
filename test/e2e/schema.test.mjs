// The check of arguments against JSON Schema agrees with ajv's, on generated schemas and values.
//
// What differs on purpose is in docs/reference/schema.md and in the table at the end.
// PAWL_SCHEMAS and PAWL_SCHEMA_SEED make longer and other runs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import path from 'node:path';
import { chance, near, schema, value } from './schemas.mjs';

const from_modules = createRequire(path.join(process.env.PAWL_E2E_MODULES, 'none.cjs'));
const ajvs = {
  7: from_modules('ajv').default,
  2019: from_modules('ajv/dist/2019').default,
  2020: from_modules('ajv/dist/2020').default,
};
const root = path.resolve(import.meta.dirname, '../..');
const built = path.join(root, 'build/test/test/schema/schema_pairs');
const program = process.env.PAWL_SCHEMA_PAIRS ?? built;
const schemas = Number(process.env.PAWL_SCHEMAS ?? 400);
const seed = Number(process.env.PAWL_SCHEMA_SEED ?? 20201212);
const values_each = 8;

function ours(pairs) {
  assert.ok(existsSync(program), `${program} is not built: ninja -C build/test schema_pairs`);
  const input = pairs.map((pair) => JSON.stringify(pair)).join('\n') + '\n';
  const done = spawnSync(program, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
}

// For each value true or false, or null where ajv itself fails.
function theirs(draft, { schema, values }) {
  const options = { strict: false, validateFormats: false, logger: false };
  const check = new ajvs[draft](options).compile(schema);
  return values.map((one) => {
    try {
      return check(one);
    } catch (error) {
      assert.ok(error instanceof TypeError || error instanceof RangeError, error);
      return null;
    }
  });
}

// Pairs that fall under a known difference (the table below) are not compared.
function differs(schema, value, valid) {
  if (valid === null) return true;
  const list = schema.includes('"prefixItems"') || schema.includes('"items":[');
  return list && schema.includes('"contains"') && JSON.stringify(value).includes('[]');
}

for (const draft of [2020, 2019, 7]) {
  test(`draft ${draft}: ${schemas} schemas with ${values_each} values each`, (t) => {
    const r = chance(seed + draft);
    const pairs = Array.from({ length: schemas }, () => {
      const s = schema(r, draft);
      const one = () => (r.one_in(5) ? value(r) : near(r, s, s));
      const values = Array.from({ length: values_each }, one);
      return { schema: s, values };
    });
    const answers = ours(pairs);
    assert.equal(answers.length, pairs.length);
    const count = { agreed: 0, valid: 0, left_out: 0 };
    pairs.forEach((pair, i) => {
      const expected = theirs(draft, pair);
      const text = JSON.stringify(pair.schema);
      assert.ok(Array.isArray(answers[i]), `${JSON.stringify(answers[i])}: ${text}`);
      expected.forEach((valid, j) => {
        if (differs(text, pair.values[j], valid)) return ++count.left_out;
        assert.equal(answers[i][j], valid,
          `ajv says ${valid} for ${JSON.stringify(pair.values[j])}: ${text}`);
        ++count.agreed;
        return valid && ++count.valid;
      });
    });
    t.diagnostic(`draft ${draft}: ${count.agreed} pairs agree, ${count.valid} of them valid, ` +
      `${count.left_out} left out as known differences`);
    assert.ok(count.left_out < count.agreed * 0.1, JSON.stringify(count));
    // A generator that makes only one of the two answers would test nothing.
    const share = count.valid / count.agreed;
    assert.ok(share > 0.15 && share < 0.85, JSON.stringify(count));
  });
}

// [what, schema, value, ours, ajv's (null: it fails)]: each row is a line of the reference page.
const draft_2019 = 'https://json-schema.org/draft/2019-09/schema';
const differences = [
  ['multiples are exact in decimals', { multipleOf: 0.1 }, 0.3, true, false],
  ['multiples are exact in decimals', { multipleOf: 0.01 }, 4.35, true, false],
  ['a large number is a multiple only where it is', { multipleOf: 3 }, 1e18, false, true],
  ['a multiple beyond 2^70 is exact', { multipleOf: 0.5 }, 1e300, true, false],
  ['`contains` evaluates only what it holds for',
    { contains: { type: 'number' }, unevaluatedItems: false }, ['x', 1], false, true],
  ['`contains` of 2019-09 evaluates nothing',
    { $schema: draft_2019, contains: { type: 'number' }, unevaluatedItems: false }, [1],
    false, true],
  ['an empty array is looked at after `prefixItems` too',
    { prefixItems: [{ type: 'string' }], contains: { type: 'number' } }, [], false, true],
  ['`$dynamicRef` finds an anchor that is not at the root',
    { $dynamicRef: '#a', $defs: { one: { $dynamicAnchor: 'a', type: 'string' } } }, 'x',
    true, null],
  ['a name may be empty', { dependentRequired: { a: [''] } }, { a: 1 }, false, true],
  ['a member is a member whatever its name',
    JSON.parse('{"properties":{"__proto__":{"type":"string"}}}'), JSON.parse('{"__proto__":1}'),
    false, true],
];
test('where ajv and pawl differ, they differ as the reference says', () => {
  const answers = ours(differences.map(([, schema, value]) => ({ schema, values: [value] })));
  differences.forEach(([what, schema, value, mine, other], i) => {
    assert.deepEqual(answers[i], [mine], what);
    const draft = schema.$schema === draft_2019 ? 2019 : 2020;
    assert.deepEqual(theirs(draft, { schema, values: [value] }), [other], what);
  });
});
