// What people hear, and how they answer for it: Slack, a webhook, PagerDuty and mail as other
// programs see them, the escalation of an escalation, and what a press of a button may do.
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import {
  buttons,
  hookSecret,
  mailServer,
  pressed,
  read,
  secretFile,
  slackSecret,
  until,
  verified,
  web,
} from './heard.mjs';
import { Served } from './served.mjs';
import { Numbers } from './watched.mjs';
import { code, sleep } from './world.mjs';

const policy = (contacts = '', more = '') => `version: 1
agent: {id: tester, identity: tester@example, owner: o@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only}
    - name: update_order_status
      class: reversible small
      requires_approval: true
    - {name: send_customer_email, class: irreversible small, requires_approval: true}
approval: {reviewers: [leads], within: 1m}
execution: {max_steps: 5}
${contacts}${more}
`;

// A node, the stand-ins around it, and a session of an agent.
async function world(
  t,
  { contacts = [], notify = '', escalation = '', approve = true, desktop = 'off', env = () => ({}) } = {},
) {
  const w = new Served(policy(escalation));
  Object.assign(w.env, env(w));
  t.after(() => w.end());
  const [slack, hook, duty] = [await web(t), await web(t), await web(t)];
  hook.answer = () => ({ status: 204 });
  duty.answer = () => ({ status: 202 });
  const mail = await mailServer(t, w.dir);
  const secret = (name, text) => secretFile(w.dir, name, text);
  const named = contacts.map(
    ([name, via, after = '0s']) => `{name: ${name}, via: "${via}", after: ${after}}`,
  );
  w.enrol();
  const config = readFileSync(path.join(w.dir, 'config', 'pawl', 'pawl.yaml'), 'utf8');
  const [verifier] = /verifier: "[^"]*"/.exec(config);
  w.killNode();
  await w.begin({
    listen: '{mcp: "127.0.0.1:0", metrics: "127.0.0.1:0"}',
    more: `people:
  ada: {groups: [leads], slack: U0ADA, ${verifier}}
  ben: {groups: [leads], slack: U0BEN}
  eve: {slack: U0EVE}
notify:
  desktop: "${desktop}"
  link: https://console.example
  slack:
    url: ${slack.url}
    token: ${secret('token', 'xoxb-the-token-of-the-bot')}
    channel: "#approvals"
    signing_secret: ${secret('signing', slackSecret)}
${approve ? '    approve: [reversible]' : ''}
  webhooks: {siem: {url: "${hook.url}hook", secret: ${secret('hook', hookSecret)}}}
  pagerduty:
    url: "${duty.url}v2/enqueue"
    services: {agents: ${secret('duty', 'R0UTINGKEY12345')}}
  mail:
    server: smtps://localhost:${mail.port}
    ca: mail.pem
    from: pawl@acme.example
    user: pawl
    password: ${secret('mailpass', 'mail password')}
    to: [leads@acme.example]
${named.length > 0 ? `  contacts: [${named.join(', ')}]` : ''}
${typeof notify === 'function' ? notify() : notify}`,
  });
  assert.ok(w.origin, w.log);
  const session = await w.open();
  const press = (action, value, options) =>
    fetch(`${w.origin}/notify/slack`, pressed(action, value, options));
  const status = async () => JSON.parse((await w.later('status', '--json')).out);
  return { w, slack, hook, duty, mail, session, press, status };
}

const question = (slack) =>
  until(() => slack.posts.find((post) => buttons(post).length > 0), 'a question');
const update = { order_id: 'A-1', status: 'ok' };
const records = async (w, type) =>
  (await w.later('audit', 'query', '--json')).out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter((record) => record.type === type);

test('a question reaches every medium, neutral and signed', async (t) => {
  const { w, slack, hook, mail, session } = await world(t);
  const hostile = '<!channel> <https://evil.example|Approve> \u202egro';
  const call = session.call('send_customer_email', {
    to: 'a@myco.example',
    body: hostile,
  });
  const post = await question(slack);
  assert.equal(post.headers.authorization, 'Bearer xoxb-the-token-of-the-bot');
  assert.equal(post.json.channel, '#approvals');
  assert.ok(!/[<>\u202e]/.test(JSON.stringify(post.json.blocks)), post.body);
  assert.deepEqual(buttons(post).map((one) => one.action_id), ['pawl_open']);
  assert.match(buttons(post)[0].url, /^https:\/\/console\.example\/#\/queue\/a-/);
  const signed = await until(() => hook.posts.find((one) => one.json.type === 'pawl.question'));
  assert.equal(verified(signed).data.event, 'question');
  assert.throws(() => verified({ ...signed, body: signed.body.replace('question', 'Question') }));
  const letter = read(await until(() => mail.mails[0], 'a mail'));
  assert.deepEqual(letter.names.slice(0, 4), ['Date', 'From', 'To', 'Subject']);
  assert.match(letter.text, /pawl approvals show a-/);
  assert.match(mail.mails[0].auth, /\0pawl\0mail password$/);
  assert.deepEqual(mail.mails[0].to, ['RCPT TO:<leads@acme.example>']);
  const [asked] = JSON.parse((await w.later('approvals', 'list', '--json')).out);
  await w.later('approvals', 'deny', asked.approval, '--as', 'ada', '--reason', 'no');
  assert.equal(code(await call), 'approval_rejected');
  const journal = (await w.later('audit', 'query', '--json')).out;
  for (const secret of ['xoxb-the', slackSecret, hookSecret.slice(6), 'R0UTING', 'mail password']) {
    assert.ok(!journal.includes(secret) && !w.log.includes(secret), secret);
  }
});

test('a reversible call is approved by a press that Slack signed, and by no other', async (t) => {
  const { w, slack, session, press } = await world(t);
  const call = session.call('update_order_status', update);
  const post = await question(slack);
  const [approve] = buttons(post);
  assert.equal(approve.action_id, 'pawl_approve');
  assert.match(JSON.stringify(post.json.blocks), /order_id: .*A-1/);
  const refused = async (expected, ...how) => {
    const answer = await press(...how);
    assert.equal(answer.status, expected, how[0]);
    const [open] = JSON.parse((await w.later('approvals', 'list', '--json')).out);
    assert.equal(open?.phase, 'open', `${how}`);
  };
  await refused(401, 'pawl_approve', approve.value, { secret: 'the secret of another' });
  await refused(401, 'pawl_approve', approve.value, { at: Date.now() - 301_000 });
  await refused(200, 'pawl_approve', approve.value, { user: 'U0WHO' });
  await refused(200, 'pawl_approve', approve.value, { user: 'U0BEN' }); // not enrolled
  await refused(200, 'pawl_approve', approve.value.replace(/.$/, (c) => (c === '0' ? '1' : '0')));
  await refused(200, 'pawl_approve', approve.value.split(' ')[0]);
  const unsigned = await fetch(`${w.origin}/notify/slack`, { method: 'POST', body: 'payload={}' });
  assert.equal(unsigned.status, 401);
  assert.equal((await fetch(`${w.origin}/notify/slack?approve=1`)).status, 405);
  assert.equal(w.calls('update_order_status').length, 0);

  const at = Date.now();
  const press_once = pressed('pawl_approve', approve.value, { at });
  assert.equal((await fetch(`${w.origin}/notify/slack`, press_once)).status, 200);
  assert.equal((await call).isError, undefined);
  assert.equal(w.calls('update_order_status').length, 1);
  const again = await fetch(`${w.origin}/notify/slack`, press_once);
  assert.equal(again.status, 401, 'a replay');
  const [answer] = await records(w, 'approval.answered');
  assert.equal(answer.person, 'ada');
  assert.equal(answer.proof, 'slack');
  assert.equal(answer.shown, approve.value.split(' ')[1]);
  await until(() => slack.posts.find((one) => one.json.text === 'approved by ada'));
});

test('an irreversible call is not approved in Slack, whatever is pressed', async (t) => {
  const { w, slack, session, press } = await world(t);
  const call = session.call('send_customer_email', { to: 'a@myco.example', body: 'x' });
  await question(slack);
  const [asked] = JSON.parse((await w.later('approvals', 'list', '--json')).out);
  assert.equal((await press('pawl_approve', asked.approval)).status, 200);
  const line = await until(() => slack.posts.find((one) => /^not approved/.test(one.json.text)));
  assert.match(line.json.text, /sign in to answer it/);
  assert.equal(w.calls('send_customer_email').length, 0);
  assert.equal((await press('pawl_reject', asked.approval)).status, 200);
  assert.equal(code(await call), 'approval_rejected');
});

test('a escalation is climbed, an acknowledgement stops it, and a resume ends it', async (t) => {
  const { w, slack, duty, session, press, status } = await world(t, {
    escalation: `escalation:
  contacts:
    - {name: Agents on call, via: "pagerduty:agents", after: 0s}
    - {name: Ada Example, via: "slack:@ada", after: 1s}
    - {name: Nobody, via: "mail:late@acme.example", after: 1h}
`,
  });
  for (let i = 0; i < 6; ++i) await session.call('read_customer_record', { customer_id: 'c' });
  const incident = await until(() => duty.posts[0], 'an incident');
  assert.equal(incident.url, '/v2/enqueue');
  assert.equal(incident.json.routing_key, 'R0UTINGKEY12345');
  assert.equal(incident.json.event_action, 'trigger');
  assert.equal(incident.json.payload.severity, 'critical');
  const post = await until(() => slack.posts.find((one) => one.json.channel === 'U0ADA'));
  const [acknowledge] = buttons(post);
  assert.equal(acknowledge.action_id, 'pawl_acknowledge');
  assert.equal((await press('pawl_acknowledge', acknowledge.value, { user: 'U0WHO' })).status, 200);
  assert.equal((await status()).escalations[0].phase, 'open');
  assert.equal((await press('pawl_acknowledge', acknowledge.value)).status, 200);
  const known = await until(async () => (await status()).escalations.find((e) => e.person));
  assert.equal(known.phase, 'acknowledged');
  assert.equal(known.person, 'ada');
  assert.equal((await until(() => duty.posts[1])).json.event_action, 'acknowledge');
  const run = known.run;
  assert.equal((await w.later('resume', 'run', run, '--as', 'ada', '--reason', 'seen')).status, 0);
  const over = await until(() => duty.posts[2]);
  assert.equal(over.json.event_action, 'resolve');
  assert.equal(over.json.dedup_key, incident.json.dedup_key);
  assert.deepEqual((await status()).escalations, []);
  const steps = (await records(w, 'escalated')).map((one) => [one.step, one.outcome]);
  assert.deepEqual(steps, [[1, 'told'], [2, 'told']]);
});

test('an escalation that no one answers is red until a person does', async (t) => {
  const { w, status } = await world(t, {
    contacts: [['Ada', 'slack:@ada']],
    notify: '  acknowledge_within: 1s\n',
  });
  const ready = () => fetch(`${w.origin}/readyz`);
  assert.equal((await ready()).status, 200);
  assert.equal((await w.later('kill', 'tool', 'read_big', '--reason', 'looks odd')).status, 0);
  const red = await until(async () => {
    const answer = await ready();
    return answer.status === 503 ? answer : null;
  }, 'red');
  assert.equal(await red.text(), 'an escalation is unanswered\n');
  assert.equal((await fetch(`${w.origin}/healthz`)).status, 200);
  const [escalation] = (await status()).escalations;
  assert.equal(escalation.phase, 'unanswered');
  // A restart does not make it green.
  w.node.kill('SIGKILL');
  await w.ended;
  await w.serve();
  assert.equal((await ready()).status, 503);
  assert.match((await w.later('status')).out, /unanswered/);
  assert.notEqual((await w.later('ack', escalation.escalation, '--as', 'eve')).status, 0);
  const done = await w.later('ack', escalation.escalation, '--as', 'ada');
  assert.equal(done.status, 0, done.err);
  assert.equal((await ready()).status, 200);
});

test('a way that is dead is escalated itself, and keeps no one waiting', async (t) => {
  const { w, slack, duty, status } = await world(t, {
    contacts: [['Ada', 'slack:@ada'], ['Agents', 'pagerduty:agents', '1h']],
  });
  slack.answer = () => ({ status: 200, body: '{"ok":false,"error":"token_revoked"}' });
  assert.equal((await w.later('kill', 'tool', 'read_big', '--reason', 'x')).status, 0);
  const told = await until(() => duty.posts.find((one) => /killed/.test(one.json.payload.summary)));
  assert.ok(told, 'the next one is told at once');
  await until(() => duty.posts.find((one) => /notifier_failed/.test(one.json.payload.summary)));
  const way = (await status()).notices.find((one) => one.name === 'slack');
  assert.match(way.dead, /token_revoked/);
  // Named, and not what the other side said of it; calls are decided as before.
  for (const place of ['readyz', 'healthz']) {
    const health = await fetch(`${w.origin}/${place}`);
    assert.equal(health.status, 200);
    assert.equal(await health.text(), 'ok\ndegraded: notices do not get through by slack\n');
  }
  const up = async (name) => (await Numbers.of(w)).sum('pawl_notifier_up', { way: name });
  assert.deepEqual([await up('slack'), await up('pagerduty')], [0, 1]);
  assert.match((await w.later('status')).out, /notices do not get through by slack/);
  const failed = (await records(w, 'escalated')).find((one) => one.failed);
  assert.match(failed.outcome, /token_revoked/);
  slack.answer = () => ({ status: 200, body: '{"ok":true}' });
  assert.equal((await w.later('kill', 'tool', 'read_slow', '--reason', 'x')).status, 0);
  await until(async () => (await status()).notices.every((one) => one.dead === ''));
  assert.equal(await (await fetch(`${w.origin}/readyz`)).text(), 'ok\n');
  assert.equal(await up('slack'), 1);
});

test('an auditor presses in vain, and only an enrolled person acknowledges', async (t) => {
  const { w, slack, session, press, status } = await world(t, {
    contacts: [['Ada', 'slack:@ada']],
  });
  const enrol = ['reviewers', 'add', 'zoe', '--group', 'leads', '--config', w.config];
  const enrolled = await w.later(...enrol, '--as', 'ada');
  assert.equal(enrolled.status, 0, enrolled.err);
  const file = readFileSync(w.config, 'utf8').replace('  zoe: {', '  zoe: {slack: U0ZOE, ');
  writeFileSync(w.config, file.replace('people:\n', 'people:\n  auditors: [zoe]\n'));
  w.node.kill('SIGHUP');
  await until(() => w.log.includes('was read again'), 'the new file');
  const call = session.call('update_order_status', update);
  const [approve] = buttons(await question(slack));
  const said = (text) => until(() => slack.posts.find((one) => text.test(one.json.text)));
  const id = approve.value.split(' ')[0];
  for (const [action, value] of [['pawl_approve', approve.value], ['pawl_reject', id]]) {
    slack.posts.length = 0;
    assert.equal((await press(action, value, { user: 'U0ZOE' })).status, 200);
    await said(/^not (approved|denied): an auditor sees everything and decides nothing/);
    assert.equal(JSON.parse((await w.later('approvals', 'list', '--json')).out)[0].phase, 'open');
  }
  assert.equal((await w.later('kill', 'tool', 'read_big', '--reason', 'x')).status, 0);
  const [{ escalation }] = (await status()).escalations;
  for (const [user, why] of [['U0ZOE', /auditor/], ['U0BEN', /not an enrolled reviewer/]]) {
    slack.posts.length = 0;
    assert.equal((await press('pawl_acknowledge', escalation, { user })).status, 200);
    assert.match((await said(/^not acknowledged/)).json.text, why);
    assert.equal((await status()).escalations[0].phase, 'open');
  }
  assert.equal((await press('pawl_acknowledge', escalation)).status, 200);
  await said(/^acknowledged by ada/);
  assert.equal((await status()).escalations[0].phase, 'acknowledged');
  assert.equal((await press('pawl_reject', id)).status, 200);
  const told = await call;
  assert.equal(code(told), 'approval_rejected');
  assert.match(told.content[0].text, /denied by ada in Slack/);
});

test('where no one is named, it is red at its end all the same', async (t) => {
  const { w, status } = await world(t, { notify: '  acknowledge_within: 1s\n' });
  const ready = async () => (await fetch(`${w.origin}/readyz`)).status;
  assert.equal(await ready(), 200);
  assert.equal((await w.later('kill', 'tool', 'read_big', '--reason', 'looks odd')).status, 0);
  await until(async () => (await ready()) === 503, 'red');
  const [escalation] = (await status()).escalations;
  assert.equal(escalation.phase, 'unanswered');
  assert.deepEqual(escalation.contacts, []);
  assert.equal((await records(w, 'escalation.opened')).length, 1);
  assert.equal((await w.later('ack', escalation.escalation, '--as', 'ada')).status, 0);
  assert.equal(await ready(), 200);
});

test('a program and the desktop are tried again, and what is dead is escalated', async (t) => {
  let here;
  const { w, duty, status } = await world(t, {
    contacts: [['Agents', 'pagerduty:agents']],
    desktop: 'auto',
    env: ({ dir, env }) => {
      here = (name) => path.join(dir, name);
      mkdirSync(here('bin'));
      const broken = `if [ -e ${here('broken')} ]; then echo x >> ${here('tried')}; exit 1; fi`;
      const send = ['#!/bin/sh', broken, `echo "$*" >> ${here('shown')}`, ''].join('\n');
      writeFileSync(here('bin/notify-send'), send, { mode: 0o755 });
      const bus = `unix:path=${here('no-bus')}`;
      return { PATH: `${here('bin')}:${env.PATH}`, DBUS_SESSION_BUS_ADDRESS: bus };
    },
    // It fails the first time.
    notify: () =>
      `  command: [sh, -c, "mkdir ${here('once')} && exit 1; echo $PAWL_EVENT >> ${here('ran')}"]\n`,
  });
  const way = async (name) => (await status()).notices.find((one) => one.name === name);
  const content = (name) => (existsSync(here(name)) ? readFileSync(here(name), 'utf8') : '');
  writeFileSync(here('broken'), '');
  assert.equal((await w.later('kill', 'tool', 'read_big', '--reason', 'x')).status, 0);
  await until(() => content('ran').includes('killed'), 'the second try of the program');
  assert.ok(existsSync(here('once')));
  assert.deepEqual([(await way('command')).failed, (await way('command')).dead], [0, '']);
  await sleep(8000); // five tries with growing pauses
  const dead = (one) => /by desktop/.test(one.json.payload.summary);
  const told = await until(() => duty.posts.find(dead));
  assert.match(told.json.payload.summary, /notifier_failed/);
  assert.match((await way('desktop')).dead, /1/);
  assert.ok(content('tried').split('\n').length > 5, content('tried'));
  rmSync(here('broken'));
  assert.equal((await w.later('kill', 'tool', 'read_slow', '--reason', 'x')).status, 0);
  await until(() => content('shown').includes('pawl: killed'), 'a notification');
  assert.equal((await way('desktop')).dead, '');
});

test('a journal that was cut keeps the node from starting, and people hear of it', async (t) => {
  const { w, duty, slack } = await world(t, {
    contacts: [['Agents', 'pagerduty:agents'], ['Ada', 'slack:@ada', '1h']],
  });
  w.node.kill('SIGTERM');
  await w.ended;
  const journal = readdirSync(w.state, { recursive: true }).filter((name) => /\.seg$/.test(name));
  assert.ok(journal.length > 0, readdirSync(w.state, { recursive: true }).join());
  for (const name of journal) rmSync(path.join(w.state, name), { force: true });
  await w.serve();
  assert.equal(w.origin, null, w.log);
  const incident = duty.posts.find((one) => /tampering/.test(one.json.payload?.summary));
  assert.ok(incident, w.log);
  assert.ok(slack.posts.some((one) => /tampering/.test(one.json.text)), 'without the hour');
});
