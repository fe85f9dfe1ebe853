// What the page knows of its node: questions by id, runs, kills. Views read it and are told when it
// changes; nothing else keeps a copy.
import { get } from './api.js';

const views = new Set();
export const store = {
  questions: new Map(),
  runs: [],
  kills: [],
  status: null,
  skew: 0, // the node's clock minus ours, in milliseconds
  live: false,
};

export function watch(view) {
  views.add(view);
  return () => views.delete(view);
}
let told = false;
export function tell() {
  // Many events in one moment are one change.
  if (told) return;
  told = true;
  requestAnimationFrame(() => {
    told = false;
    for (const view of views) view();
  });
}

// One text to look in, made once for each question.
function known(question) {
  const { approval, tool, agent, run, sponsor, why, summary } = question;
  question.text = [approval, tool, agent, run, sponsor, why, summary].join('\n').toLowerCase();
  question.until = Date.parse(question.expires);
  return question;
}

export async function readAll() {
  const [list, status] = await Promise.all([get('approvals'), get('status')]);
  store.skew = Date.parse(status.now) - Date.now();
  store.questions = new Map(list.approvals.map((each) => [each.approval, known(each)]));
  take(status);
}
function take(status) {
  store.status = status;
  store.runs = status.runs;
  store.kills = status.kills;
  tell();
}
// What runs have used changes with every call: read at most twice a second, whoever asks.
let asked = null;
export function readStatus() {
  asked ??= new Promise((resolve) => setTimeout(resolve, 500)).then(async () => {
    asked = null;
    take(await get('status'));
  });
  return asked;
}

export function question(each) {
  store.questions.set(each.approval, known(each));
  tell();
}
export function answered(id) {
  if (store.questions.delete(id)) tell();
}
export const now = () => Date.now() + store.skew;

// By risk, then by what ends first.
export function ordered(filter) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ text }) => words.every((word) => text.includes(word));
  const found = [];
  for (const each of store.questions.values()) {
    if (words.length === 0 || fits(each)) found.push(each);
  }
  return found.sort(
    (a, b) =>
      b.risk - a.risk || a.until - b.until || (a.approval < b.approval ? -1 : 1),
  );
}
