// What people have to answer for: escalations that no one has taken, ways to people that are dead,
// and when the switch was last tried.
import { badge, h, moment, plural, prose, put } from './dom.js';
import { act, session } from './api.js';
import { readStatus, store, watch } from './store.js';

const phases = {
  open: ['not taken yet', 'warn'],
  unanswered: ['unanswered', 'danger'],
  acknowledged: ['taken', 'good'],
};

// Those that a person should look at: for the count in the list of places.
export const waiting = () =>
  (store.status?.escalations ?? []).filter(({ phase }) => phase !== 'acknowledged').length;

function contacts(each) {
  if (each.contacts.length === 0) return h('p', { class: 'flag' }, 'It has no contacts.');
  const names = each.contacts.map((name, i) => (i < each.told ? `${name} (told)` : name));
  return h('p', {}, `Contacts, in this order: ${names.join(', ')}`);
}

function escalation(each, answer) {
  const [word, kind] = phases[each.phase] ?? [each.phase, 'danger'];
  const taken = each.phase === 'acknowledged';
  const button = (text, resolved, main = false) =>
    h(
      'button',
      {
        type: 'button',
        class: main ? 'main' : '',
        'aria-label': `${text}: ${each.event} ${each.escalation}`,
        onclick: () => answer(each.escalation, resolved),
      },
      text,
    );
  return h(
    'section',
    { class: 'tile', 'aria-label': `escalation ${each.escalation}` },
    h(
      'div',
      { class: 'row' },
      badge(taken ? `taken by ${each.person}` : word, kind),
      h('h2', {}, each.event),
      each.run
        ? h('a', { href: `#/runs/${encodeURIComponent(each.run)}` }, each.run)
        : null,
      moment(each.opened),
    ),
    h('p', {}, prose(each.why)),
    contacts(each),
    taken ? null : h('p', {}, 'Unanswered from ', moment(each.ends), ' on.'),
    session.role === 'auditor'
      ? null
      : h('div', { class: 'row' }, [
          taken ? null : button('I take it', false, true),
          button('It is over', true),
        ]),
  );
}

function ways(notices) {
  const dead = notices.filter((way) => way.dead);
  if (notices.length === 0) return h('p', {}, 'No way to people is set up.');
  if (dead.length === 0) return h('p', {}, `${plural(notices.length, 'way')}, all in order.`);
  return dead.map(({ name, dead: why }) =>
    h('p', { class: 'flag' }, `${name} does not get through: ${why}`),
  );
}

const milliseconds = (us) => `${(us / 1000).toFixed(1)} ms`;

function drill(status) {
  if (!status.last_drill) {
    return h('p', { class: 'flag' }, 'Never: it is not known that the kill switch works. ', [
      h('code', {}, 'pawl drill'),
      ' tries it.',
    ]);
  }
  const { alive, calls, dead_us: dead, decided_us: decided, processes } = status.drill;
  return [
    h('p', {}, 'It last worked ', moment(status.last_drill), `, tried by ${status.drilled_by}.`),
    h(
      'p',
      {},
      `${plural(calls, 'call')} had run; the last one ${milliseconds(decided)} after it was set. `,
      `${processes - alive} of ${plural(processes, 'process', 'processes')} dead after `,
      `${milliseconds(dead)}.`,
    ),
  ];
}

export function alarms(view) {
  const said = h('p', { class: 'said', role: 'alert' });
  const list = h('div', { role: 'region', 'aria-label': 'escalations' });
  const rest = h('div');
  async function answer(id, resolved) {
    said.textContent = '';
    try {
      await act({ kind: 'acknowledge', escalation: id, resolved });
      await readStatus();
    } catch (error) {
      said.textContent = error.message;
    }
  }
  let shown = '';
  function draw() {
    const status = store.status;
    if (!status) return;
    // Only where it has changed: a button that is about to be pressed stays.
    const now = JSON.stringify([status.escalations, status.notices, status.last_drill]);
    if (now === shown) return;
    shown = now;
    const all = status.escalations;
    put(list, [
      all.length === 0 ? h('p', {}, 'Nothing waits for an answer.') : null,
      all.map((each) => escalation(each, answer)),
    ]);
    put(rest, [
      h('h2', {}, 'Ways to people'),
      ways(status.notices),
      h('h2', {}, 'The kill switch, tried'),
      drill(status),
    ]);
  }
  put(view, [h('div', { class: 'page' }, h('h1', {}, 'Escalations'), said, list, rest)]);
  draw();
  return { keys: {}, end: watch(draw) };
}
