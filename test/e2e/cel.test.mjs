// `pawl eval` against the conformance cases of the expression language: one line in, one line out,
// and every answer is the one that the language's own tests ask for.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { cases, left_out } from './cel_cases.mjs';
import { pawl } from './world.mjs';

// A map has no order, and a double has many spellings.
function comparable(value) {
  if (value.double !== undefined) {
    return { double: Number(value.double.replace('inf', 'Infinity')) };
  }
  if (value.list) return { list: value.list.map(comparable) };
  if (value.map) {
    const rows = value.map.map((row) => row.map(comparable));
    return { map: rows.sort((a, b) => (JSON.stringify(a[0]) < JSON.stringify(b[0]) ? -1 : 1)) };
  }
  return value;
}

function same(answer, expected) {
  if (expected.error) return typeof answer.error === 'string';
  if (expected.type) return answer.value?.type === expected.type;
  return answer.value !== undefined &&
    isDeepStrictEqual(comparable(answer.value), comparable(expected.value));
}

function ask(questions) {
  const input = questions.map((question) => JSON.stringify(question) + '\n').join('');
  const done = spawnSync(pawl, ['eval'], { input, encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
}

test('every conformance case of the expression language that needs no protobuf', (t) => {
  const all = cases();
  const asked = all.filter((one) => one.question);
  const answers = ask(asked.map((one) => one.question));
  assert.equal(answers.length, asked.length);
  const wrong = asked
    .map((one, i) => ({ ...one, answer: answers[i] }))
    .filter((one) => !same(one.answer, one.expected));
  for (const file of new Set(all.map((one) => one.file))) {
    const of_it = (rows) => rows.filter((row) => row.file === file).length;
    const skipped = of_it(all) - of_it(asked);
    t.diagnostic(`${file}: ${of_it(asked) - of_it(wrong)} passed, ${of_it(wrong)} failed, ` +
      `${skipped} skipped (protobuf)`);
  }
  t.diagnostic(`left out: ${[...left_out].join(' ')}`);
  assert.ok(asked.length > 1500, `only ${asked.length} cases`);
  assert.deepEqual(wrong, []);
});

test('one line of output for each line of input, whatever it holds', () => {
  const lines = [
    '{"expr":"1 + 1"}', 'not json', '{"expr":"1 +"}', '{}', '{"expr":"x","bindings":{"x":{"int":"9"}}}',
    '{"expr":"1","expr":"2"}', '{"expr":"[1, 2].map(i, i * 2)"}',
  ];
  const done = spawnSync(pawl, ['eval'], { input: lines.join('\n') + '\n', encoding: 'utf8' });
  const answers = done.stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.equal(answers.length, lines.length);
  assert.deepEqual(answers[0], { value: { int: '2' } });
  for (const i of [1, 2, 3, 5]) assert.equal(typeof answers[i].error, 'string', lines[i]);
  assert.deepEqual(answers[4], { value: { int: '9' } });
  assert.deepEqual(answers[6], { value: { list: [{ int: '2' }, { int: '4' }] } });
});
