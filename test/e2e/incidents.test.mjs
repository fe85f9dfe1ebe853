// The incidents of examples/incidents, played: each step ends as its story says, and so does the
// day.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { play } from '../../examples/incidents/play.mjs';
import { modules, pawl } from './world.mjs';

async function told(t, name) {
  const told = await play(name, { pawl, modules });
  if (told === null) return t.skip('PostgreSQL is not installed');
  for (const { step, refused, text } of told.played) {
    assert.equal(refused, step.gets !== 'result', `${step.says}: ${text}`);
    if (refused) assert.match(text, new RegExp(`\\[${step.gets}\\]`), step.says);
  }
  assert.match(told.timeline, /re-decided \d+ decisions: all equal/);
  assert.match(told.proof, /^verified/);
  return told;
}

test('incident: an environment that customers live in is not deleted', async (t) => {
  const { after, timeline } = await told(t, 'environment');
  const { customers, config } = after.environments['cost-explorer'];
  assert.equal(customers, 1412);
  assert.equal(config.price_feed, 'https://prices.myco.example');
  assert.match(timeline, /deny .*delete_environment/);
});

test('incident: a database is not dropped in a freeze', async (t) => {
  const day = await told(t, 'database');
  if (!day) return;
  assert.equal(day.before, '1200 customers, 4000 orders');
  assert.equal(day.after, day.before);
  assert.match(day.timeline, /deny .*by grace/);
});

test('incident: a mail goes to one customer, as a person put it right', async (t) => {
  const { after } = await told(t, 'mail');
  assert.deepEqual(
    after.sent.map((mail) => mail.to),
    [['jane@example.org']],
  );
  assert.match(after.sent[0].body, /It is 40 EUR/);
});

test('incident: in a freeze only what two people let through is deployed', async (t) => {
  const { after, timeline } = await told(t, 'deploy');
  assert.deepEqual(after.running.production, { checkout: '4.1.9', catalog: '2.0.7' });
  assert.match(timeline, /released .*approved by ada, grace/);
});
