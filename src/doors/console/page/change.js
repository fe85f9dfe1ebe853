// Approving a call with other arguments: their text, what the node makes of it, and the answer. The
// text stays a text all the way, because a number in it may be longer than a page can hold.
import { announce, h, put } from './dom.js';
import { act, preview } from './api.js';

// Line breaks between the members of the outermost object; inside of texts nothing moves.
export function laid_out(text) {
  let depth = 0;
  let quoted = false;
  let out = '';
  for (let i = 0; i < text.length; ++i) {
    const c = text[i];
    if (quoted) {
      out += c;
      if (c === '\\') out += text[++i] ?? '';
      else if (c === '"') quoted = false;
      continue;
    }
    if (c === '"') quoted = true;
    if (c === '}' || c === ']') --depth;
    if (c === '}' && depth === 0) out += '\n';
    out += c;
    if (c === '{' || c === '[') ++depth;
    if (depth === 1 && (c === ',' || c === '{')) out += '\n  ';
    else if (c === ':' || (c === ',' && depth > 1)) out += ' ';
  }
  return out;
}

// What is asked for and what would run instead, line by line.
function compared(q) {
  const was = new Map((q.asked_display ?? []).map((each) => [each.name, each.text]));
  const row = (sign, name, text) =>
    h(
      'div',
      { class: { '+': 'plus', '-': 'minus' }[sign] ?? '', role: 'row' },
      h('span', { role: 'cell' }, sign),
      h('span', { role: 'cell' }, `${name}: ${text}`),
    );
  const rows = [];
  for (const { name, text } of q.display) {
    const before = was.get(name);
    was.delete(name);
    if (before !== undefined && before !== text) rows.push(row('-', name, before));
    rows.push(row(before === text ? ' ' : '+', name, text));
  }
  for (const [name, text] of was) rows.push(row('-', name, text));
  return h(
    'div',
    { class: 'value diff two', role: 'table', 'aria-label': 'what is made of the call' },
    rows,
  );
}

// The form below a card. `over(text)` when it was done; `reason` is the card's own field for one.
export function changes(q, { over, reason, back, acting }) {
  let would = null;
  const said = h('p', { class: 'said', role: 'alert' });
  const text = h('textarea', { id: 'changed', rows: 8, spellcheck: false, oninput: unread });
  text.value = laid_out(q.arguments_text);
  const typed = h('input', { id: 'typed-changed', autocomplete: 'off', spellcheck: false });
  const shown = h('div', { 'aria-live': 'polite' });

  function unread() {
    would = null;
    put(shown, []);
  }
  async function look() {
    said.textContent = '';
    try {
      ({ approval: would } = await preview(q.approval, text.value));
    } catch (error) {
      unread();
      said.textContent = error.message;
      return;
    }
    put(shown, [
      compared(would),
      would.typed
        ? h(
            'div',
            { class: 'field' },
            h(
              'label',
              { for: 'typed-changed' },
              'To approve, type ',
              h('code', {}, would.type_this),
            ),
            typed,
          )
        : null,
      h('button', { type: 'button', class: 'main', onclick: approve }, 'Approve this instead'),
    ]);
    announce('The policy has nothing against it. Read what would run, then approve it.');
  }
  async function approve() {
    if (!would?.shown) return;
    said.textContent = '';
    acting(true);
    try {
      await act({
        kind: 'change',
        approval: q.approval,
        arguments_text: text.value,
        reason: reason.value,
        shown: would.shown,
        typed: would.typed ? typed.value : '',
      });
      over('You approved it with other arguments. The agent is told.');
    } catch (error) {
      said.textContent = error.message;
    }
    acting(false);
  }
  return h(
    'section',
    { class: 'changes', 'aria-label': 'other arguments' },
    h('label', { for: 'changed' }, 'Arguments that would run instead'),
    text,
    h('label', { for: 'reason' }, 'Reason (the agent reads it)'),
    reason,
    h(
      'div',
      { class: 'row' },
      h('button', { type: 'button', onclick: look }, 'Look at it'),
      h('button', { type: 'button', onclick: back }, 'Leave it as it is'),
    ),
    shown,
    said,
  );
}
