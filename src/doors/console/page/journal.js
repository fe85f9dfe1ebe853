// Search in the journal, and what is proved about it.
import { badge, copyable, folded, h, moment, plural, put } from './dom.js';
import { get } from './api.js';
import { kindOfRecord, opened, sayingOf } from './record.js';

// What can be looked for: name in the request, label, what to type.
const wanted = [
  ['argument', 'arguments', 'app.conf'],
  ['person', 'person', 'ada'],
  ['tool', 'tool', ''],
  ['agent', 'agent', ''],
  ['run', 'run', ''],
  ['since', 'since', '2h, or a date'],
];

function fields() {
  const field = ([name, label, placeholder]) =>
    h(
      'div',
      { class: 'field' },
      h('label', { for: `find-${name}` }, label),
      h('input', { id: `find-${name}`, name, autocomplete: 'off', placeholder }),
    );
  return [
    wanted.map(field),
    h(
      'div',
      { class: 'field' },
      h('label', { for: 'find-effect' }, 'effect'),
      h(
        'select',
        { id: 'find-effect', name: 'effect' },
        ['', 'allow', 'notify', 'hold', 'deny'].map((word) =>
          h('option', { value: word }, word || 'any'),
        ),
      ),
    ),
  ];
}

function entry(each) {
  return folded(
    [
      moment(each.at),
      kindOfRecord(each),
      h('span', { class: 'what' }, sayingOf(each)),
      h('span', { class: 'number line' }, `${each.seq}`),
    ],
    (place) => {
      const rest = h('div');
      put(place, [
        each.run
          ? h('p', {}, 'run ', h('a', { href: `#/runs/${encodeURIComponent(each.run)}` }, each.run))
          : null,
        rest,
      ]);
      void opened(rest, each.seq);
    },
    { class: 'folded entry' },
  );
}

export function journal(view) {
  const results = h('div', { role: 'region', 'aria-label': 'records', 'aria-live': 'polite' });
  const proof = h('p', {}, 'Reading…');
  const form = h(
    'form',
    {
      class: 'find',
      onsubmit: (submit) => {
        submit.preventDefault();
        void find();
      },
    },
    fields(),
    h('button', { class: 'main' }, 'Search'),
  );
  put(view, [h('div', { class: 'page' }, h('h1', {}, 'Journal'), proof, form, results)]);
  let gone = false;
  async function find() {
    const wanted = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    try {
      const { damage, records, more } = await get(`journal?${wanted}`);
      if (gone) return;
      void prove(); // after the search: what it met of damage is known then
      put(results, [
        damage ? h('p', { class: 'flag', role: 'alert' }, damage) : null,
        h('p', {}, `${plural(records.length, 'record')}${more ? ', and there are more' : ''}`),
        h('div', { class: 'entries' }, records.toReversed().map(entry)),
      ]);
    } catch (error) {
      if (!gone) put(results, [h('p', { class: 'said' }, error.message)]);
    }
  }
  async function prove() {
    try {
      const { whole, records, root, why, at } = await get('journal/proof');
      if (gone) return;
      put(proof, [
        whole ? badge('verified', 'good') : badge('damaged', 'danger'),
        ` ${plural(records, 'record')} at `,
        moment(at),
        ', root ',
        copyable(root, 'the root'),
        why ? `: ${why}` : '',
      ]);
    } catch (error) {
      if (!gone) proof.textContent = error.message;
    }
  }
  void find();
  return {
    keys: { '/': () => form.elements.argument.focus() },
    end: () => {
      gone = true;
    },
  };
}
