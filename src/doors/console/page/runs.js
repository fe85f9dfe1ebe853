// Live runs with their budgets, and the timeline of one.
import { badge, h, moment, meter, plural, put } from './dom.js';
import { get } from './api.js';
import { store, watch } from './store.js';

const phases = { open: 'good', halted: 'danger', killed: 'danger', closed: '' };
const effects = {
  allow: 'good',
  notify: 'good',
  approve: 'good',
  resumed: 'good',
  hold: 'warn',
  expired: 'warn',
  withdrawn: 'warn',
  deny: 'danger',
  reject: 'danger',
  halted: 'danger',
  kill: 'danger',
};

function tile(run) {
  const address = `#/runs/${encodeURIComponent(run.run)}`;
  return h(
    'section',
    { class: 'tile', 'aria-label': `run ${run.run}` },
    h(
      'div',
      { class: 'row' },
      h('h2', {}, h('a', { href: address }, run.agent)),
      badge(run.phase, phases[run.phase]),
    ),
    h('p', {}, `${run.run}, for ${run.sponsor}, since `, moment(run.opened)),
    (run.budgets ?? []).map((each) => meter(each.name, each.used, each.most, each.unit ?? '')),
    run.why ? h('p', { class: 'flag' }, run.why) : null,
  );
}

export function runs(view, id) {
  if (id) return timeline(view, id);
  const place = h('div', { class: 'page' });
  put(view, [place]);
  const draw = () =>
    put(place, [
      h('h1', {}, 'Runs'),
      store.runs.length === 0
        ? h('p', { class: 'empty' }, 'No run is open.')
        : h('div', { class: 'cards' }, store.runs.map(tile)),
    ]);
  draw();
  return { end: watch(draw), keys: {} };
}

function event(each) {
  return h(
    'li',
    {},
    moment(each.at),
    badge(each.word, effects[each.word] ?? ''),
    h(
      'span',
      { class: 'what' },
      each.tool ? h('strong', {}, each.tool) : null,
      each.tool && each.said ? ': ' : '',
      each.said,
      each.rule_at ? h('div', {}, h('code', {}, each.rule_at)) : null,
    ),
  );
}

function timeline(view, id) {
  const place = h('div', { class: 'page' }, h('p', { class: 'empty' }, 'Reading…'));
  put(view, [place]);
  let gone = false;
  let run = null;
  async function read() {
    try {
      run = await get(`runs/${encodeURIComponent(id)}`);
    } catch (error) {
      if (!gone) put(place, [h('p', { class: 'empty' }, error.message)]);
      return;
    }
    if (gone) return;
    put(place, [
      h('p', {}, h('a', { href: '#/runs' }, '‹ all runs')),
      h('div', { class: 'row' }, h('h1', {}, run.agent), badge(run.phase, phases[run.phase])),
      h('p', {}, `${run.run}, for ${run.sponsor}, since `, moment(run.opened)),
      run.why ? h('p', { class: 'flag' }, run.why) : null,
      h(
        'div',
        { class: 'tile' },
        (run.budgets ?? []).map((each) => meter(each.name, each.used, each.most, each.unit ?? '')),
      ),
      h('h2', {}, plural(run.events.length, 'event')),
      h('ul', { class: 'steps' }, run.events.map(event)),
    ]);
  }
  const changed = () => {
    const now = store.runs.find((each) => each.run === id);
    if (run && now && now.last !== run.last) void read();
  };
  const unwatch = watch(changed);
  void read();
  return {
    keys: {},
    end() {
      gone = true;
      unwatch();
    },
  };
}
