// What a question shows: first what decides, then how the call came about, and at the end, marked
// as such, what the agent says about it.
import { badge, copyable, h, moment, plural } from './dom.js';
import { passedOn, placeOfSponsor, talk } from './talk.js';
import { accessReason, accessWanted, kindOf, titleOf, wantedTool } from './access.js';

function flags(argument) {
  const said = [];
  if (argument.hidden) said.push('has invisible characters; they are written as escapes');
  if (argument.mixed) said.push('mixes letters of two alphabets that look alike');
  if (argument.folded) said.push(`${plural(argument.folded, 'byte')} more are not shown`);
  return said.map((text) => h('p', { class: 'flag' }, `⚠ ${text}`));
}

// A text with its dangerous parts marked: `marks` are ranges of UTF-16 units, in order.
function marked(text, marks = []) {
  const parts = [];
  let at = 0;
  for (const { from, to, why } of marks) {
    if (from < at || to > text.length) continue;
    parts.push(text.slice(at, from), h('mark', { title: why }, text.slice(from, to)));
    at = to;
  }
  parts.push(text.slice(at));
  return parts;
}

function diff(lines) {
  const signs = { '+': 'plus', '-': 'minus' };
  return h(
    'div',
    { class: 'value diff', role: 'table', 'aria-label': 'what changes' },
    lines.map((line) =>
      h(
        'div',
        { class: signs[line.sign] ?? '', role: 'row' },
        h('span', { class: 'number', role: 'cell' }, line.old ?? ''),
        h('span', { class: 'number', role: 'cell' }, line.new ?? ''),
        h('span', { role: 'cell' }, line.sign === ' ' ? '' : line.sign === '@' ? '…' : line.sign),
        h('span', { role: 'cell' }, line.text),
      ),
    ),
  );
}

function argument(each) {
  return [
    h('h3', {}, h('code', {}, each.name), each.kind ? [' ', badge(each.kind)] : null),
    h('pre', { class: 'value' }, marked(each.text, each.marks)),
    (each.notes ?? []).map((note) => h('p', { class: 'flag' }, `⚠ ${note}`)),
    flags(each),
  ];
}

export function headline(q, clock) {
  return h(
    'div',
    { class: 'headline' },
    badge('held', 'warn'),
    kindOf(q),
    q.environment ? badge(q.environment, q.environment === 'production' ? 'danger' : '') : null,
    clock,
    h('h1', {}, titleOf(q)),
  );
}

function people(q) {
  const have = q.answers.filter((each) => each.answer === 'approve' && each.counts).length;
  const answers = q.answers.map((each) =>
    h(
      'li',
      {},
      moment(each.at),
      badge(each.answer, each.answer === 'approve' ? 'good' : 'danger'),
      h('span', { class: 'what' }, `${each.person}${each.reason ? `: ${each.reason}` : ''}`),
    ),
  );
  return [
    `${have} of ${plural(q.quorum, 'person needed', 'persons needed')}; may answer: ` +
      (q.reviewers.length > 0 ? q.reviewers.join(', ') : 'whom the deployment names'),
    answers.length > 0 ? h('ul', { class: 'steps' }, answers) : null,
  ];
}

const fact = (name, value, danger = false) =>
  value === undefined || value === null || value === ''
    ? null
    : [h('dt', {}, name), h('dd', danger ? { class: 'danger' } : {}, value)];

export function facts(q) {
  return h(
    'dl',
    { class: 'facts' },
    (q.facts ?? []).map((each) => fact(each.name, each.text, each.danger)),
    fact('missing', q.facts_missing, true),
    fact('rule', [q.why, q.rule_at ? h('div', {}, h('code', {}, q.rule_at)) : null]),
    fact('asks', `${q.agent}, for ${q.sponsor}`),
    fact(
      'run',
      h('a', { href: `#/runs/${encodeURIComponent(q.run)}` }, q.run),
    ),
    fact('eyes', placeOfSponsor(q), !q.sponsor),
    fact('task', q.task),
    fact('credential', q.credential),
    fact('changed', q.changed_by ? `by ${q.changed_by}` : null),
    fact('handed over', passedOn(q)),
    fact('people', people(q)),
    fact('needs', q.needs, true),
    fact('same tool', q.same_tool),
    fact('digest', q.shown ? copyable(q.shown, 'the digest of what is displayed') : null),
  );
}

export function history({ before = [], earlier }) {
  return h(
    'ul',
    { class: 'steps' },
    earlier ? h('li', {}, h('span', { class: 'what' }, earlier)) : null,
    before.map((step) =>
      h(
        'li',
        {},
        moment(step.at),
        badge(step.effect, { deny: 'danger', hold: 'warn' }[step.effect] ?? ''),
        h('span', { class: 'what' }, [step.tool, step.said].filter(Boolean).join(': ')),
      ),
    ),
  );
}

// All of what would run, or be granted.
export function call(q) {
  const missing = q.arguments_missing ? h('p', { class: 'flag' }, q.arguments_missing) : null;
  return h(
    'section',
    { 'aria-label': 'arguments' },
    wantedTool(q) !== null && !missing
      ? accessWanted(q, argument)
      : [
          q.diff ? [h('h2', {}, 'What it changes'), diff(q.diff)] : null,
          h('h2', {}, 'What would run'),
          missing ?? q.display.map(argument),
        ],
  );
}

// The agent's own words, which come last: what it said to reviewers, and what it gave as a reason.
export function words(q) {
  return [
    talk(q),
    wantedTool(q) === null ? null : accessReason(q, flags),
  ];
}

// What of a question has to stay the same while a person reads it.
export const displayOf = (q) =>
  JSON.stringify([q.binding, q.shown, q.display, q.arguments_missing, q.type_this]);
