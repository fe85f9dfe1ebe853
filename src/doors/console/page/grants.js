// What people let agents use for a while: to whom, what, until when, how much of it is used; and
// taking it back, which needs no permission.
import { h, left, meter, moment, plural, put } from './dom.js';
import { act, session } from './api.js';
import { now, readStatus, store, watch } from './store.js';

const fact = (name, value) => (value ? [h('dt', {}, name), h('dd', {}, value)] : null);

function used(grant) {
  if (grant.stands) {
    return grant.calls ? `${plural(grant.calls, 'identical call')} left` : 'any number of calls';
  }
  if (grant.used === undefined) return 'not known: its line is not in the policy any more';
  if (grant.calls) return meter('calls', grant.used, grant.calls);
  return `${plural(grant.used, 'call')}, of any number`;
}

function bounds(grant) {
  if (grant.stands) return `one approval, ${grant.stands}`;
  const fixed = grant.arguments ?? [];
  return fixed.length > 0
    ? ['one value each of ', fixed.map((name) => [h('code', {}, name), ' '])]
    : 'all that its line in the policy permits';
}

export function grants(view) {
  let open = null; // the grant whose form is open
  const said = h('p', { class: 'said', role: 'alert' });
  const told = h('p', { class: 'told', role: 'status' });
  const list = h('div', { class: 'cards' });
  const reason = h('input', { id: 'end-why', autocomplete: 'off', maxlength: 1000 });
  let clocks = [];

  async function end(grant) {
    said.textContent = '';
    told.textContent = '';
    try {
      await act({ kind: 'grant_end', grant: grant.grant, reason: reason.value });
      open = null;
      told.textContent = `${grant.grant} is taken back: no call runs under it from now on.`;
      await readStatus();
    } catch (error) {
      said.textContent = error.message;
    }
    draw();
  }
  function ask(grant) {
    open = grant.grant;
    reason.value = '';
    draw();
    reason.focus();
  }
  function leave() {
    open = null;
    draw();
  }
  function form(grant) {
    return h(
      'form',
      {
        class: 'talking',
        'aria-label': `take back ${grant.grant}`,
        onsubmit: (submit) => {
          submit.preventDefault();
          void end(grant);
        },
      },
      h('label', { for: 'end-why' }, 'Why (it is recorded)'),
      reason,
      h(
        'div',
        { class: 'row' },
        h('button', { class: 'harm main' }, 'Take it back'),
        h('button', { type: 'button', onclick: leave }, 'Leave it'),
      ),
    );
  }
  function ending(grant) {
    if (session.role === 'auditor') return null;
    if (open === grant.grant) return form(grant);
    const label = `take back ${grant.tool} of ${grant.run}`;
    const begin = () => ask(grant);
    return h(
      'button',
      { type: 'button', class: 'harm', 'aria-label': label, onclick: begin },
      'Take back…',
    );
  }
  function tile(grant) {
    const clock = h('span', { class: 'badge warn' });
    if (grant.until) clocks.push({ clock, until: Date.parse(grant.until) });
    else clock.textContent = 'as long as its run';
    return h(
      'section',
      { class: 'tile', 'aria-label': `grant ${grant.grant}` },
      h('div', { class: 'row' }, h('h2', {}, grant.tool), clock),
      h(
        'dl',
        { class: 'facts' },
        fact('to', [
          `${grant.agent}, for ${grant.sponsor}, in run `,
          h('a', { href: `#/runs/${encodeURIComponent(grant.run)}` }, grant.run),
        ]),
        fact('granted by', (grant.by ?? []).join(', ')),
        fact('until', grant.until && moment(grant.until)),
        fact('used', used(grant)),
        fact('bounds', bounds(grant)),
        fact('its name', h('code', {}, grant.grant)),
      ),
      ending(grant),
    );
  }
  function tick() {
    for (const { clock, until } of clocks) {
      const rest = until - now();
      clock.textContent = rest > 0 ? `${left(rest)} left` : 'over';
    }
  }
  function draw() {
    const all = store.status?.grants ?? [];
    const focused = document.activeElement === reason;
    clocks = [];
    put(list, all.length > 0 ? all.map(tile) : [h('p', { class: 'empty' }, 'Nothing is granted.')]);
    if (focused && list.contains(reason)) reason.focus();
    tick();
  }
  put(view, [
    h(
      'div',
      { class: 'page' },
      h('h1', {}, 'Grants'),
      h(
        'p',
        {},
        'What agents asked for and people granted for a while, and approvals that stand for more ' +
          'calls than their own. They end with their time, their calls and their run, and when ' +
          'a person revokes them; nothing brings them back.',
      ),
      told,
      said,
      list,
    ),
  ]);
  draw();
  const timer = setInterval(tick, 1000);
  const unwatch = watch(draw);
  return {
    keys: {},
    end() {
      clearInterval(timer);
      unwatch();
    },
  };
}
