// The role that the adversarial tests share, a world with one client of it, and the proof that the
// client can still be used.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { World } from './world.mjs';

export const open = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: [read_customer_record, read_big, read_slow], class: read_only}
    - {name: update_order_status, class: reversible small, args: {order_id: {max_length: 40}, status: {in: [ok]}}}
    - {name: send_customer_email, class: irreversible small, args: {to: {email_domain: [myco.example]}, body: {max_length: 100}}}
  blocked: [delete_customer_record]
`;

export async function start(t, { policy = open, lists = {}, deployment = '', ...options } = {}) {
  const w = new World(policy);
  if (deployment) {
    mkdirSync(path.join(w.dir, 'config', 'pawl'), { recursive: true });
    writeFileSync(path.join(w.dir, 'config', 'pawl', 'pawl.yaml'), deployment);
  }
  for (const [name, text] of Object.entries(lists)) writeFileSync(path.join(w.dir, name), text);
  t.after(() => w.end());
  const client = await w.client(options);
  return [w, client];
}

export async function usable(client) {
  const result = await client.call('read_customer_record', { customer_id: 'c' });
  assert.equal(result.isError, undefined, JSON.stringify(result));
}
