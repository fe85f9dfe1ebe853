// What a role is checked for before it is used is kept beside its policy: whatever makes it another
// answer is seen by who comes next. Its file, the deployment file, and the time.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Gatehouse, clerk } from './api_world.mjs';
import { sleep } from './world.mjs';

const live = `${clerk}environment: production\n`;
const two = live.replace('{reviewers: [leads], ', '{reviewers: [leads], quorum: 2, ');
const three = two.replace('quorum: 2', 'quorum: 3');
const bo = '  bo: {groups: [leads]}\n';

class House extends Gatehouse {
  // No agent is at the door for `lone`: a mistake of its policy is not one of the deployment file.
  constructor(policy, lone = policy) {
    super(policy);
    this.lone = path.join(this.dir, 'lone.yaml');
    writeFileSync(this.lone, lone.replaceAll('clerk', 'lone'));
    const text = readFileSync(this.config, 'utf8');
    const roles = `roles:\n  lone: {file: "${this.lone}"}\n`;
    this.one = text.replace('roles:\n', roles);
    this.two = this.one.replace('people:\n', `people:\n${bo}`);
    assert.notEqual(this.one, this.two);
    writeFileSync(this.config, this.two, { mode: 0o600 });
    // A new journal begins with this file, and no one has to accept it.
    rmSync(this.state, { recursive: true });
  }
  async deploy(text, words) {
    writeFileSync(this.config, text, { mode: 0o600 });
    this.said = '';
    this.node.kill('SIGHUP');
    for (let i = 0; i < 400 && !this.said.includes(words); ++i) await sleep(25);
    assert.ok(this.said.includes(words), this.said);
  }
  // How a new run of a role ends: `opened`, or why there is none.
  async agent() {
    const { status, json } = await this.ask(this.keys.orchestrator, 'POST', '/v1/runs', {});
    return status === 201 ? 'opened' : JSON.stringify(json);
  }
  async person() {
    const made = await this.later('runs', 'create', '--role', 'lone', '--json');
    return made.status === 0 ? 'opened' : made.err + made.out;
  }
}

async function house(t, ...policies) {
  const h = new House(...policies);
  t.after(() => h.end());
  return h.serve();
}
// More than twice: what is kept is kept from the second look at a file on.
async function always(begins, ends) {
  for (let i = 0; i < 3; ++i) assert.match(await begins(), ends);
}

test('a policy that no reviewer could answer is seen at once, and one that is mended', async (t) => {
  const h = await house(t, two);
  await always(() => h.agent(), /^opened$/);
  for (let i = 0; i < 3; ++i) {
    writeFileSync(h.policy, three);
    await always(() => h.agent(), /needs 3 persons/);
    writeFileSync(h.policy, two);
    await always(() => h.agent(), /^opened$/);
  }
});

test('a deployment file with fewer people is seen, and one with more', async (t) => {
  const h = await house(t, live, two);
  await always(() => h.person(), /^opened$/);
  await h.deploy(h.one, 'was read again');
  await always(() => h.person(), /needs 2 persons/);
  // One person more is nothing that the file's writer says alone.
  await h.deploy(h.two, 'was read again');
  await always(() => h.person(), /needs 2 persons/);
  const accepted = await h.later('accept', '--deployment', '--as', 'ada');
  assert.equal(accepted.status, 0, accepted.err);
  await always(() => h.person(), /^opened$/);
  // One that is refused changes nothing: `clerk` would have no one.
  await h.deploy(h.one.replaceAll('leads', 'others'), 'what was in force stays');
  await always(() => h.person(), /^opened$/);
});

test('a role is fit for as long as the risk is accepted, and not a run longer', async (t) => {
  const h = await house(t, live);
  // Written now, before its first run: how long a node takes to start is not to count.
  const until = new Date(Date.now() + 8000).toISOString();
  const said = `reason: t, owner: t@example, until: "${until}"`;
  const risk = `accept_risk: [{rule: execution/max_tokens_per_run, ${said}}]\n`;
  const limited = live.replace('{max_steps', '{max_tokens_per_run: 1000, max_steps');
  writeFileSync(h.policy, limited + risk);
  await always(() => h.agent(), /^opened$/);
  assert.ok(Date.now() < Date.parse(until), 'this machine is too slow for this test');
  await sleep(Date.parse(until) - Date.now() + 50);
  await always(() => h.agent(), /is unmetered/);
});
