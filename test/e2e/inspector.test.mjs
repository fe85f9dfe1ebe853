// The MCP inspector's command line prints the same for a server and for pawl in front of it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { grantAll, program } from './twice.mjs';
import { World, modules, pawl } from './world.mjs';

const inspector = path.join(modules, '.bin/mcp-inspector');

function ask(w, way, words) {
  const config = path.join(w.dir, 'servers.json');
  const given = ['--cli', '--config', config, '--server', way, ...words];
  return new Promise((resolve) => {
    const env = { ...process.env, HOME: w.dir, MCP_INSPECTOR_SECRET_STORE: 'memory' };
    execFile('node', [inspector, ...given], { env, timeout: 60_000 }, (error, out, err) => {
      resolve({ status: error?.code ?? 0, out, err });
    });
  });
}

// Each way has its own file where the server keeps one.
function servers(w, command, variable) {
  const own_file = (way) => (variable ? { [variable]: path.join(w.dir, `${way}.file`) } : {});
  const pass = variable ? ['--env', variable] : [];
  const through = ['mcp', '--policy', w.policy, '--state-dir', w.state, ...pass, '--', 'node'];
  const { XDG_CONFIG_HOME, PAWL_RUN, PAWL_NODE_IDLE } = w.env;
  const own = { ...own_file('pawl'), XDG_CONFIG_HOME, PAWL_RUN, PAWL_NODE_IDLE };
  const mcpServers = {
    direct: { type: 'stdio', command: 'node', args: command, env: own_file('direct') },
    pawl: { type: 'stdio', command: pawl, args: [...through, ...command], env: own },
  };
  writeFileSync(path.join(w.dir, 'servers.json'), JSON.stringify({ mcpServers }));
}

const arg = (value) => ['--tool-arg', value];
const cases = {
  'server-everything': {
    args: () => ['stdio'],
    asks: [
      ['tools/call', '--tool-name', 'echo', ...arg('message=hey \u00e9 "x"')],
      ['tools/call', '--tool-name', 'get-structured-content', ...arg('location=Chicago')],
      ['prompts/get', '--prompt-name', 'simple-prompt'],
      ['resources/read', '--uri', 'demo://resource/static/document/features.md'],
      ['tools/call', '--tool-name', 'get-sum', ...arg('a=2'), ...arg('b=3')],
    ],
  },
  'server-filesystem': {
    args: (w) => [path.join(w.dir, 'root')],
    asks: [
      ['tools/call', '--tool-name', 'read_text_file', ...arg('path=ROOT/a.txt')],
      ['tools/call', '--tool-name', 'read_text_file', ...arg('path=/etc/hostname')],
    ],
  },
  'server-memory': {
    args: () => [],
    variable: 'MEMORY_FILE_PATH',
    asks: [
      [
        'tools/call',
        '--tool-name',
        'create_entities',
        ...arg('entities=[{"name":"Ada","entityType":"person","observations":["counts"]}]'),
      ],
      ['tools/call', '--tool-name', 'read_graph'],
    ],
  },
  'mcp-server-sqlite': {
    args: () => [],
    variable: 'SQLITE_DB_PATH',
    asks: [
      ['tools/call', '--tool-name', 'query', ...arg('sql=SELECT 40 + 2 AS answer')],
      ['resources/read', '--uri', 'tables://list'],
    ],
  },
};

for (const [server, { args, variable, asks }] of Object.entries(cases)) {
  test(`the inspector prints the same for ${server}`, async (t) => {
    const w = new World('');
    t.after(() => w.end());
    const root = path.join(w.dir, 'root');
    mkdirSync(root);
    writeFileSync(path.join(root, 'a.txt'), 'one\n');
    servers(w, [program(server), ...args(w)], variable);
    const list = await ask(w, 'direct', ['--method', 'tools/list']);
    assert.equal(list.status, 0, list.err);
    writeFileSync(w.policy, grantAll(JSON.parse(list.out).tools.map((tool) => tool.name)));
    const gated = await ask(w, 'pawl', ['--method', 'tools/list']);
    assert.deepEqual(JSON.parse(gated.out), JSON.parse(list.out), gated.err);
    for (const [method, ...more] of asks) {
      const words = ['--method', method, ...more.map((word) => word.replace('ROOT', root))];
      const both = ['direct', 'pawl'].map((way) => ask(w, way, words));
      const [direct, gated] = await Promise.all(both);
      assert.ok(direct.out.length > 0, direct.err);
      assert.equal(gated.out, direct.out, gated.err);
      assert.equal(gated.status, direct.status, words.join(' '));
    }
  });
}

// In the stateless revision a result says how long it may be kept, and its client does not know the
// tasks that a tool of the older ones speaks of.
const plain = (out) => {
  const { ttlMs, cacheScope, resultType, ...rest } = JSON.parse(out);
  for (const tool of rest.tools ?? []) delete tool.execution;
  return rest;
};

test('the inspector prints the same in the stateless revision', async (t) => {
  const w = new World('');
  t.after(() => w.end());
  const { args, asks } = cases['server-everything'];
  servers(w, [program('server-everything'), ...args(w)]);
  const list = await ask(w, 'direct', ['--method', 'tools/list']);
  writeFileSync(w.policy, grantAll(JSON.parse(list.out).tools.map((tool) => tool.name)));
  const modern = ['--protocol-era', 'modern'];
  const refused = await ask(w, 'direct', ['--method', 'tools/list', ...modern]);
  assert.notEqual(refused.status, 0);
  for (const [method, ...more] of [['tools/list'], ...asks]) {
    const words = ['--method', method, ...more];
    const ways = [ask(w, 'direct', words), ask(w, 'pawl', [...words, ...modern])];
    const [direct, gated] = await Promise.all(ways);
    assert.ok(gated.out.length > 0, gated.err);
    assert.deepEqual(plain(gated.out), plain(direct.out), words.join(' '));
  }
});
