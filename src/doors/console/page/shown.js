// What a question shows: first what decides, then how the call came about, and at the end, marked
// as such, what the agent says about it.
import { badge, copyable, h, moment, plural, prose } from './dom.js';
import { wordOf } from './record.js';
import { passedOn, placeOfSponsor, talk } from './talk.js';
import { accessReason, accessWanted, kindOf, sentenceOf, wantedTool } from './access.js';

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

// A text as a text; everything else as the JSON that it is. Marks count from the quote before a
// text.
function argument(each) {
  const plain = each.plain !== undefined;
  const shift = (mark) => ({ ...mark, from: mark.from - 1, to: mark.to - 1 });
  const value = plain
    ? marked(each.plain, each.marks?.map(shift))
    : marked(each.text, each.marks);
  return [
    h('h3', {}, h('code', {}, each.name), each.kind ? [' ', badge(each.kind)] : null),
    h('pre', { class: 'value' }, value),
    (each.notes ?? []).map((note) => h('p', { class: 'flag' }, '⚠ ', prose(note))),
    flags(each),
  ];
}

export function headline(q, clock) {
  return h(
    'div',
    { class: 'headline' },
    kindOf(q),
    q.environment ? badge(q.environment, q.environment === 'production' ? 'danger' : '') : null,
    clock,
    h('h1', {}, sentenceOf(q)),
  );
}

// Who said yes, who may still answer.
function people(q) {
  const yes = q.answers.filter((each) => each.answer === 'approve' && each.counts);
  const persons = (q.takers ?? []).filter((each) => !each.of).map(({ name }) => name).sort();
  const groups = q.reviewers.length > 0 ? q.reviewers.join(', ') : '';
  const named = persons.length > 0 ? persons.join(', ') : '';
  const may =
    groups && named && groups !== named
      ? `${named} (of ${groups})`
      : named || groups || 'whom the deployment names';
  const answers = q.answers.map((each) =>
    h(
      'li',
      {},
      moment(each.at),
      badge(
        each.answer === 'approve' ? 'approved' : 'denied',
        each.answer === 'approve' ? 'good' : 'danger',
      ),
      h('span', { class: 'what' }, `${each.person}${each.reason ? `: ${each.reason}` : ''}`),
    ),
  );
  const needed = `${yes.length} of ${plural(q.quorum, 'person needed', 'persons needed')}`;
  return [
    q.phase === 'open' ? `${needed}; may answer: ${may}` : needed,
    answers.length > 0 ? h('ul', { class: 'steps' }, answers) : null,
  ];
}

const fact = (name, value, danger = false) =>
  value === undefined || value === null || value === ''
    ? null
    : [h('dt', {}, name), h('dd', danger ? { class: 'danger' } : {}, value)];

const found = (q, danger) =>
  (q.facts ?? [])
    .filter((each) => each.danger === danger)
    .map((each) => fact(each.name, prose(each.text), danger));

// What a person has to know to answer: why they are asked, who may answer, and all that is unusual.
export function reasons(q) {
  return h(
    'dl',
    { class: 'facts' },
    fact('why', [prose(q.why), q.rule_at ? h('div', {}, h('code', {}, q.rule_at)) : null]),
    fact('people', people(q)),
    fact('agent', `${q.agent}, for ${q.sponsor}`),
    fact('needs', q.needs && prose(q.needs), true),
    fact('sponsor', placeOfSponsor(q), !q.sponsor),
    fact('task', q.task),
    fact('changed', q.changed_by ? `by ${q.changed_by}` : null),
    fact('passed on', passedOn(q)),
    found(q, true),
    fact('missing', q.facts_missing && prose(q.facts_missing), true),
  );
}

// The rest of what is known about it.
export function facts(q) {
  return h(
    'dl',
    { class: 'facts' },
    fact('tool', h('code', {}, q.tool)),
    found(q, false),
    fact('run', h('a', { href: `#/runs/${encodeURIComponent(q.run)}` }, q.run)),
    fact('credential', q.credential),
    fact('same tool', q.same_tool),
    fact('request', q.approval),
    fact('digest', q.shown ? copyable(q.shown, 'the digest of what is displayed') : null),
  );
}

export function history({ before = [], earlier }) {
  return h(
    'ul',
    { class: 'steps' },
    earlier ? h('li', {}, h('span', { class: 'what' }, prose(earlier))) : null,
    before.map((step) =>
      h(
        'li',
        {},
        moment(step.at),
        badge(wordOf(step.effect), { deny: 'danger', hold: 'warn' }[step.effect] ?? ''),
        h(
          'span',
          { class: 'what' },
          step.tool,
          step.tool && step.said ? ': ' : '',
          prose(step.said),
        ),
      ),
    ),
  );
}

// The path of the file is the title of its diff, and stands nowhere else.
const isTitle = (q, each) => q.diff && each.text === JSON.stringify(q.file);

// All of what would run, or be granted. What a diff says all of is folded below it.
export function call(q) {
  if (q.arguments_missing) {
    const why = h('p', { class: 'flag' }, prose(q.arguments_missing));
    return h('section', { 'aria-label': 'arguments' }, why);
  }
  if (wantedTool(q) !== null) {
    return h('section', { 'aria-label': 'arguments' }, accessWanted(q, argument));
  }
  const said = q.diff ? (q.diff_of ?? []) : [];
  const inDiff = (each) => said.includes(each.name) && !each.hidden && !each.mixed;
  const rest = q.display.filter((each) => !inDiff(each) && !isTitle(q, each));
  const same = q.display.filter((each) => inDiff(each));
  return h(
    'section',
    { 'aria-label': 'arguments' },
    q.diff ? [h('h2', {}, q.file ? h('code', {}, q.file) : 'What it changes'), diff(q.diff)] : null,
    q.diff ? null : h('h2', {}, 'What would run'),
    !q.diff && q.display.length === 0 ? h('p', {}, 'It has no arguments.') : null,
    rest.map(argument),
    same.length > 0
      ? h(
          'details',
          { class: 'folded' },
          h('summary', {}, 'The same as arguments'),
          h('div', { class: 'unfolded' }, same.map(argument)),
        )
      : null,
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
