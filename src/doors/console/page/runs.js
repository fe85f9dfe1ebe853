// Runs with their budgets, those that are over, and what one of them did.
import { badge, copyable, folded, h, moment, meter, plural, prose, put } from './dom.js';
import { act, get, session } from './api.js';
import { readStatus, store, watch } from './store.js';
import { opened, toneOf, wordOf } from './record.js';

const phases = { open: 'good', halted: 'danger', killed: 'danger', closed: '' };

const addressOf = (run) => `#/runs/${encodeURIComponent(run)}`;

function tile(run) {
  return h(
    'section',
    { class: 'tile', 'aria-label': `run ${run.run}` },
    h(
      'div',
      { class: 'row' },
      h('h2', {}, h('a', { href: addressOf(run.run) }, run.agent)),
      badge(run.phase, phases[run.phase]),
    ),
    h('p', {}, `${run.run}, for ${run.sponsor}, since `, moment(run.opened)),
    (run.budgets ?? []).map((each) => meter(each.name, each.used, each.most, each.unit ?? '')),
    run.why ? h('p', { class: 'flag' }, prose(run.why)) : null,
  );
}

function over(run) {
  return h(
    'li',
    {},
    moment(run.closed),
    h(
      'span',
      { class: 'what' },
      h('a', { href: addressOf(run.run) }, `${run.agent}, ${run.run}`),
      ` for ${run.sponsor}: ${plural(run.calls, 'call')}, ${run.denied} denied. `,
      prose(run.why),
    ),
  );
}

export function runs(view, id) {
  if (id) return story(view, id);
  const place = h('div');
  const ended = h('section', { 'aria-label': 'runs that are over' });
  put(view, [h('div', { class: 'page' }, h('h1', {}, 'Runs'), place, ended)]);
  let gone = false;
  let count = -1;
  async function readEnded() {
    try {
      const { damage, runs: all } = await get('ended');
      if (gone) return;
      put(ended, [
        h('h2', {}, 'Over'),
        damage ? h('p', { class: 'flag', role: 'alert' }, damage) : null,
        all.length === 0
          ? h('p', {}, 'None yet.')
          : h('ul', { class: 'steps two' }, all.map(over)),
      ]);
    } catch (error) {
      if (!gone) put(ended, [h('p', { class: 'said' }, error.message)]);
    }
  }
  const draw = () => {
    put(place, [
      store.runs.length === 0
        ? h('p', { class: 'empty' }, 'No run is open.')
        : h('div', { class: 'cards' }, store.runs.map(tile)),
    ]);
    if (count !== store.runs.length) void readEnded();
    count = store.runs.length;
  };
  draw();
  const unwatch = watch(draw);
  return {
    keys: {},
    end() {
      gone = true;
      unwatch();
    },
  };
}

// What was decided about a call, who answered, and how it ended: each with a word of its own.
const verdictOf = (call) => badge(wordOf(call.effect), toneOf(call.effect));
function endOf(call) {
  if (call.outcome) {
    const took = call.took_ms === undefined ? '' : ` in ${call.took_ms} ms`;
    if (call.error) return h('span', { class: 'bad' }, `the tool reports an error${took}`);
    return h(
      'span',
      { class: call.outcome === 'completed' ? 'fine' : 'bad' },
      `${call.outcome}${took}`,
    );
  }
  if (call.effect === 'deny') return null;
  if (call.how && call.how !== 'used') return wordOf(call.how);
  return call.effect === 'hold' ? 'waits for a person' : 'not ended yet';
}
function callOf(call) {
  const answers = call.answers.map(
    ({ person, answer, reason }) =>
      `${wordOf(answer)} by ${person}${reason ? `: ${reason}` : ''}`,
  );
  const end = endOf(call);
  const told = ['allow', 'notify'].includes(call.effect) || call.answers.length > 0;
  const because = told ? '' : call.reason;
  return folded(
    [
      moment(call.at),
      verdictOf(call),
      h(
        'span',
        { class: 'what' },
        h('strong', {}, call.wants),
        end ? [' · ', end] : null,
        call.enforced === false ? ' · not enforced: it ran' : null,
        h('span', { class: 'line block' }, [call.tool, call.arguments].filter(Boolean).join(' · ')),
        answers.map((text) => h('span', { class: 'block' }, text)),
        because ? h('span', { class: 'line block' }, prose(because)) : null,
      ),
    ],
    (place) => opened(place, call.seq),
    { class: 'folded entry' },
  );
}
const eventOf = (each) =>
  h(
    'li',
    {},
    moment(each.at),
    badge(each.word, ['halted', 'killed', 'denied'].includes(each.word) ? 'danger' : ''),
    h('span', { class: 'what' }, prose(each.said)),
  );

// Killing this run, with a reason: the kill switch, over it alone.
function stopping(run, done) {
  const said = h('p', { class: 'said', role: 'alert' });
  const reason = h('input', { id: 'kill-why', autocomplete: 'off', required: true });
  const form = h(
    'form',
    {
      class: 'row end',
      'aria-label': 'kill this run',
      onsubmit: async (submit) => {
        submit.preventDefault();
        said.textContent = '';
        const what = { kind: 'kill', scope: 'run', name: run, processes: false };
        try {
          await act({ ...what, reason: reason.value });
          await readStatus();
          done();
        } catch (error) {
          said.textContent = error.message;
        }
      },
    },
    h(
      'div',
      { class: 'field wide-field' },
      h('label', { for: 'kill-why' }, 'Why is it killed?'),
      reason,
    ),
    h('button', { class: 'harm main' }, 'Kill this run'),
  );
  return folded('Kill this run…', (place) => {
    put(place, [form, said]);
    reason.focus();
  });
}

function story(view, id) {
  const place = h('div', { class: 'page' }, h('p', { class: 'empty' }, 'Reading…'));
  put(view, [place]);
  const budgets = h('div', { class: 'tile' });
  let gone = false;
  let last = null;
  let reading = false;
  let again = false;
  async function read() {
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    try {
      const run = await get(`calls?run=${encodeURIComponent(id)}`);
      const now = await get(`runs/${encodeURIComponent(id)}`).catch(() => null);
      const stands = now && { phase: now.phase, why: now.why };
      if (!gone) draw({ ...run, ...stands }, now?.budgets ?? []);
    } catch (error) {
      if (!gone) put(place, [h('p', { class: 'empty' }, error.message)]);
    }
    reading = false;
    if (again && !gone) {
      again = false;
      void read();
    }
  }
  function draw(run, used) {
    const open = [...place.querySelectorAll('details.entry[open]')].map((each) => each.dataset.seq);
    const denied = run.calls.filter((call) => call.effect === 'deny').length;
    put(budgets, used.map((each) => meter(each.name, each.used, each.most, each.unit ?? '')));
    put(place, [
      h('p', {}, h('a', { href: '#/runs' }, '‹ all runs')),
      h('div', { class: 'row' }, h('h1', {}, run.agent), badge(run.phase, phases[run.phase])),
      h('p', {}, copyable(run.run, 'the run'), `, for ${run.sponsor}, since `, moment(run.opened), [
        run.closed ? [', until ', moment(run.closed)] : null,
      ]),
      run.damage ? h('p', { class: 'flag', role: 'alert' }, run.damage) : null,
      run.why ? h('p', { class: 'flag' }, prose(run.why)) : null,
      used.length > 0 ? budgets : null,
      ['open', 'halted'].includes(run.phase) && session.role !== 'auditor'
        ? stopping(run.run, () => void read())
        : null,
      h(
        'h2',
        {},
        `${plural(run.calls.length, 'call')}, ${denied} denied`,
        run.more ? '; there were more before' : '',
      ),
      run.calls.length === 0 ? h('p', {}, 'It has called nothing.') : null,
      h('div', { class: 'entries' }, run.calls.toReversed().map((call) => {
        const entry = callOf(call);
        entry.dataset.seq = call.seq;
        if (open.includes(String(call.seq))) entry.open = true;
        return entry;
      })),
      run.events.length > 0
        ? [h('h2', {}, 'Besides'), h('ul', { class: 'steps' }, run.events.map(eventOf))]
        : null,
    ]);
  }
  const changed = () => {
    const now = store.runs.find((each) => each.run === id);
    const seen = `${now?.last} ${now?.phase} ${now?.steps}`;
    if (last !== null && seen !== last) void read();
    last = seen;
  };
  changed();
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
