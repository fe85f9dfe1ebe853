// One question with everything that is needed to answer it. What is not shown whole cannot be
// approved: the node gives a digest of the display only where nothing is folded, and an answer
// carries that digest.
import { announce, folded, h, left, prose, put } from './dom.js';
import { act, get } from './api.js';
import { changes } from './change.js';
import { now } from './store.js';
import { reachOf, reaches } from './reach.js';
import { asking, passing, takersOf } from './talk.js';
import { call, displayOf, facts, headline, history, reasons, words } from './shown.js';

// How an answered question stands, in a sentence; and whether that is the last that is to be said.
function becameOf(q) {
  const yes = q.answers.filter((each) => each.answer === 'approve' && each.counts).length;
  if (q.phase === 'open') {
    return [`${yes} of ${q.quorum} said yes; it waits for another person.`, true];
  }
  if (q.outcome) {
    const { word, error, took_ms: took } = q.outcome;
    const ran = error ? 'It ran, and the tool reports an error' : `It ran: ${word}`;
    return [`${word === 'completed' ? ran : `It ended: ${word}`}, after ${took} ms.`, true];
  }
  if (['rejected', 'expired', 'withdrawn'].includes(q.phase)) return ['', true];
  return ['It has not ended yet.', false];
}

export function card(place, id, { back }) {
  let question = null;
  let reach = null; // what approving may be good for besides the call
  let ended = false;
  let busy = false;
  let whole = false; // nothing is folded
  let vanished = false; // the node says that it does not wait any more
  const clock = h('span', { class: 'badge' });
  const said = h('p', { class: 'said', role: 'alert' });
  const typed = h('input', { id: 'typed', autocomplete: 'off', spellcheck: false, oninput: ready });
  const reason = h('input', { id: 'reason', autocomplete: 'off', oninput: ready });
  const approve = h(
    'button',
    { type: 'button', class: 'main', onclick: () => answer(true) },
    'Approve',
  );
  const deny = h(
    'button',
    { type: 'button', class: 'harm', onclick: () => answer(false) },
    'Deny',
  );

  const change = h(
    'button',
    { type: 'button', onclick: () => put(footer, [other()]) },
    'Change…',
  );
  const other = () =>
    changes(question, {
      over,
      reason,
      back: () => put(footer, controls(question)),
      // Its end is our own doing until the node has said so.
      acting(on) {
        busy = on;
        if (!on && vanished) over();
      },
    });

  // Why the node would refuse that of the person who is signed in; empty: it would not.
  const no = (what) => question?.may_not?.[what] ?? '';
  function may() {
    if (!question || ended || busy) return false;
    if (no('approve')) return false;
    if (!question.shown) return false;
    return !question.typed || typed.value === question.type_this;
  }
  function ready() {
    approve.disabled = !may();
    const closed = ended || busy || !question;
    deny.disabled = closed || no('deny') !== '';
    change.disabled = closed || no('change') !== '';
    ask.disabled = deny.disabled;
    pass.disabled = deny.disabled || takersOf(question).length === 0;
  }
  async function answer(yes) {
    if (yes && !may()) return;
    busy = true;
    ready();
    said.textContent = '';
    try {
      const told = await act({
        kind: 'answer',
        approval: id,
        approve: yes,
        reason: reason.value,
        shown: question.shown ?? '',
        typed: question.typed ? typed.value : '',
        ...(yes ? reachOf(reach) : {}),
      });
      over(`You ${yes ? 'approved' : 'denied'} it.`, told);
    } catch (error) {
      said.textContent = error.message;
    }
    busy = false;
    if (vanished) over();
    ready();
  }
  function over(text = 'It is over: answered, withdrawn, or its time was up.', told = {}) {
    if (ended) return;
    ended = true;
    ready();
    const after = h('p', { role: 'status' });
    const meant = told.vigilance
      ? `It was asked for to see whether people read. Nothing would have run. ` +
        `It ought to be denied: ${told.vigilance}`
      : '';
    announce(`${text} ${meant}`);
    put(footer, [
      h('p', {}, h('strong', {}, text)),
      meant ? h('p', { class: 'flag vigilance' }, meant) : null,
      after,
      h('button', { type: 'button', onclick: back }, 'Back'),
    ]);
    if (!meant) void follow(after);
  }
  // What became of it, as long as the card is looked at.
  async function follow(place) {
    for (let i = 0; i < 240 && !handle.gone; ++i) {
      const got = await get(address()).catch(() => null);
      if (!got || handle.gone) return;
      const now = got.approval;
      put(known, [reasons(now)]);
      const [text, last] = becameOf(now);
      if (place.textContent !== text) {
        put(place, [text, text ? ' ' : '', text ? run(now) : null]);
        announce(text);
      }
      if (last) return;
      await new Promise((done) => setTimeout(done, 500));
    }
  }
  const run = (q) => h('a', { href: `#/runs/${encodeURIComponent(q.run)}` }, 'The run');
  const address = () => `approvals/${encodeURIComponent(id)}${whole ? '?full=1' : ''}`;
  const footer = h('div', { class: 'answer' });
  const known = h('div'); // why, and who may answer
  const spoken = h('div');
  const told = h('p', { class: 'told', role: 'status' });

  // In the place of the buttons, until it is done or left.
  function instead(form, focus) {
    const back = () => put(footer, controls(question));
    const over = (text) => {
      back();
      told.textContent = text;
      void read();
    };
    told.textContent = '';
    put(footer, [form(question, { over, back })]);
    footer.querySelector(focus)?.focus();
  }
  const ask = h('button', { type: 'button', onclick: () => instead(asking, 'textarea') }, 'Ask…');
  const pass = h(
    'button',
    { type: 'button', onclick: () => instead(passing, 'select') },
    'Pass on…',
  );

  function controls(q) {
    const why = no('approve') || no('deny');
    const what = no('deny') ? 'answer' : 'approve';
    const whole = q.shown
      ? null
      : h(
          'p',
          { class: 'flag' },
          'Part of it is folded away, so it cannot be approved. ',
          h('button', { type: 'button', onclick: () => read(true) }, 'Show all of it'),
        );
    return [
      why ? h('p', { class: 'flag no' }, `You may not ${what} it: `, prose(why), '.') : null,
      whole,
      h(
        'div',
        { class: 'row end' },
        q.typed
          ? h(
              'div',
              { class: 'field wide-field typing' },
              h('label', { for: 'typed' }, 'To approve, type ', h('code', {}, q.type_this)),
              typed,
            )
          : null,
        reach
          ? h(
              'div',
              { class: 'field' },
              h('label', { for: 'reach' }, 'Approving is good for'),
              reach,
            )
          : null,
        h(
          'div',
          { class: 'field wide-field' },
          h('label', { for: 'reason' }, 'Reason (the agent reads it if you deny)'),
          reason,
        ),
        h('div', { class: 'row field' }, [
          approve,
          q.arguments_text ? change : null,
          deny,
          ask,
          pass,
        ]),
      ),
      told,
      said,
    ];
  }
  function draw(q) {
    reach = reaches(q);
    put(place, [
      h(
        'article',
        { class: 'card', 'aria-label': `approval request ${q.approval}` },
        h('button', { type: 'button', class: 'back', onclick: back }, '‹ all approval requests'),
        headline(q, clock),
        call(q),
        put(known, [reasons(q)]),
        folded('More about it', (rest) =>
          put(rest, [
            facts(q),
            q.before?.length || q.earlier
              ? h('section', {}, h('h2', {}, 'Before this, in the same run'), history(q))
              : null,
          ]),
        ),
        put(spoken, words(q)),
      ),
      put(footer, controls(q)),
    ]);
    tick();
    ready();
  }
  // What people and the agent said meanwhile; what would run is the same, and so is what was typed.
  function freshen(q) {
    put(known, [reasons(q)]);
    put(spoken, words(q));
    ready();
  }
  function tick() {
    if (!question) return;
    const rest = Date.parse(question.expires) - now();
    clock.textContent = rest > 0 ? `expires in ${left(rest)}` : 'expired';
    clock.className = rest < 60_000 ? 'badge danger' : 'badge';
    if (rest <= 0) over('Its time was up: the call was denied.');
  }
  // The call changed meanwhile: a reviewer approves only the one that they were reading.
  function became(next) {
    const again = () => {
      typed.value = '';
      draw((question = next));
    };
    const text = 'Meanwhile it became another call.';
    announce(text);
    put(footer, [
      h('p', { class: 'flag' }, `⚠ ${text}`),
      h('button', { type: 'button', onclick: again }, 'Show what it is now'),
    ]);
  }
  async function read(full = whole) {
    const unfolds = full !== whole;
    whole = full;
    try {
      const got = await get(address());
      if (handle.gone) return;
      if (ended) return;
      const next = got.approval;
      const before = question && displayOf(question);
      if (before && !unfolds && before !== displayOf(next)) return became(next);
      question = next;
      if (before && !unfolds) freshen(question);
      else draw(question);
    } catch (error) {
      if (!handle.gone) put(place, [h('p', { class: 'empty' }, error.message)]);
    }
  }
  const timer = setInterval(tick, 1000);
  const handle = {
    id,
    gone: false,
    // Our own answer may end it before the node has told us so.
    // It was talked about: it is read again.
    news: () => void read(),
    focusAsk: () => (ask.disabled ? null : ask.click()),
    focusPass: () => (pass.disabled ? null : pass.click()),
    over() {
      vanished = true;
      if (!busy) over();
    },
    focusApprove: () => (question?.typed && !may() ? typed : approve).focus(),
    focusDeny: () => reason.focus(),
    showAll: () => void read(true),
    end() {
      handle.gone = true;
      clearInterval(timer);
    },
  };
  put(place, [h('p', { class: 'empty' }, 'Reading…')]);
  read();
  return handle;
}
