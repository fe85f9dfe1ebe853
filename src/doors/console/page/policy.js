// The policies in force: in sentences, as a table, and what each layer says.
import { badge, h, prose, put } from './dom.js';
import { get } from './api.js';

const verdicts = { allow: 'good', notify: 'good', hold: 'warn', deny: 'danger' };
// Of `allow / hold x2` the strictest.
const toneOf = (text) => verdicts[text.match(/deny|hold|notify|allow/g)?.at(-1) ?? 'deny'];

function table({ environments, tools }) {
  return h(
    'div',
    { class: 'wide', role: 'region', 'aria-label': 'tools and environments', tabindex: 0 },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ['tool', ...environments].map((text) => h('th', { scope: 'col' }, text)),
        ),
      ),
      h(
        'tbody',
        {},
        tools.map((tool) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, tool.name),
            tool.verdicts.map((text) => h('td', {}, badge(text, toneOf(text)))),
          ),
        ),
      ),
    ),
  );
}

function role(each) {
  return h(
    'section',
    { class: 'tile' },
    h('div', { class: 'row' }, h('h2', {}, each.role), h('code', {}, each.file)),
    h('p', {}, 'digest ', h('code', {}, each.digest)),
    each.waiting ? h('p', { class: 'flag' }, prose(each.waiting)) : null,
    each.table ? table(each.table) : null,
    h('ul', {}, each.sentences.map((text) => h('li', {}, prose(text)))),
    each.layers?.length > 0
      ? [h('h3', {}, 'Layers'), h('ul', {}, each.layers.map((text) => h('li', {}, text)))]
      : null,
  );
}

export function policy(view) {
  const place = h('div', { class: 'page' }, h('p', { class: 'empty' }, 'Reading…'));
  put(view, [place]);
  let gone = false;
  get('policies')
    .then(({ roles }) => gone || put(place, [h('h1', {}, 'Policies in force'), roles.map(role)]))
    .catch((error) => gone || put(place, [h('p', { class: 'empty' }, error.message)]));
  return {
    keys: {},
    end: () => {
      gone = true;
    },
  };
}
