// The client in TypeScript as a user gets it: packed, installed, and used from JavaScript by
// a plain Node, and from TypeScript by its types.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Gatehouse } from './api_world.mjs';
import { modules } from './world.mjs';

const source = path.resolve(import.meta.dirname, '../../clients/typescript');

const decides = `
import { Pawl, PawlError } from '@pawl/client';

const [, , address, agentKey, executorKey] = process.argv;
const agent = new Pawl({ address, key: agentKey });
const executor = new Pawl({ address, key: executorKey });
const run = await agent.open();
const decision = await run.propose('read_note', { id: '7' });
const outcome = { outcome: 'completed', result: { title: 't', body: 'b' } };
const kept = await executor.settle(run.id, decision.call, outcome);
const refused = await agent.settle(run.id, decision.call, outcome).catch((error) => error);
console.log(JSON.stringify({ decision, kept, refused: refused instanceof PawlError }));
`;
const typed = `
import { Pawl, type Decision, type Settlement } from '@pawl/client';

const run = await new Pawl({ address: 'http://127.0.0.1:1', key: 'k' }).open({ key: 'a' });
const decision: Decision = await run.propose('read_note', { id: '7' });
export const said: string = decision.effect === 'allow' ? decision.call : decision.reason;
await run.sub({ agent: 'reader', limits: { calls: 2, records: 5 } });
// @ts-expect-error: nothing meters money here
await run.sub({ agent: 'reader', limits: { cost: 2 } });
export type Kept = Settlement['result'];
`;

function ran(directory, program, ...words) {
  const env = { ...process.env, PATH: `${path.join(modules, '.bin')}:${process.env.PATH}` };
  const done = spawnSync(program, words, { cwd: directory, env, encoding: 'utf8' });
  assert.equal(done.status, 0, `${program} ${words.join(' ')}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

test('the packed client is installed, decides a call, and has its types', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pawl-packed-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [packed, user] = [path.join(folder, 'client'), path.join(folder, 'user')];
  const made = new Set(['dist', 'node_modules']);
  cpSync(source, packed, { recursive: true, filter: (from) => !made.has(path.basename(from)) });
  symlinkSync(modules, path.join(packed, 'node_modules'));
  ran(packed, 'npm', 'pack', '--loglevel=error');
  const [tarball] = readdirSync(packed).filter((name) => name.endsWith('.tgz'));
  const listed = ran(packed, 'tar', '-tzf', tarball).trim().split('\n').sort();
  assert.deepEqual(listed, [
    'package/README.md',
    'package/dist/index.d.ts',
    'package/dist/index.js',
    'package/package.json',
  ]);
  mkdirSync(user);
  writeFileSync(path.join(user, 'package.json'), '{"type": "module", "private": true}');
  ran(user, 'npm', 'install', '--offline', '--no-audit', '--no-fund', path.join(packed, tarball));
  writeFileSync(path.join(user, 'decides.mjs'), decides);
  writeFileSync(path.join(user, 'typed.ts'), typed);
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022'];
  ran(user, 'tsc', ...options, 'typed.ts');
  const g = await new Gatehouse().serve();
  t.after(() => g.end());
  const words = [g.address, g.keys.orchestrator, g.keys.executor];
  // By itself: what the tests give to Node is not what a user has.
  const said = ran(user, 'env', '-u', 'NODE_OPTIONS', process.execPath, 'decides.mjs', ...words);
  const { decision, kept, refused } = JSON.parse(said);
  assert.deepEqual([decision.effect, decision.tool], ['allow', 'read_note']);
  assert.deepEqual(kept.result, { title: 't' }, 'as the scope of the policy leaves it');
  assert.equal(refused, true);
});
