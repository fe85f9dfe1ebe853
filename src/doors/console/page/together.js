// Several questions in one act. What their calls come to stands first, then each with everything
// that would run. Every answer is one of its own, to its own call, with the digest of what was
// displayed of it; the act carries the digest over all of them.
import { $, announce, badge, folded, h, left, plural, put } from './dom.js';
import { act, get, session } from './api.js';
import { call, displayOf, facts, reasons, words } from './shown.js';
import { now, store } from './store.js';
import { kindOf, titleOf, wantedTool } from './access.js';

const most = 50; // as many as the node takes in one act

// Which questions of the list are marked, and the line above the list that says so.
export function marks({ open, draw }) {
  const marked = new Set();
  let marking = false; // a click marks
  const text = h('span', { role: 'status' });
  const button = (label, onclick) => h('button', { type: 'button', onclick }, label);
  const begin = button('Select several', () => {
    marking = !marking;
    if (!marking) marked.clear();
    changed();
  });
  const alike = button('All like it', () => {
    const first = store.questions.get([...marked][0]);
    for (const each of handle.listed()) {
      if (marked.size >= most) break;
      if (each.tool === first?.tool && each.class === first?.class) marked.add(each.approval);
    }
    changed();
  });
  const look = h('button', { type: 'button', class: 'main', onclick: () => handle.open() }, 'Open');
  function say() {
    const kinds = new Set(
      [...marked].map((id) => {
        const each = store.questions.get(id);
        return `${each?.tool}\n${each?.class}`;
      }),
    );
    const one = kinds.size > 1 ? '; of several tools or classes: only denied together' : '';
    text.textContent = marking ? `${marked.size} selected${one}` : '';
    if (marked.size > most) text.textContent = `${marked.size} selected; at most ${most} together`;
    begin.textContent = marking ? 'Select none' : 'Select several';
    alike.hidden = !marking || marked.size === 0;
    look.hidden = !marking || marked.size === 0;
    look.disabled = marked.size > most;
  }
  function changed() {
    say();
    draw();
  }
  const handle = {
    bar: h('div', { class: 'row marks', role: 'group', 'aria-label': 'select several' }, [
      begin,
      alike,
      look,
      text,
    ]),
    listed: () => [],
    on: () => marking,
    has: (id) => marked.has(id),
    turn(id) {
      if (!id) return;
      marking = true;
      if (!marked.delete(id)) marked.add(id);
      changed();
    },
    // What does not wait any more is not marked any more.
    keep() {
      for (const id of marked) if (!store.questions.has(id)) marked.delete(id);
      say();
    },
    open() {
      if (marked.size === 0 || marked.size > most) return;
      const ids = [...marked].sort();
      marking = false;
      marked.clear();
      changed();
      open(ids.join(','));
    },
  };
  say();
  return handle;
}

const fact = (name, value, danger = false) => [
  h('dt', {}, name),
  h('dd', danger ? { class: 'danger' } : {}, value),
];

// What they come to.
function sums(all) {
  const shown = all.sums.map(
    ({ counter, add, of }) => `${counter} ${add}${of ? ` (of ${of}…)` : ''}`,
  );
  return h(
    'dl',
    { class: 'facts' },
    fact('together', [plural(all.records, 'record'), ...shown].join('; ')),
    fact(plural(all.agents.length, 'agent'), all.agents.join(', ')),
    fact(plural(all.runs.length, 'run'), all.runs.join(', ')),
    all.unknown.map((line) => fact('not known', line, true)),
    all.why_not ? fact('not together', `cannot be approved together: ${all.why_not}`, true) : null,
  );
}

const subject = (q) => (wantedTool(q) === null ? q.tool : titleOf(q));
const displays = (all) => JSON.stringify(all.questions.map(displayOf));

export function together(place, id, { back, choose }) {
  const ids = id.split(',');
  let all = null;
  let busy = false;
  let ended = false;
  let whole = false;
  let gone = false;
  const typed = new Map(); // by question: its field
  const clocks = new Map();
  const said = h('p', { class: 'said', role: 'alert' });
  const reason = h('input', { id: 'reason', autocomplete: 'off' });
  const footer = h('div', { class: 'answer' });
  const button = (kind, yes) =>
    h('button', { type: 'button', class: kind, onclick: () => void answer(yes) });
  const approve = button('main', true);
  const deny = button('harm', false);

  const isTyped = (q) => !q.typed || typed.get(q.approval)?.value === q.type_this;
  function can() {
    return all !== null && !ended && !busy && session.role !== 'auditor' && Boolean(all.shown);
  }
  // Of which of them the node would refuse that of the person who is signed in, and why.
  const refuses = (what) =>
    (all?.questions ?? [])
      .filter((q) => q.may_not?.[what])
      .map((q) => `${q.approval}: ${q.may_not[what]}`);
  function may() {
    if (refuses('approve').length > 0) return false;
    return can() && !all.why_not && all.questions.every(isTyped);
  }
  function ready() {
    approve.disabled = !may();
    deny.disabled = !can() || refuses('deny').length > 0;
  }
  function over(text) {
    if (ended) return;
    ended = true;
    ready();
    announce(text);
    const rest = ids.filter((each) => store.questions.has(each));
    const open = () => choose(rest.join(','));
    put(footer, [
      h('p', {}, h('strong', {}, text)),
      h('div', { class: 'row' }, [
        rest.length > 0 && rest.length < ids.length
          ? h('button', { type: 'button', onclick: open }, `Open the other ${rest.length}`)
          : null,
        h('button', { type: 'button', onclick: back }, 'Back'),
      ]),
    ]);
  }
  async function answer(yes) {
    if (yes ? !may() : !can()) return;
    busy = true;
    ready();
    said.textContent = '';
    const count = all.questions.length;
    try {
      const told = await act({
        kind: 'answer_together',
        answers: all.questions.map((q) => ({
          approval: q.approval,
          shown: q.shown ?? '',
          typed: yes && q.typed ? typed.get(q.approval).value : '',
        })),
        approve: yes,
        reason: reason.value,
        shown: all.shown,
      });
      const meant = told.vigilance
        ? ` Asked for to see whether people read, and nothing would have run: ${told.vigilance}`
        : '';
      const word = yes ? 'approved' : 'denied';
      over(`You ${word} ${count} approval requests, each for its own call.${meant}`);
    } catch (error) {
      said.textContent = error.message;
    }
    busy = false;
    handle.over();
    ready();
  }

  function fieldOf(q, index) {
    const name = `typed-${index}`;
    const before = typed.get(q.approval)?.value ?? '';
    const input = h('input', { id: name, autocomplete: 'off', spellcheck: false, oninput: ready });
    input.value = before;
    typed.set(q.approval, input);
    const label = h('label', { for: name }, 'To approve, type ', h('code', {}, q.type_this));
    return h('div', { class: 'field' }, label, input);
  }
  function one(q, index) {
    const clock = h('span', { class: 'badge' });
    clocks.set(q.approval, { clock, until: Date.parse(q.expires) });
    return h(
      'section',
      { class: 'tile one', 'aria-label': `approval request ${index + 1}: ${q.approval}` },
      h(
        'div',
        { class: 'headline' },
        badge(`${index + 1} of ${all.questions.length}`),
        kindOf(q),
        q.environment ? badge(q.environment, q.environment === 'production' ? 'danger' : '') : null,
        clock,
        h('h2', {}, `${q.approval}: ${titleOf(q)}`),
      ),
      call(q),
      reasons(q),
      folded('More about it', (rest) => put(rest, [facts(q)])),
      words(q),
      q.typed && !all.why_not ? fieldOf(q, index) : null,
    );
  }
  function controls() {
    const fields = all.questions.filter((q) => q.typed).length;
    const asks = fields > 0 && !all.why_not;
    const asking = asks ? `${plural(fields, 'of them asks', 'of them ask')} for a text.` : '';
    approve.textContent = `Approve all ${all.questions.length}`;
    deny.textContent = `Deny all ${all.questions.length}`;
    if (session.role === 'auditor') return [];
    const denies = refuses('deny');
    const not = denies.length > 0 ? denies : refuses('approve');
    const what = denies.length > 0 ? 'answer' : 'approve';
    return [
      not.length > 0
        ? h('p', { class: 'flag no' }, `You may not ${what} all of it: ${not.join('; ')}.`)
        : null,
      all.shown
        ? null
        : h(
            'p',
            { class: 'flag' },
            'Part of it is folded away, so it cannot be answered together. ',
            h('button', { type: 'button', onclick: () => void read(true) }, 'Show all of it'),
          ),
      asking ? h('p', { class: 'flag' }, asking) : null,
      h(
        'div',
        { class: 'row end' },
        h(
          'div',
          { class: 'field wide-field' },
          h('label', { for: 'reason' }, 'Reason for all (agents read it if you deny)'),
          reason,
        ),
        h('div', { class: 'row field' }, approve, deny),
      ),
      said,
    ];
  }
  function draw() {
    const focused = document.activeElement?.id;
    put(place, [
      h(
        'article',
        { class: 'card', 'aria-label': `${all.calls} approval requests` },
        h('button', { type: 'button', class: 'back', onclick: back }, '‹ all approval requests'),
        h(
          'div',
          { class: 'headline' },
            badge(plural(all.calls, 'call')),
          new Set(all.questions.map((q) => q.class)).size === 1 ? kindOf(all.questions[0]) : null,
          h('h1', {}, [...new Set(all.questions.map(subject))].join(', ')),
        ),
        sums(all),
        all.questions.map(one),
      ),
      put(footer, controls()),
    ]);
    // It was read again while the person typed.
    if (focused && place.querySelector(`#${CSS.escape(focused)}`)) $(focused).focus();
    tick();
    ready();
  }
  function tick() {
    for (const { clock, until } of clocks.values()) {
      const rest = until - now();
      clock.textContent = rest > 0 ? `expires in ${left(rest)}` : 'expired';
      clock.className = rest < 60_000 ? 'badge danger' : 'badge';
    }
  }
  // The reviewer answers only those that they were reading.
  function became(next) {
    const again = () => {
      typed.clear();
      all = next;
      draw();
    };
    const text = 'Meanwhile one of them became another call.';
    announce(text);
    put(footer, [
      h('p', { class: 'flag' }, `⚠ ${text}`),
      h('button', { type: 'button', onclick: again }, 'Show what they are now'),
    ]);
  }
  async function read(full = whole) {
    const unfolds = full !== whole;
    whole = full;
    try {
      const query = `ids=${encodeURIComponent(ids.join(','))}&full=${whole ? 1 : 0}`;
      const got = (await get(`together?${query}`)).together;
      if (gone || ended) return;
      if (all && !unfolds && displays(all) !== displays(got)) return became(got);
      all = got;
      draw();
    } catch (error) {
      if (!gone && all === null) put(place, [h('p', { class: 'empty' }, error.message)]);
    }
  }
  const timer = setInterval(tick, 1000);
  const handle = {
    id,
    // The rows as the list has them now: one that is gone is over.
    over() {
      if (busy || ended) return;
      const missing = ids.filter((each) => !store.questions.has(each));
      if (missing.length === 0) return;
      over(`Over meanwhile: ${missing.join(', ')}. Nothing was answered here.`);
    },
    news: () => void read(),
    focusApprove: () => {
      const open = all?.questions.find((q) => !isTyped(q));
      (open ? typed.get(open.approval) : approve).focus();
    },
    focusDeny: () => reason.focus(),
    focusAsk() {},
    focusPass() {},
    end() {
      gone = true;
      clearInterval(timer);
    },
  };
  put(place, [h('p', { class: 'empty' }, 'Reading…')]);
  void read();
  return handle;
}
