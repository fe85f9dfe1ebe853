// A token of a GitHub App for the repository that a call names, and for no other: at a server that
// is a program and at one over HTTP, with a stand-in for GitHub that checks what asks for it.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { github, pem } from './issuers.mjs';
import { serve } from './over_http.mjs';
import { nowhere } from './planted.mjs';
import { Served, read } from './served.mjs';
import { modules } from './world.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: crm/read_note, class: read_only}
    - {name: crm/write_note, class: reversible small, credential: app}
`;
const lines = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));

class Repositories extends Served {
  async start(t, server) {
    t.after(() => this.end());
    this.apps = await github(t);
    writeFileSync(path.join(this.dir, 'app.pem'), pem, { mode: 0o600 });
    const more = `credentials:
  app:
    github_app: {id: 12, installation: 34, key: {file: app.pem}, url: "${this.apps.url}",
                 repositories: "\${args.id}", permissions: {contents: write}}\n`;
    await this.begin({ server, more });
    assert.ok(this.origin, this.log);
    this.session = await this.open();
    this.told = [];
    return this;
  }
  async write(args) {
    const answer = await this.session.post('tools/call', { name: 'write_note', arguments: args });
    const said = (await read(answer)).at(-1);
    this.told.push(JSON.stringify(said));
    return said.result?.content?.[0].text ?? said.error.message;
  }
  ends() {
    this.audit = this.pawl('audit', 'query', '--json').out;
    return lines(this.audit).filter((one) => one.type === 'call.ended');
  }
  // The tokens of calls, as the server got them.
  sent() {
    const seen = existsSync(this.record) ? lines(readFileSync(this.record, 'utf8')) : [];
    const calls = seen.filter(({ tool, body }) => tool || body?.includes('"tools/call"'));
    return calls.map(({ secrets, headers }) =>
      secrets ? secrets.join() : headers.authorization.replace('Bearer ', ''),
    );
  }
}

const servers = {
  'a program': async (t, w) => {
    const command = [process.execPath, path.join(here, 'keyed.mjs'), modules, w.record];
    return `command: ${JSON.stringify(command)}, variable: CRM_TOKEN`;
  },
  'a server over HTTP': async (t, w) =>
    `url: "${(await serve(t, path.join(here, 'remote.mjs'), [w.record])).url}"`,
};
for (const [what, server] of Object.entries(servers)) {
  test(`a token opens the repository that the call names, and no other: ${what}`, async (t) => {
    const w = new Repositories(policy);
    await w.start(t, await server(t, w));
    const { apps } = w;
    const asked = [];
    for (const [id, name] of [
      ['web', 'web'],
      ['myco/docs', 'docs'],
      ['web', 'web'],
    ]) {
      assert.match(await w.write({ id }), /^write_note/, String(apps.refused));
      asked.push(apps.wanted.repositories.join());
      assert.equal(w.ends().at(-1).principal, `app 12/34, repository ${name}`);
    }
    assert.deepEqual(asked, ['web', 'docs', 'docs'], 'the last one was there');
    const [web, docs, ...more] = apps.issued;
    assert.deepEqual(more, []);
    assert.deepEqual(w.sent(), [web, docs, web]);
    // What names none is not sent, and nothing is asked for.
    for (const id of [undefined, '', '..', 'a/b/c', '/web', 'web docs', 'we"b', '../web']) {
      assert.match(await w.write({ id }), /the repository that `args.id` names/, String(id));
    }
    assert.deepEqual([apps.issued.length, w.sent().length], [2, 3]);
    assert.equal(w.ends().length, 11);
    nowhere(w.state, { agent: w.told.join('\n'), log: w.log, audit: w.audit }, [web, docs]);
  });
}
