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

// What the node finds for a filter in the arguments of all questions: here are the first words of
// some. One look at a time; of several that were wanted meanwhile the last counts.
const nobody = new Set();
const found = { filter: '', names: nobody, unread: 0, looking: false, next: null, at: 0 };
const spelled = (filter) => filter.trim().toLowerCase();
export const unread = (filter) => (found.filter === spelled(filter) ? found.unread : 0);

export async function look(filter) {
  const wanted = spelled(filter);
  if (found.looking) {
    found.next = wanted;
    return;
  }
  Object.assign(found, { next: null, at: Date.now() });
  if (wanted === '') {
    Object.assign(found, { filter: '', names: nobody, unread: 0 });
    return;
  }
  found.looking = true;
  try {
    const said = await get(`approvals?names=1&filter=${encodeURIComponent(wanted)}`);
    Object.assign(found, { filter: wanted, names: new Set(said.names), unread: said.unread });
    tell();
  } catch {
    // What is here is looked at all the same.
  } finally {
    found.looking = false;
  }
  if (found.next !== null && found.next !== found.filter) await look(found.next);
}
// There may be more to find: questions that are new, or whose arguments the node has read since.
export function lookAgain(filter) {
  const wait = unread(filter) > 0 ? 200 : 1000;
  if (filter !== '' && Date.now() - found.at > wait) void look(filter);
}

// Summaries of rows that came without one, for those that somebody sees.
const asked = new Set();
let seen = [];
let soon = null;
export function summarise(rows) {
  seen = rows.filter(({ summary, approval }) => summary === undefined && !asked.has(approval));
  if (seen.length === 0) return;
  soon ??= setTimeout(async () => {
    soon = null;
    const ids = seen.slice(0, 50).map(({ approval }) => approval);
    for (const id of ids) asked.add(id);
    const got = await get(`approvals?ids=${ids.join(',')}`).catch(() => ({ approvals: [] }));
    for (const { approval, summary } of got.approvals) {
      const question = store.questions.get(approval);
      if (question) known(Object.assign(question, { summary }));
    }
    tell();
  }, 50);
}

export async function readAll() {
  const [list, status] = await Promise.all([get('approvals'), get('status')]);
  store.skew = Date.parse(status.now) - Date.now();
  asked.clear();
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
let reading = null;
export function readStatus() {
  reading ??= new Promise((resolve) => setTimeout(resolve, 500)).then(async () => {
    reading = null;
    take(await get('status'));
  });
  return reading;
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
  const names = found.filter === spelled(filter) ? found.names : nobody;
  const fits = ({ text, approval }) =>
    names.has(approval) || words.every((word) => text.includes(word));
  const all = [];
  for (const each of store.questions.values()) {
    if (words.length === 0 || fits(each)) all.push(each);
  }
  return all.sort(
    (a, b) =>
      b.risk - a.risk || a.until - b.until || (a.approval < b.approval ? -1 : 1),
  );
}
