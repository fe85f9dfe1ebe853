// Elements of the page. Everything that is shown goes through `h`: children are nodes or become
// text, never markup, so nothing that an agent or a server wrote is ever read as HTML. Addresses of
// links are written here, in this program, and never come from data.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith('aria-')) element.setAttribute(name, String(value));
    else if (value === false) continue;
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'class') element.className = value;
    else if (value === true) element.setAttribute(name, '');
    else element.setAttribute(name, String(value));
  }
  put(element, children);
  return element;
}

export function put(element, children) {
  element.replaceChildren(...flat(children));
  return element;
}

function flat(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== undefined && child !== null && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}

export const $ = (id) => document.getElementById(id);

// For screen readers only: it is not visible.
export function announce(text) {
  $('said').textContent = text;
}

// `3 h 52 m`, `41 s`; of what is over, `over`.
export function left(milliseconds) {
  if (milliseconds <= 0) return 'over';
  const seconds = Math.floor(milliseconds / 1000);
  const parts = [
    [Math.floor(seconds / 86400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
  const from = parts.findIndex(([count]) => count > 0);
  if (from < 0) return '1 s';
  return parts
    .slice(from, from + 2)
    .filter(([count], i) => i === 0 || count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

const dayTime = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });

// A moment, with the whole of it as its title.
export function moment(text) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return h('span', {}, text);
  const today = at.toDateString() === new Date().toDateString();
  const shown = today ? dayTime.format(at) : `${at.toLocaleDateString()} ${dayTime.format(at)}`;
  return h('time', { datetime: text, title: full.format(at) }, shown);
}

// A sentence of the node: what stands in backticks is code.
export function prose(text) {
  const parts = String(text ?? '').split('`');
  const whole = parts.length % 2 === 1;
  return parts.map((part, i) => {
    if (i % 2 === 0) return part;
    return whole || i < parts.length - 1 ? h('code', {}, part) : `\`${part}`;
  });
}

// Something that is folded until a person wants it. `fill(place)` puts it there, once.
export function folded(summary, fill, attributes = {}) {
  const place = h('div', { class: 'unfolded' });
  let filled = false;
  const head = h('summary', {}, summary);
  const element = h('details', { class: 'folded', ...attributes }, head, place);
  element.addEventListener('toggle', () => {
    if (!element.open || filled) return;
    filled = true;
    fill(place);
  });
  return element;
}

export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

// A word in a box: a class, an effect, a phase.
export const badge = (text, kind = '') => h('span', { class: `badge ${kind}` }, text);

// How much of a limit is used.
// Dollars of nano-dollars, with as many decimals as there are, and two at least.
export function money(nano) {
  const decimals = String(nano % 1e9).padStart(9, '0').replace(/0+$/, '').padEnd(2, '0');
  return `$${Math.floor(nano / 1e9)}.${decimals}`;
}

export function meter(name, used, most, unit = '') {
  const share = most > 0 ? Math.min(1, used / most) : 0;
  const kind = share >= 1 ? 'full' : share >= 0.8 ? 'near' : '';
  const said = (n) => {
    if (unit.trim() === 'nano-USD') return money(n);
    return unit.trim() === 's' && n > 0 ? left(n * 1000) : `${n}${unit}`;
  };
  const text = most > 0 ? `${said(used)} of ${said(most)}` : said(used);
  const bar = h('span', { class: `meter-bar ${kind}` });
  bar.style.setProperty('--share', share);
  return h(
    'div',
    {
      class: 'meter',
      role: 'meter',
      'aria-label': name,
      'aria-valuenow': used,
      'aria-valuemin': 0,
      'aria-valuemax': Math.max(most, used, 1),
      'aria-valuetext': text,
    },
    h('span', { class: 'meter-name' }, name),
    h('span', { class: 'meter-rail' }, bar),
    h('span', { class: 'meter-text' }, text),
  );
}

export function copyable(text, what) {
  const button = h(
    'button',
    {
      class: 'quiet',
      type: 'button',
      title: `copy ${what}`,
      onclick: async () => {
        await navigator.clipboard.writeText(text);
        announce(`${what} copied`);
      },
    },
    h('code', {}, text.length > 19 ? `${text.slice(0, 18)}…` : text),
  );
  return button;
}
