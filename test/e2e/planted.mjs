// Looking for secrets that were planted, in everything that they must not reach: what the agent
// heard, the state directory (journal, pins, the node's log), what the node printed, and whatever
// else a test names.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

// Every file below a folder, as bytes.
export function* files(folder) {
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    if (statSync(file).isDirectory()) yield* files(file);
    else if (statSync(file).isFile()) yield [file, readFileSync(file, 'latin1')];
  }
}

// A secret as it is, and inside of other texts in hexadecimal, base64 and percent escapes.
export const spellings = (value) => [
  value,
  Buffer.from(value).toString('hex'),
  encodeURIComponent(value),
  ...[0, 1, 2].map((cut) => Buffer.from(value.slice(cut)).toString('base64').slice(4, -6)),
];

// `places`: names and texts, such as `{agent: …, log: …, metrics: …, traces: …}`. A place that says
// nothing is a mistake of the test, unless it is one of the `quiet` ones: nothing was looked at.
export function nowhere(state, places, values, quiet = {}) {
  assert.ok(values.length > 0, 'no secret was planted');
  for (const [place, text] of Object.entries(places)) {
    assert.ok(text.length > 0, `${place} is empty`);
  }
  const all = [...Object.entries({ ...places, ...quiet }), ...files(state)];
  for (const value of values) {
    assert.ok(value.length >= 8, 'a secret that is no secret');
    for (const spelled of spellings(value)) {
      for (const [place, text] of all) assert.ok(!text.includes(spelled), `${place} has ${value}`);
    }
  }
}
