// The worst message of nearly 4 MiB keeps no one waiting: while it is judged, another client's call
// and `kill all` are answered. How long they took is said. Nothing here fails on a slow machine,
// but where they had to wait for what was judged.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World, code, sleep } from './world.mjs';

const bytes = 4_000_000;
const filled = (piece) => piece.repeat(Math.floor(bytes / Buffer.byteLength(piece)));
const kinds = {
  'hosts_in, data again and again': ['hosts_in: [a.example]', filled('data:a!')],
  'hosts_in, encoded twice': ['hosts_in: [a.example]', filled('%2525')],
  'hosts_in, other full stops': ['hosts_in: [a.example]', filled('\u3002')],
  'hosts_in, many hosts': ['hosts_in: [a.example]', filled('a.example ')],
  'in, letters that fold': ['in: [x, y]', filled('\uff41')],
  'matches': ["matches: '(a|b|[^x])*y'", filled('ab')],
  'max_length': ['max_length: 100', filled('\u20ac')],
  'single_line': ['required: true', filled('a\u0301')],
  'json': ['json: {b: {max_length: 3}}', filled('[')],
  'manifest': ['manifest: {kinds: [ConfigMap]}', filled('a: b\n')],
  'email_domain': ['email_domain: [a.example]', filled('a@')],
  'url': ['url: {host: [a.example]}', filled('https://')],
  'credentials that nearly are': ['single_line: false', filled('eyJsk-')],
};
const policy = (check) => `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only}
    - name: send_customer_email
      class: irreversible small
      args: {to: a, body: {${check}}}
`;
const patience = () => new Promise((resolve) => setTimeout(resolve, 20_000).unref());
const timed = async (work) => {
  const began = performance.now();
  return [await work, performance.now() - began];
};

const mail = 'send_customer_email';
const cases = Object.entries(kinds).map(([name, [check, body]]) => [
  name,
  policy(check),
  [mail, { to: 'a', body }],
]);
for (const scope of ['', ', scope: [x]']) {
  const role = policy('required: true') + `    - {name: read_big, class: read_only${scope}}\n`;
  cases.push([`a result${scope}`, role, ['read_big', { bytes }]]);
}

for (const [name, role, asked] of cases) {
  test(`A3 ${name}`, async (t) => {
    const w = new World(role);
    t.after(() => w.end());
    const large = await w.client();
    const small = await w.client({ env: { PAWL_RUN: 'other' } });
    await large.call('read_customer_record', { customer_id: 'c' });
    await small.call('read_customer_record', { customer_id: 'c' });
    const [, alone] = await timed(w.later('version'));

    // One small call after the other, for as long as the large one has no answer.
    let over = false;
    const judged = timed(large.call(...asked));
    const ended = Promise.race([judged, patience()]).finally(() => (over = true));
    const late = sleep(40).then(() => timed(w.later('kill', 'all', '--reason', 'x')));
    let longest = 0;
    while (!over) {
      const [answer, took] = await timed(small.call('read_customer_record', { customer_id: 'c' }));
      assert.ok(answer.isError === undefined || code(answer) === 'killed');
      longest = Math.max(longest, took);
      await sleep(1);
    }
    const [kill, took] = await late;
    assert.equal(kill.status, 0, kill.err);
    const [, whole] = (await ended) ?? [null, Infinity];
    const ms = (n) => n.toFixed(0);
    t.diagnostic(
      `${name}: the large call ${ms(whole)} ms, the longest other call ${ms(longest)} ms, ` +
        `kill ${ms(took)} ms (a command alone ${ms(alone)})`,
    );
    assert.ok(longest < Math.max(500, whole), `${longest} ms of ${whole}`);
    assert.ok(took - alone < Math.max(500, whole), `${took} ms of ${whole}`);
  });
}
