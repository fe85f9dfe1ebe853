// The queue: a list of which only the visible part is made, and the card of the chosen question.
import { h, left, put, announce, badge } from './dom.js';
import { look, lookAgain, now, ordered, store, summarise, unread, watch } from './store.js';
import { card } from './card.js';
import { marks, together } from './together.js';
import { passedOn } from './talk.js';
import { kindOf, titleOf, wantedTool } from './access.js';

const rowHeight = 76;
const spare = 6; // rows above and below what is seen
const riskKinds = ['', '', 'warn', 'danger', 'danger'];

function row(each, index, chosen, choose, marked) {
  const rest = each.until - now();
  const button = h(
    'button',
    {
      type: 'button',
      class: 'question',
      role: 'option',
      'aria-selected': each.approval === chosen,
      'aria-posinset': index + 1,
      'data-id': each.approval,
      'aria-checked': marked.on() ? marked.has(each.approval) : null,
      tabindex: -1,
      onclick: () => (marked.on() ? marked.turn(each.approval) : choose(each.approval)),
    },
    h(
      'span',
      { class: 'top' },
      h(
        'span',
        { class: 'what' },
        marked.on() ? (marked.has(each.approval) ? '☑ ' : '☐ ') : null,
        titleOf(each),
      ),
      h('span', { class: rest < 60_000 ? 'time soon' : 'time' }, left(rest)),
    ),
    h('span', { class: 'line block' }, [each.tool, each.summary].filter(Boolean).join(' · ')),
    h(
      'span',
      { class: 'top line' },
      h(
        'span',
        { class: 'who', title: passedOn(each) },
        passedOn(each) ?? `${each.agent} for ${each.sponsor}`,
      ),
      wantedTool(each) === null
        ? badge(each.class || 'held', riskKinds[each.risk] ?? 'danger')
        : kindOf(each),
    ),
  );
  button.style.top = `${index * rowHeight}px`;
  return button;
}

export function queue(view, id) {
  let found = [];
  let chosen = id ?? null;
  let shown = null;
  const filter = h('input', {
    type: 'search',
    'aria-label': 'filter the queue',
    placeholder: 'filter: tool, agent, arguments   ( / )',
    maxlength: 200,
    oninput: () => {
      refresh();
      void look(filter.value);
    },
  });
  const count = h('p', { id: 'queue-count', role: 'status' });
  const inner = h('div', {
    role: 'listbox',
    'aria-label': 'approval requests, by risk and then by time left',
    tabindex: 0,
  });
  const scroller = h('div', { class: 'window', onscroll: () => draw() }, inner);
  const detail = h('div', { class: 'detail' });
  const marked = marks({ open: (ids) => choose(ids), draw: () => draw() });
  marked.listed = () => found;
  const desk = h(
    'div',
    { class: 'desk' },
    h(
      'div',
      { class: 'list' },
      h('div', { class: 'list-head' }, filter, count, marked.bar),
      scroller,
    ),
    detail,
  );
  put(view, [desk]);

  // At once: the next key is about this one. The address follows.
  const choose = (next) => {
    go(next);
    location.hash = next ? `#/queue/${encodeURIComponent(next)}` : '#/queue';
  };
  function draw() {
    const first = Math.max(0, Math.floor(scroller.scrollTop / rowHeight) - spare);
    const last = Math.ceil((scroller.scrollTop + scroller.clientHeight) / rowHeight) + spare;
    inner.style.height = `${found.length * rowHeight}px`;
    inner.style.position = 'relative';
    const visible = found.slice(first, last);
    put(
      inner,
      visible.map((each, i) => row(each, first + i, chosen, choose, marked)),
    );
    summarise(visible);
  }
  function refresh() {
    found = ordered(filter.value);
    const all = store.questions.size;
    count.textContent =
      found.length === all ? `${all} waiting` : `${found.length} of ${all} waiting`;
    const rest = unread(filter.value);
    if (rest > 0) count.textContent += `, the arguments of ${rest} not read yet`;
    if (all === 0) count.textContent = 'Nothing waits for a person.';
    marked.bar.hidden = all < 2;
    marked.keep();
    draw();
    show();
  }
  // The questions of what is shown, as the list has them; null where one is over.
  let seen = null;
  function rows() {
    const each = (chosen ?? '').split(',').map((one) => store.questions.get(one));
    return each.every(Boolean) ? each : null;
  }
  function show() {
    desk.classList.toggle('open', chosen !== null);
    if (chosen === shown?.id) {
      const now = rows();
      if (!now) shown.over();
      else if (now.some((each, i) => each !== seen?.[i])) shown.news();
      seen = now;
      return;
    }
    seen = rows();
    shown?.end();
    shown = null;
    if (chosen === null) {
      const text = store.questions.size > 0 ? 'Choose an approval request.' : 'Nothing to decide.';
      put(detail, [h('p', { class: 'empty' }, text)]);
      return;
    }
    const open = chosen.includes(',') ? together : card;
    shown = open(detail, chosen, { back: () => choose(null), choose });
  }
  function reveal(index) {
    const top = index * rowHeight;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    const bottom = top + rowHeight - scroller.clientHeight;
    if (bottom > scroller.scrollTop) scroller.scrollTop = bottom;
  }
  function go(next) {
    chosen = next ?? null;
    const index = found.findIndex((each) => each.approval === chosen);
    if (index >= 0) reveal(index);
    draw();
    show();
  }
  function move(by) {
    if (found.length === 0) return;
    const at = found.findIndex((each) => each.approval === chosen);
    const next = Math.min(found.length - 1, Math.max(0, at + (at < 0 && by < 0 ? 0 : by)));
    reveal(next);
    choose(found[next].approval);
    announce(`${titleOf(found[next])}, ${next + 1} of ${found.length}`);
  }
  const clock = setInterval(() => {
    draw();
    lookAgain(filter.value);
  }, 1000);
  const unwatch = watch(refresh);
  const sizes = new ResizeObserver(draw);
  sizes.observe(scroller);
  refresh();
  if (chosen) reveal(found.findIndex((each) => each.approval === chosen));
  return {
    keys: {
      j: () => move(1),
      k: () => move(-1),
      ArrowDown: () => move(1),
      ArrowUp: () => move(-1),
      '/': () => filter.focus(),
      Escape: () => choose(null),
      a: () => shown?.focusApprove(),
      d: () => shown?.focusDeny(),
      c: () => shown?.focusAsk(),
      h: () => shown?.focusPass(),
      x: () => marked.turn(chosen?.includes(',') ? null : chosen),
      o: () => marked.open(),
      f: () => shown?.showAll?.(),
    },
    go,
    end() {
      clearInterval(clock);
      sizes.disconnect();
      unwatch();
      shown?.end();
    },
  };
}
