// The frame: places, the line to the node, keys.
import { $, badge, h, prose, put } from './dom.js';
import { listen, returned, session, signOut, whenSignedOut, whoAmI } from './api.js';
import { answered, question, readAll, readStatus, store, watch } from './store.js';
import { queue } from './queue.js';
import { runs } from './runs.js';
import { journal } from './journal.js';
import { stop } from './stop.js';
import { grants } from './grants.js';
import { policy } from './policy.js';
import { people } from './people.js';
import { you } from './you.js';
import { alarms, waiting as alarmsWaiting } from './alarms.js';
import { signInForm } from './sign_in.js';

const places = [
  { name: 'queue', title: 'Queue', key: 'q', make: queue },
  { name: 'runs', title: 'Runs', key: 'r', make: runs },
  { name: 'journal', title: 'Journal', key: 'l', make: journal },
  { name: 'policies', title: 'Policies', key: 'p', make: policy },
  { name: 'people', title: 'Reviewers', key: 'v', make: people },
  { name: 'grants', title: 'Grants', key: 'n', make: grants },
  { name: 'switch', title: 'Kill switch', key: 's', make: stop },
  { name: 'alarms', title: 'Escalations', key: 'e', make: alarms },
  { name: 'you', title: 'You', key: 'y', make: you, apart: true },
];
const view = $('view');
let here = null; // the view that is shown
let at = ''; // its place
let hangUp = null;

function whereTo() {
  const [name, id] = location.hash.replace(/^#\//, '').split('/');
  const place = places.find((each) => each.name === name) ?? places[0];
  return { place, id: id ? decodeURIComponent(id) : null };
}

function show() {
  if (!session.person) return;
  const { place, id } = whereTo();
  const waiting = store.questions.size > 0 ? `(${store.questions.size}) ` : '';
  document.title = `${waiting}pawl: ${place.title}`;
  frame();
  if (at === place.name && here?.go) return here.go(id);
  here?.end();
  at = place.name;
  here = place.make(view, id);
  view.scrollTop = 0;
}

function frame() {
  const { place } = whereTo();
  put(
    $('places'),
    places.filter((each) => !each.apart).map((each) =>
      h(
        'a',
        { href: `#/${each.name}`, 'aria-current': each === place ? 'page' : null },
        each.title,
        each.name === 'queue' && store.questions.size > 0
          ? h('span', { class: 'count' }, store.questions.size)
          : null,
        each.name === 'alarms' && alarmsWaiting() > 0
          ? h('span', { class: 'count' }, alarmsWaiting())
          : null,
        each.name === 'grants' && store.status?.grants?.length > 0
          ? h('span', { class: 'count' }, store.status.grants.length)
          : null,
        each.name === 'switch' && store.kills.length > 0
          ? h('span', { class: 'count' }, store.kills.length)
          : null,
      ),
    ),
  );
  put($('person'), [
    h(
      'a',
      { href: '#/you', 'aria-current': place.apart ? 'page' : null },
      `${session.person}${session.role ? ` (${session.role})` : ''}`,
    ),
    ' ',
    h('button', { type: 'button', onclick: leave }, 'Sign out'),
  ]);
  put($('health'), [
    store.live ? badge('live', 'good') : badge('connecting', 'warn'),
  ]);
  const failing = (store.status?.policies_failing ?? []).map(
    ({ why }) => `a policy file does not load, and what was in force stays: ${why}`,
  );
  const alarms = [...(store.status?.alarms ?? []), ...failing];
  put($('alarm'), alarms.map((text) => h('div', {}, prose(text))));
}

// Everything is read when the line to the node stands, so that nothing is missed between the two;
// and once where it does not. Who has gone to a place meanwhile stays there, with what was typed.
function enter() {
  let wasRead = false;
  const read = () =>
    readAll().then(
      () => {
        if (!wasRead && session.person && (at === '' || here?.go)) show();
        wasRead = true;
      },
      () => {}, // the line breaks as well, and is taken up again
    );
  hangUp = listen({
    up: () => {
      store.live = true;
      void read();
      frame();
    },
    down: () => {
      store.live = false;
      if (!wasRead) void read();
      frame();
    },
    event: (kind, said) => {
      if (kind === 'question') question(said);
      else if (kind === 'answered') answered(said.approval);
      else if (kind === 'again') void read();
      else readStatus().catch(() => {}); // signed out meanwhile, or the line breaks as well
    },
  });
}

function ask(trouble = '') {
  hangUp?.();
  hangUp = null;
  here?.end();
  session.person = null;
  at = '';
  put($('places'), []);
  put($('person'), []);
  put($('health'), []);
  here = signInForm(view, enter, trouble);
}
async function leave() {
  await signOut();
  ask();
}

const help = [
  ['j k', 'next and previous approval request'],
  ['a', 'go to approving; d: go to the reason'],
  ['c', 'ask the agent; h: pass on; f: show all of it'],
  ['x', 'select this approval request with others; o: open what is selected'],
  ['/', 'filter'],
  ['g then q r l p', 'queue, runs, journal, policies'],
  ['g then v n s e y', 'reviewers, grants, kill switch, escalations, you'],
  ['t', 'light or dark'],
  ['Esc', 'back to the list'],
];
function showKeys() {
  const dialog = $('keys');
  put(dialog, [
    h('h2', { id: 'keys-title' }, 'Keys'),
    h(
      'table',
      {},
      help.map(([key, what]) =>
        h('tr', {}, h('th', { scope: 'row' }, h('kbd', {}, key)), h('td', {}, what)),
      ),
    ),
    h('p', {}, h('button', { type: 'button', onclick: () => dialog.close() }, 'Close')),
  ]);
  dialog.showModal();
}
function turn() {
  const root = document.documentElement;
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const now = root.dataset.theme ?? (dark ? 'dark' : 'light');
  root.dataset.theme = now === 'dark' ? 'light' : 'dark';
}

let going = false;
addEventListener('keydown', (event) => {
  const typing = event.target.matches('input, textarea, select');
  if (event.ctrlKey || event.metaKey || event.altKey || !session.person) return;
  if (typing) {
    if (event.key === 'Escape') event.target.blur();
    return;
  }
  if ($('keys').open) return;
  if (going) {
    going = false;
    const place = places.find((each) => each.key === event.key);
    if (place) location.hash = `#/${place.name}`;
    return;
  }
  const own = { g: () => (going = true), '?': showKeys, t: turn };
  const act = here?.keys?.[event.key] ?? own[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

addEventListener('hashchange', show);
watch(frame);
whenSignedOut(() => {
  if (session.person) ask();
});
async function begin() {
  try {
    if (await returned()) return enter();
  } catch (error) {
    return ask(error.message);
  }
  return whoAmI().then(enter, () => ask());
}
void begin();
