// Callers that are refused at a door of `pawl serve` without belonging to a run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gatehouse } from './api_world.mjs';

test('strangers do not silence the node, and each of them is counted', async () => {
  const w = await new Gatehouse().serve();
  try {
    const strangers = Array.from({ length: 100 }, () => w.ask('pawl_no', 'GET', '/v1/runs/r-1'));
    for (const { status } of await Promise.all(strangers)) assert.equal(status, 401);
    const rotated = await w.later('keys', 'rotate');
    assert.equal(rotated.status, 0, rotated.err);
    assert.equal(await w.stop(), 0);
    const said = (topic) => w.records('noted').filter((one) => one.topic === topic);
    assert.equal(said('keys of runs').length, 1, 'what the node itself has to say is there');
    // However the minutes fall, all of them are there: each by itself, or in a count.
    let counted = 0;
    for (const { text } of said('identity refused')) {
      counted += Number(/^(\d+) more/.exec(text)?.[1] ?? 1);
    }
    assert.equal(counted, 100);
    assert.ok(said('identity refused').length < 70);
  } finally {
    await w.end();
  }
});
