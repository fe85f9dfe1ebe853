// A journal in which a person, or a disk, changed bytes: every command that tells of it says so, on
// standard error, and fails; the verifier names one cause. A torn end is none.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Watched } from './console.mjs';
import { World, sleep } from './world.mjs';

const policy = `
version: 1
agent: {id: tester, identity: tester@example}
tools:
  allowed:
    - {name: read_customer_record, class: read_only}
    - {name: send_customer_email, class: irreversible small, args: {body: {max_length: 100}}}
`;
const calls = 12;

// The frames of a segment, by their heads (docs/formats/journal.md).
function frames(bytes) {
  const found = [];
  const text = (at) => bytes.toString('utf8', at + 32, at + 32 + bytes.readUInt32LE(at + 4));
  const behind = (at) => at + Math.ceil((32 + bytes.readUInt32LE(at + 4)) / 8) * 8;
  let at = behind(0);
  while (bytes.toString('latin1', at, at + 4) === 'PWF2') {
    const entries = Number(bytes.readBigUInt64LE(at + 16));
    const seq = Number(bytes.readBigUInt64LE(at + 8));
    found.push({ at, seq, text: text(at), payload: behind(at), entries });
    at = behind(at) + entries;
  }
  return { found, end: at };
}

// A world whose node has ended in good order, and a way to damage copies of its state.
async function recorded(t) {
  const w = new World(policy);
  t.after(() => w.end());
  const client = await w.client();
  for (let i = 0; i < calls; ++i) {
    await client.call('read_customer_record', { customer_id: `c${i}` });
  }
  await client.call('send_customer_email', { to: 'a', body: 'x'.repeat(200) });
  await client.close();
  for (let i = 0; i < 200 && w.nodes()[0] !== ''; ++i) await sleep(50);
  const [name] = readdirSync(path.join(w.state, 'journal'));
  const whole = path.join(w.dir, 'whole');
  cpSync(w.state, whole, { recursive: true });
  const segment = path.join('journal', name);
  const file = readFileSync(path.join(whole, segment));
  // `change` gets the bytes of a file of the state directory and answers the new ones.
  const damaged = (change, where = segment) => {
    w.killNode();
    rmSync(w.state, { recursive: true, force: true });
    cpSync(whole, w.state, { recursive: true });
    const target = path.join(w.state, where);
    const bytes = change(readFileSync(target));
    if (bytes === null) rmSync(target);
    else writeFileSync(target, bytes);
  };
  return { w, damaged, file, ...frames(file) };
}

const flip = (at, count = 8) => (bytes) => {
  for (let i = at; i < at + count; ++i) bytes[i] ^= 0x15;
  return bytes;
};

// What reads the files itself, and what asks a node, which has to start for that.
const readers = (w, call) => [
  ['audit', 'tail'],
  ['audit', 'tail', '--json'],
  ['audit', 'tail', '--follow'],
  ['audit', 'query'],
  ['audit', 'query', '--tool', 'read_customer_record'],
  ['audit', 'query', '--tool', 'no_such_tool'],
  ['audit', 'show', '0'],
  ['audit', 'show', call],
  ['replay', 'last'],
  ['replay', 'last', '--json'],
  ['observe', 'report'],
  ['grants', 'report'],
  ['diff', '--policy', w.policy],
  ['diff', '--live', 'tester'],
];
const asking = [
  ['status'],
  ['status', '--json'],
  ['approvals', 'stats'],
  ['approvals', 'list'],
  ['grants', 'list'],
  ['runs', 'list'],
];

test('every command that tells of a damaged journal says so and fails', async (t) => {
  const { w, damaged, file, found, end } = await recorded(t);
  const middle = found[Math.floor(found.length / 2)];
  const { payload } = found.find((one) => one.entries > 0 && one.text.includes('"call.decided"'));
  const call = JSON.parse(middle.text).call ?? JSON.parse(found.at(-2).text).call;
  for (const words of [...readers(w, call), ...asking]) {
    const good = w.pawl(...words.filter((word) => word !== '--follow'));
    assert.doesNotMatch(good.err, /damaged/, words.join(' '));
  }
  const cases = {
    'the magic of a frame': [flip(middle.at, 4)],
    'the length of a frame': [flip(middle.at + 4, 4)],
    'the number of a frame': [flip(middle.at + 8)],
    'the text of a record': [flip(middle.at + 40)],
    'the last record': [flip(found.at(-1).at + 40)],
    'the first record': [flip(found[0].at + 40)],
    'the head of the segment': [flip(40)],
    'the bytes of a payload': [flip(payload + 90)],
    'the salt of a payload': [flip(payload + 74)],
    'the head of a payload': [flip(payload + 8)],
    'a page of zeros in the middle': [(bytes) => bytes.fill(0, middle.at, middle.at + 700)],
    'half of the records': [(bytes) => bytes.fill(0, middle.at, end)],
    'a file that ends early': [(bytes) => bytes.subarray(0, middle.at + 20)],
    'no file at all': [() => null],
    'the newest checkpoint': [flip(40), 'checkpoint'],
    'a checkpoint of the log': [flip(40), 'checkpoints'],
    'the key of a payload': [flip(20), 'payload.keys'],
    'the public key': [flip(60, 4), 'node.pub'],
  };
  for (const [name, [change, where]] of Object.entries(cases)) {
    damaged(change, where);
    const verified = w.pawl('audit', 'verify', '--json');
    assert.equal(verified.status, 1, name);
    const said = JSON.parse(verified.out);
    assert.equal(said.findings.length, 1, `${name}: ${JSON.stringify(said.findings)}`);
    // A node starts with a damaged payload, and tells; with a damaged record it does not start.
    const starts = name.includes('payload');
    // Every reader looks at a damaged record and at a damaged payload, and a few at the others.
    const all = [...readers(w, call), ...(starts ? asking : asking.slice(0, 1))];
    const whole = name === 'the text of a record' || name === 'the bytes of a payload';
    const turn = (i) => (i + Object.keys(cases).indexOf(name)) % 4 === 0;
    for (const words of all.filter((_, i) => whole || turn(i))) {
      const read = w.pawl(...words);
      assert.equal(read.status, 1, `${name}: ${words.join(' ')}: ${read.out}${read.err}`);
      assert.match(read.err, /damaged/, `${name}: ${words.join(' ')}`);
      assert.match(read.err, /journal|checkpoint|node\.pub/, `${name}: ${words.join(' ')}`);
    }
    assert.doesNotMatch(w.pawl('replay', 'last', '--json').out, /"holds":true/, name);
  }
  assert.ok(file.length > end);
});

test('what is told of a damaged journal is from before the damage', async (t) => {
  const { w, damaged, found } = await recorded(t);
  const at = Math.floor(found.length / 2);
  damaged(flip(found[at].at + 40));
  const { out, err } = w.pawl('audit', 'query', '--json');
  const seqs = out.split('\n').filter(Boolean).length;
  assert.equal(seqs, at);
  assert.match(err, new RegExp(`record ${at}: .*\n.*records 0 to ${at - 1};`));
  const said = w.pawl('audit', 'verify');
  assert.equal(said.status, 1);
  const rest = `records 0 to ${at - 1}, and records ${at + 1} to ${found.length - 1}`;
  assert.match(said.out, new RegExp(`damaged +in 1 place.*\nreadable +${rest}\n`));
  const replayed = w.pawl('replay', 'last');
  assert.match(replayed.out, /damaged/);
});

test('a torn end is not damage, and the node starts', async (t) => {
  const { w, damaged, end } = await recorded(t);
  damaged((bytes) => {
    bytes.write('PWF2 half of a record', end);
    return bytes;
  });
  for (const words of [['audit', 'query'], ['replay', 'last'], ['status'], ['audit', 'tail']]) {
    const read = w.pawl(...words);
    assert.equal(read.status, 0, `${words.join(' ')}: ${read.err}`);
    assert.doesNotMatch(read.err, /damaged/);
  }
  w.killNode();
  assert.equal(w.pawl('audit', 'verify').status, 0, 'the start cut it off');
});

test('a search that meets damage ends the proof of before it', async (t) => {
  const w = new Watched(policy);
  t.after(() => w.end());
  await w.begin();
  const session = await w.open();
  for (let i = 0; i < calls; ++i) {
    await session.call('read_customer_record', { customer_id: `c${i}` });
  }
  const ada = await w.person('ada');
  const before = await ada.json('journal/proof');
  assert.equal(before.whole, true);
  assert.ok(Math.abs(Date.parse(before.at) - Date.now()) < 120_000, before.at);
  const { records: ends } = await ada.json('journal?effect=');
  const end = ends.find(({ type }) => type === 'call.ended');
  assert.equal(end.tool, 'crm/read_customer_record');
  assert.match(end.said, /after \d+ ms/);
  const [name] = readdirSync(path.join(w.state, 'journal'));
  const file = path.join(w.state, 'journal', name);
  const bytes = readFileSync(file);
  const middle = frames(bytes).found.at(4); // one that a checkpoint has signed
  writeFileSync(file, flip(middle.at + 40)(bytes));
  assert.match((await ada.json('journal?tool=none')).damage, /damaged/);
  const after = await ada.json('journal/proof');
  assert.equal(after.whole, false);
  assert.match(after.why, /record \d+/);
});
