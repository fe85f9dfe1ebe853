// Reads a journal by its bytes, with no code of the program, so that a test that kills the program
// can compare what a server saw with what was written. The layout is that of
// src/io/journal/frame.h.
import { createDecipheriv } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync } from 'node:fs';
import { readFileSync, readSync, readdirSync } from 'node:fs';
import path from 'node:path';

const head = 32;
const salt = 16;
const padded = (bytes, alignment) => Math.ceil(bytes / alignment) * alignment;
const formats = {
  1: { frame: 'PWF1', entry: 'PWE1', entryHead: 64, alignment: 64 },
  2: { frame: 'PWF2', entry: 'PWE2', entryHead: 72, alignment: 8 },
};

function bytes(file, at, length) {
  const out = Buffer.alloc(length);
  return out.subarray(0, readSync(file, out, 0, length, at));
}

function frame(file, at, magic) {
  const start = bytes(file, at, head);
  if (start.length < head || start.toString('latin1', 0, 4) !== magic) return null;
  const length = start.readUInt32LE(4);
  return {
    seq: Number(start.readBigUInt64LE(8)),
    entries: Number(start.readBigUInt64LE(16)),
    kind: start.readUInt32LE(24),
    text: bytes(file, at + head, length),
    next: at + padded(head + length, 8),
  };
}

// The bytes of key `number`; null where it was destroyed.
function keyOf(state, number) {
  if (number === 0) return Buffer.alloc(32);
  const slots = readFileSync(path.join(state, 'payload.keys'));
  const slot = slots.subarray((number - 1) * 64, number * 64);
  return slot.readUInt32LE(4) === 1 ? slot.subarray(16, 48) : null;
}

function entry(state, file, at, format) {
  const { entry: magic, entryHead, alignment } = formats[format];
  const start = bytes(file, at, entryHead);
  if (start.length < entryHead || start.toString('latin1', 0, 4) !== magic) return null;
  const length = Number(start.readBigUInt64LE(8));
  let body = bytes(file, at + entryHead, salt + length);
  if (format === 2) {
    const key = keyOf(state, Number(start.readBigUInt64LE(56)));
    const opener = key && createDecipheriv('aes-256-ctr', key, start.subarray(24, 40));
    body = opener ? Buffer.concat([opener.update(body), opener.final()]) : Buffer.alloc(salt);
  }
  return {
    seq: Number(start.readBigUInt64LE(16)),
    text: body.subarray(salt).toString(),
    next: at + padded(entryHead + salt + length, alignment),
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
      const first = frame(file, 0, 'PWF1');
      if (first === null) continue;
      const format = first.text.readUInt32LE(0);
      const keep = (from, to) => {
        for (let at = from; at < to; ) {
          const e = entry(state, file, at, format);
          if (e === null) return;
          payloads.set(e.seq, [...(payloads.get(e.seq) ?? []), e.text]);
          at = e.next;
        }
      };
      const { frame: magic } = formats[format];
      for (let at = first.next, f; (f = frame(file, at, magic)) !== null && f.kind === 1; ) {
        records.push(JSON.parse(f.text.toString()));
        at = f.next;
        if (format === 2) keep(at, (at += f.entries));
      }
      if (format === 1) keep(Number(first.text.readBigUInt64LE(8)), fstatSync(file).size);
    } finally {
      closeSync(file);
    }
  }
  return records.map((record) => ({ ...record, payloads: payloads.get(record.seq) ?? [] }));
}
