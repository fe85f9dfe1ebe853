// How people answer: how many questions, how fast, how often yes. And what to do about it.
import { h, plural, put } from './dom.js';
import { get } from './api.js';

const percent = (share) => `${Math.round(share * 100)} %`;

function number(name, value, note) {
  return h(
    'section',
    { class: 'tile' },
    h('h2', {}, name),
    h('p', { class: 'big-number' }, value),
    note ? h('p', {}, note) : null,
  );
}

function hours(counts) {
  const most = Math.max(1, ...counts);
  return h(
    'section',
    { class: 'tile' },
    h('h2', {}, 'Approval requests by hour of the day (UTC)'),
    h(
      'div',
      { class: 'bars', role: 'img', 'aria-label': counts.map((n, i) => `${i} h: ${n}`).join(', ') },
      counts.map((count) => {
        const bar = h('span', { title: String(count) });
        bar.style.setProperty('--share', count / most);
        return bar;
      }),
    ),
  );
}

function table(reviewers) {
  const heads = ['person', 'answers', 'yes', 'read for', 'under 2 s', 'since asked', 'vigilance'];
  return h(
    'div',
    { class: 'wide', role: 'region', 'aria-label': 'reviewers', tabindex: 0 },
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, heads.map((text) => h('th', { scope: 'col' }, text)))),
      h(
        'tbody',
        {},
        reviewers.map((each) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, each.person),
            h('td', { class: 'figure' }, each.answers),
            h('td', { class: 'figure' }, percent(each.approved)),
            h(
              'td',
              { class: 'figure' },
              each.displayed > 0 ? `${each.median_seconds} s` : 'not known',
            ),
            h('td', { class: 'figure' }, `${each.hasty} of ${each.displayed}`),
            h('td', { class: 'figure' }, `${each.median_open_seconds} s`),
            h(
              'td',
              { class: 'figure' },
              each.seeded > 0 ? `${each.caught} of ${each.seeded}` : 'not measured',
            ),
          ),
        ),
      ),
    ),
  );
}

// What agents asked for beyond their policy, and what became of it.
function access(rows) {
  const heads = ['role', 'tool', 'asked', 'on days', 'granted', 'denied', 'used', 'calls'];
  return [
    h('h2', {}, 'Asked for beyond the policy'),
    h(
      'div',
      { class: 'wide', role: 'region', 'aria-label': 'requests for access', tabindex: 0 },
      h(
        'table',
        {},
        h('thead', {}, h('tr', {}, heads.map((text) => h('th', { scope: 'col' }, text)))),
        h(
          'tbody',
          {},
          rows.map(({ role, tool, asked, days, granted, rejected, used, calls }) =>
            h('tr', {}, [
              h('th', { scope: 'row' }, role),
              [tool, asked, days, granted, rejected, used, calls].map((each) => h('td', {}, each)),
            ]),
          ),
        ),
      ),
    ),
  ];
}

export function people(view) {
  const place = h('div', { class: 'page' }, h('p', { class: 'empty' }, 'Reading…'));
  put(view, [place]);
  let gone = false;
  get('people')
    .then((said) => {
      if (gone) return;
      const advice = [...said.advice, ...(said.access_advice ?? [])];
      put(place, [
        h('h1', {}, 'Reviewers'),
        h(
          'div',
          { class: 'cards' },
          number('Approval requests a day', said.per_day, `over ${plural(said.days, 'day')}`),
          number('Answered with yes', percent(said.approved), 'much above 90 % means: ask less'),
          number(
            'Approved after under two seconds with the card',
            said.hasty,
            `of ${plural(said.displayed, 'answer')} of which it is known when the card was ` +
              'displayed since this node started: a person cannot read one that fast',
          ),
          number(
            'Approved within two seconds of the approval request',
            said.at_once,
            `of ${plural(said.answers, 'answer')}, whether or not a card was displayed`,
          ),
          hours(said.hours),
        ),
        h('h2', {}, 'Who answers'),
        h('p', { class: 'note' }, 'Times are medians; “read for” begins with the card.'),
        table(said.reviewers),
        said.access?.length > 0 ? access(said.access) : null,
        advice.length > 0
          ? [h('h2', {}, 'What to change'), h('ul', {}, advice.map((text) => h('li', {}, text)))]
          : null,
      ]);
    })
    .catch((error) => gone || put(place, [h('p', { class: 'empty' }, error.message)]));
  return {
    keys: {},
    end: () => {
      gone = true;
    },
  };
}
