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
  const { approval, tool, agent, run, sponsor, why, summary, wants } = question;
  const texts = [approval, tool, agent, run, sponsor, why, summary, wants];
  question.text = texts.join('\n').toLowerCase();
  question.until = Date.parse(question.expires);
  return question;
}

// What the node finds for a filter in the arguments of all questions: here are the first words of
// some. One look at a time; of several that were wanted meanwhile the last counts.
const empty = new Set();
const found = { filter: '', names: empty, unread: 0, looking: false, next: null, at: 0 };
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
    Object.assign(found, { filter: '', names: empty, unread: 0 });
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

// Summaries of rows that came without one, for those that are visible.
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
    for (const { approval, summary, wants } of got.approvals) {
      const question = store.questions.get(approval);
      if (question) known(Object.assign(question, { summary, wants }));
    }
    tell();
  }, 50);
}

// Readings that are on their way: what happened to questions since each was asked for, by id; null
// is a question that is over. A list says how things stood at some moment after it was asked for,
// so what happened since goes on top of it: it is newer, or the node tells of what is newer still.
const readings = new Set();
const order = () => {
  let begun = 0;
  let here = 0;
  // A function that says, once its answer has come, whether it is newer than what came before it.
  return () => {
    const mine = ++begun;
    return () => {
      if (mine < here) return false;
      here = mine;
      return true;
    };
  };
};
const [listAsked, statusAsked] = [order(), order()];

export async function readAll() {
  const since = new Map();
  const isNewer = listAsked();
  readings.add(since);
  try {
    const [list] = await Promise.all([get('approvals'), statusNow()]);
    if (!isNewer()) return;
    asked.clear();
    const rows = list.approvals.map((each) => [each.approval, known(each)]);
    store.questions = new Map([...rows, ...since]);
    for (const [id, row] of since) if (row === null) store.questions.delete(id);
    tell();
  } finally {
    readings.delete(since);
  }
}
async function statusNow() {
  const isNewer = statusAsked();
  const status = await get('status');
  if (!isNewer()) return;
  store.skew = Date.parse(status.now) - Date.now();
  store.status = status;
  store.runs = status.runs;
  store.kills = status.kills;
  tell();
}
// What runs have used changes with every call: read at most twice a second for all views.
let reading = null;
export function readStatus() {
  reading ??= new Promise((resolve) => setTimeout(resolve, 500)).then(() => {
    reading = null;
    return statusNow();
  });
  return reading;
}

function noteSince(id, row) {
  for (const since of readings) since.set(id, row);
}
export function question(each) {
  const row = known(each);
  noteSince(row.approval, row);
  store.questions.set(row.approval, row);
  tell();
}
export function answered(id) {
  noteSince(id, null);
  if (store.questions.delete(id)) tell();
}
export const now = () => Date.now() + store.skew;

// By risk, then by what ends first.
export function ordered(filter) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const names = found.filter === spelled(filter) ? found.names : empty;
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
