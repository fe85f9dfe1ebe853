// Reads a journal by its bytes, with no code of the program, so that a test that kills the program
// can compare what a server saw with what was written. The layout is that of
// src/io/journal/frame.h.
import { closeSync, existsSync, openSync, readSync, readdirSync, fstatSync } from 'node:fs';
import path from 'node:path';

const head = 32;
const entryHead = 64;
const salt = 16;
const padded = (bytes, alignment) => Math.ceil(bytes / alignment) * alignment;

function bytes(file, at, length) {
  const out = Buffer.alloc(length);
  return out.subarray(0, readSync(file, out, 0, length, at));
}

function frame(file, at) {
  const start = bytes(file, at, head);
  if (start.length < head || start.toString('latin1', 0, 4) !== 'PWF1') return null;
  const length = start.readUInt32LE(4);
  return {
    seq: Number(start.readBigUInt64LE(8)),
    kind: start.readUInt32LE(24),
    text: bytes(file, at + head, length),
    next: at + padded(head + length, 8),
  };
}

function entry(file, at) {
  const start = bytes(file, at, entryHead);
  if (start.length < entryHead || start.toString('latin1', 0, 4) !== 'PWE1') return null;
  const length = Number(start.readBigUInt64LE(8));
  return {
    seq: Number(start.readBigUInt64LE(16)),
    text: bytes(file, at + entryHead + salt, length).toString(),
    next: at + padded(entryHead + salt + length, 64),
  };
}

// Every record in order, each with the payloads it commits to.
export function readJournal(state) {
  const folder = path.join(state, 'journal');
  const records = [];
  const payloads = new Map();
  const names = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.seg'))
        .sort()
    : [];
  for (const name of names) {
    const file = openSync(path.join(folder, name), 'r');
    try {
      const first = frame(file, 0);
      if (first === null) continue;
      for (let at = first.next, f; (f = frame(file, at)) !== null && f.kind === 1; at = f.next) {
        records.push(JSON.parse(f.text.toString()));
      }
      const size = fstatSync(file).size;
      for (
        let at = Number(first.text.readBigUInt64LE(8)), e;
        at < size && (e = entry(file, at)) !== null;
        at = e.next
      ) {
        payloads.set(e.seq, [...(payloads.get(e.seq) ?? []), e.text]);
      }
    } finally {
      closeSync(file);
    }
  }
  return records.map((record) => ({ ...record, payloads: payloads.get(record.seq) ?? [] }));
}
