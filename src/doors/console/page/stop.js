// The kill switch: what is killed, what can be, and resuming it.
import { badge, h, moment, plural, put } from './dom.js';
import { act, get, session } from './api.js';
import { readStatus, store, watch } from './store.js';

const scopes = ['all', 'role', 'agent', 'run', 'tool', 'upstream'];

// What the node says of the processes behind it: ended, or only counted.
function processes({ found, alive, asked, took_us: took }) {
  const alike = plural(found, 'process', 'processes');
  if (!asked) {
    return h('p', {}, `${alike} of servers behind it: they go on, and every call is denied.`);
  }
  const dead = found - alive.length;
  return [
    h('p', {}, `${dead} of ${alike} dead after ${(took / 1000).toFixed(1)} ms.`),
    alive.length > 0
      ? h('p', { class: 'flag' }, 'Not proven dead: ', h('code', {}, alive.join(', ')))
      : null,
  ];
}

// A name that nothing has: a person in an emergency must see that, and the right one.
function nothing(done, what, name, choose) {
  return [
    h(
      'p',
      { class: 'flag' },
      h('strong', {}, 'Nothing was killed.'),
      ` No ${what} is called `,
      h('code', {}, name),
      '.',
    ),
    done.near?.length > 0
      ? h(
          'p',
          { class: 'row' },
          'Did you mean ',
          done.near.map((near) =>
            h('button', { type: 'button', onclick: () => choose(near) }, near),
          ),
        )
      : null,
    h('p', {}, `The kill stands for a ${what} that is called so later; it can be lifted below.`),
  ];
}

function stopped(done) {
  const list = (what, names) =>
    names?.length > 0 ? h('p', {}, `${what}: `, h('code', {}, names.join(', '))) : null;
  return [
    h('p', {}, h('strong', {}, `Killed in ${done.milliseconds.toFixed(1)} ms.`)),
    list('runs', done.runs),
    list('held calls withdrawn', done.withdrawn),
    list('calls cancelled at their servers', done.cancelled),
    done.processes ? processes(done.processes) : null,
  ];
}

function resume(kill, refresh, said) {
  return async () => {
    const reason = prompt(`Why may ${kill.scope} ${kill.name} go on?`);
    if (reason === null) return;
    try {
      await act({ kind: 'resume', scope: kill.scope, name: kill.name, reason });
      await refresh();
    } catch (error) {
      said.textContent = error.message;
    }
  };
}

export function stop(view) {
  const said = h('p', { class: 'said', role: 'alert' });
  const outcome = h('div', { role: 'status' });
  const now = h('div');
  const scope = h(
    'select',
    {
      id: 'scope',
      name: 'scope',
      onchange: () => {
        name.value = '';
        offer();
        ready();
      },
    },
    scopes.map((word) => h('option', { value: word }, word)),
  );
  const field = (id, called) =>
    h('input', { id, name: called, autocomplete: 'off', oninput: () => ready() });
  const name = field('name', 'name');
  const names = h('datalist', { id: 'names' });
  name.setAttribute('list', 'names');
  const which = h(
    'div',
    { class: 'field' },
    h('label', { for: 'name' }, 'which one'),
    name,
    names,
  );
  const there = h('p', { class: 'row', role: 'group', 'aria-label': 'what there is' });
  let targets = {};
  const reason = field('why', 'reason');
  const ends = h('input', { id: 'processes', type: 'checkbox' });
  const button = h('button', { class: 'harm main' }, 'Kill');
  function choose(one) {
    name.value = one;
    ready();
    reason.focus();
  }
  // What there is of this kind: a few as buttons, all of them while the person types.
  function offer() {
    const all = targets[scope.value] ?? [];
    put(names, all.map((value) => h('option', { value })));
    const shown = all.slice(0, 12);
    put(there, [
      shown.map((one) => h('button', { type: 'button', onclick: () => choose(one) }, one)),
      all.length > shown.length ? ` and ${all.length - shown.length} others` : null,
      scope.value !== 'all' && all.length === 0 ? 'There are none of these now.' : null,
    ]);
  }
  async function readTargets() {
    try {
      targets = await get('targets');
    } catch {
      targets = {};
    }
    offer();
  }
  function ready() {
    which.hidden = scope.value === 'all';
    button.disabled = !reason.value.trim() || (scope.value !== 'all' && !name.value.trim());
  }
  const form = h(
    'form',
    {
      class: 'tile',
      onsubmit: async (submit) => {
        submit.preventDefault();
        said.textContent = '';
        button.disabled = true;
        try {
          const called = scope.value === 'all' ? '' : name.value.trim();
          const what = scope.value === 'upstream' ? 'server' : scope.value;
          const done = await act({
            kind: 'kill',
            scope: scope.value,
            name: called,
            reason: reason.value,
            processes: ends.checked,
          });
          const found = done.found !== false;
          put(outcome, found ? stopped(done) : nothing(done, what, called, choose));
          await readStatus();
        } catch (error) {
          said.textContent = error.message;
        }
        ready();
      },
    },
    h('h2', {}, 'Set it'),
    h('p', {}, 'It counts for the next decision. Only a reviewer can lift it.'),
    h(
      'div',
      { class: 'row end kill' },
      h('div', { class: 'field' }, h('label', { for: 'scope' }, 'what'), scope),
      which,
      h('div', { class: 'field wide-field' }, h('label', { for: 'why' }, 'why'), reason),
      h('div', { class: 'field' }, button),
    ),
    there,
    h(
      'label',
      { class: 'check', for: 'processes' },
      ends,
      ' end the processes of servers behind it too, at once and with all that they started',
    ),
    said,
    outcome,
  );
  function draw() {
    const halted = store.runs.filter((run) => run.halted);
    const rows = [
      ...store.kills,
      ...halted.map((run) => ({
        scope: 'run',
        name: run.run,
        reason: run.why,
        person: 'a ceiling',
      })),
    ];
    put(now, [
      h(
        'h2',
        {},
        rows.length === 0 ? 'Nothing is killed' : `Killed or halted: ${rows.length}`,
      ),
      rows.map((kill) =>
        h(
          'div',
          { class: 'tile row' },
          badge(kill.scope, 'danger'),
          h('strong', {}, kill.name),
          h('span', {}, `${kill.reason || 'no reason given'} (${kill.person})`),
          kill.at ? moment(kill.at) : null,
          session.role === 'auditor'
            ? null
            : h(
                'button',
                { type: 'button', onclick: resume(kill, readStatus, said) },
                'Resume',
              ),
        ),
      ),
    ]);
  }
  put(view, [
    h(
      'div',
      { class: 'page' },
      h('h1', {}, 'Kill switch'),
      session.role === 'auditor' ? null : form,
      now,
    ),
  ]);
  ready();
  draw();
  void readTargets();
  return { keys: {}, end: watch(draw) };
}
