// Real clients and real servers of the two eras, with pawl between them: the stateless revision in
// front of a server of the older ones.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Session, grantAll, kits, program } from './twice.mjs';
import { World, pawl } from './world.mjs';

const [, second] = kits;
const modes = { 'that asks first': 'auto', 'that speaks nothing else': { pin: '2026-07-28' } };
const filled = { name: 'Ada', check: true };

for (const [which, mode] of Object.entries(modes)) {
  test(`a modern client ${which} talks to a server of the older era`, async (t) => {
    const w = new World('');
    t.after(() => w.end());
    const kit = { ...second, options: { versionNegotiation: { mode } } };
    const tools = ['echo', 'get-sum', 'trigger-long-running-operation'];
    const asks = ['trigger-elicitation-request', 'trigger-sampling-request'];
    writeFileSync(w.policy, grantAll([...tools, ...asks]));
    const session = new Session(kit, {
      asked: true,
      elicit: { action: 'accept', content: filled },
    });
    t.after(() => session.close());
    const through = ['mcp', '--policy', w.policy, '--state-dir', w.state, '--', 'node'];
    await session.open(pawl, [...through, program('server-everything'), 'stdio'], w.env);
    const { client } = session;
    assert.equal(client.getProtocolEra(), 'modern');
    assert.equal(client.getNegotiatedProtocolVersion(), '2026-07-28');
    const names = (await client.listTools()).tools.map((tool) => tool.name);
    assert.deepEqual(names.sort(), [...tools, ...asks].sort());
    const said = await session.call('echo', { message: 'hey \u00e9 "x"' });
    assert.match(said.content[0].text, /hey \u00e9 "x"/);
    const progress = [];
    await session.call(
      'trigger-long-running-operation',
      { duration: 0.2, steps: 2 },
      { onprogress: (step) => progress.push(step.progress) },
    );
    // The client forgets the last one where it comes together with the result.
    assert.equal(progress[0], 1);
    const prompt = await client.getPrompt({ name: 'simple-prompt' });
    assert.ok(prompt.messages.length > 0);
    const uri = 'demo://resource/static/document/features.md';
    assert.ok((await client.readResource({ uri })).contents.length > 0);
    assert.ok((await client.listResources()).resources.length > 0);
    const form = await session.call('trigger-elicitation-request', {});
    assert.match(JSON.stringify(form), /Ada/);
    const sampled = await session.call('trigger-sampling-request', { prompt: 'x', maxTokens: 9 });
    assert.match(JSON.stringify(sampled), /sampled/);
    assert.deepEqual(
      session.asked.map((question) => question.method),
      ['elicitation/create', 'sampling/createMessage'],
    );
    await assert.rejects(client.readResource({ uri: 'demo://nothing' }), (error) => {
      return error.code === -32602 || error.code === -32603;
    });
  });
}
