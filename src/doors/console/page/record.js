// One record of the journal, opened: what it says, the bytes that it commits to, and the records of
// the same call or approval request.
import { badge, h, moment, prose, put } from './dom.js';
import { get } from './api.js';

// The words of records as people say them.
const words = { reject: 'denied', approve: 'approved', change: 'changed' };
export const wordOf = (word) => words[word] ?? word;

const kinds = {
  allow: 'good',
  notify: 'good',
  approve: 'good',
  completed: 'good',
  hold: 'warn',
  deny: 'danger',
  reject: 'danger',
  failed: 'danger',
  indeterminate: 'danger',
};
const types = {
  'run.opened': 'run begins',
  'run.closed': 'run ends',
  'run.halted': 'halted',
  'approval.opened': 'asks',
  'approval.attached': 'waits',
  'pin.accepted': 'accepted',
  'definition.seen': 'seen',
  'policy.loaded': 'policy',
  'reviewer.enrolled': 'enrolled',
  'node.started': 'node begins',
  'kill.set': 'killed',
};

export const toneOf = (word) => kinds[word] ?? '';

// One word for what it is: the effect, the answer, the end; else its type.
export const kindOfRecord = (each) =>
  badge(
    each.word ? wordOf(each.word) : (types[each.type] ?? each.type),
    toneOf(each.word) || (each.type === 'kill.set' ? 'danger' : ''),
  );

// In a line: who, what, with what, and why.
export function sayingOf(each) {
  return [
    each.person ? [h('strong', {}, each.person), ' '] : null,
    each.tool ? [h('strong', {}, each.tool), ' '] : null,
    each.arguments ? h('span', { class: 'line block' }, each.arguments) : null,
    each.said ? h('span', { class: 'block' }, prose(each.said)) : null,
  ];
}

// What everybody knows already, or what stands below as the bytes themselves.
const quiet = new Set(['v', 'seq', 'boot', 'args_bytes', 'result_bytes', 'facts', 'abi']);

export async function opened(place, seq) {
  put(place, [h('p', {}, 'Reading…')]);
  try {
    const { damage, members, payloads, related } = await get(`record?seq=${seq}`);
    put(place, [
      damage ? h('p', { class: 'flag', role: 'alert' }, damage) : null,
      payloads.map(({ name, text, missing }) => [
        h('h3', {}, name),
        missing ? h('p', { class: 'flag' }, missing) : h('pre', { class: 'value' }, text),
      ]),
      h('h3', {}, `record ${seq}`),
      h(
        'dl',
        { class: 'facts' },
        members
          .filter(({ name }) => !quiet.has(name))
          .map(({ name, text }) => [h('dt', {}, name), h('dd', {}, text)]),
      ),
      related.length > 0
        ? [
            h('h3', {}, 'The same call or approval request'),
            h(
              'ul',
              { class: 'steps' },
              related.map((each) =>
                h(
                  'li',
                  {},
                  moment(each.at),
                  kindOfRecord(each),
                  h('span', { class: 'what' }, `${each.seq}: `, sayingOf(each)),
                ),
              ),
            ),
          ]
        : null,
    ]);
  } catch (error) {
    put(place, [h('p', { class: 'said' }, error.message)]);
  }
}
