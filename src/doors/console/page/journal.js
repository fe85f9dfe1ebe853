// Search in the journal, and what is proved about it.
import { badge, copyable, h, moment, plural, put } from './dom.js';
import { get } from './api.js';

const effects = { allow: 'good', notify: 'good', hold: 'warn', deny: 'danger' };

function fields() {
  const field = (name, label, attributes = {}) =>
    h(
      'div',
      { class: 'field' },
      h('label', { for: `find-${name}` }, label),
      h('input', { id: `find-${name}`, name, autocomplete: 'off', ...attributes }),
    );
  return [
    field('run', 'run'),
    field('tool', 'tool'),
    field('agent', 'agent'),
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
    field('since', 'since', { placeholder: '2h, or a date' }),
  ];
}

function table(records) {
  const row = (each) =>
    h(
      'tr',
      {},
      h('td', { class: 'number' }, each.seq),
      h('td', {}, moment(each.at)),
      h('td', {}, each.effect ? badge(each.effect, effects[each.effect]) : each.type),
      h('td', {}, each.tool ?? ''),
      h(
        'td',
        {},
        each.run ? h('a', { href: `#/runs/${encodeURIComponent(each.run)}` }, each.run) : '',
      ),
      h('td', {}, each.said ?? ''),
    );
  const heads = ['#', 'when', 'what', 'tool', 'run', 'why'];
  return h(
    'div',
    { class: 'wide', role: 'region', 'aria-label': 'records', tabindex: 0 },
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, heads.map((text) => h('th', { scope: 'col' }, text)))),
      h('tbody', {}, records.map(row)),
    ),
  );
}

export function journal(view) {
  const results = h('div', { role: 'region', 'aria-label': 'records', 'aria-live': 'polite' });
  const proof = h('p', {}, 'Reading…');
  const form = h(
    'form',
    {
      class: 'row',
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
      put(results, [
        damage ? h('p', { class: 'flag', role: 'alert' }, damage) : null,
        h('p', {}, `${plural(records.length, 'record')}${more ? ', and there are more' : ''}`),
        records.length > 0 ? table(records.toReversed()) : null,
      ]);
    } catch (error) {
      if (!gone) put(results, [h('p', { class: 'said' }, error.message)]);
    }
  }
  async function prove() {
    try {
      const { whole, records, root, why } = await get('journal/proof');
      if (gone) return;
      put(proof, [
        whole ? badge('verified', 'good') : badge('damaged', 'danger'),
        ` ${plural(records, 'record')}, root `,
        copyable(root, 'the root'),
        why ? ` ${why}` : '',
      ]);
    } catch (error) {
      if (!gone) proof.textContent = error.message;
    }
  }
  void find();
  void prove();
  return {
    keys: { '/': () => form.elements.tool.focus() },
    end: () => {
      gone = true;
    },
  };
}
