// Who is signed in, how, and the passkeys of that person.
import { badge, h, put } from './dom.js';
import { addPasskey, dropPasskey, session, whoAmI } from './api.js';
import { elsewhere, possible } from './passkey.js';

const kinds = { passphrase: 'a passphrase', passkey: 'a passkey', provider: 'your provider' };

function row(passkey, drop) {
  return h(
    'div',
    { class: 'tile row' },
    h('strong', {}, passkey.label),
    h('span', {}, `for ${passkey.site}`),
    passkey.now ? badge('used now', 'good') : null,
    h(
      'button',
      { type: 'button', 'aria-label': `remove ${passkey.label}`, onclick: () => drop(passkey.id) },
      'Remove',
    ),
  );
}

export function you(view) {
  const said = h('p', { class: 'said', role: 'alert' });
  const label = h('input', { id: 'label', name: 'label', autocomplete: 'off', maxlength: 40 });
  const word = h('input', {
    id: 'word',
    type: 'password',
    autocomplete: 'current-password',
    maxlength: 1024,
  });
  const button = h('button', { class: 'main' }, 'Add a passkey');
  const list = h('div');
  async function change(step) {
    said.textContent = '';
    button.disabled = true;
    try {
      await step();
      await whoAmI();
      label.value = '';
      word.value = '';
    } catch (error) {
      said.textContent = error.message;
    }
    button.disabled = false;
    draw();
  }
  const form = h(
    'form',
    {
      class: 'tile',
      onsubmit: (submit) => {
        submit.preventDefault();
        void change(() => addPasskey(label.value.trim(), word.value));
      },
    },
    h('div', { class: 'row' }, [
      h('div', { class: 'field' }, h('label', { for: 'label' }, 'Its name, for you'), label),
      button,
    ]),
  );
  function ways() {
    if (session.role === 'auditor') return h('p', {}, 'Auditors sign in with a passphrase.');
    if (session.way === 'provider') return h('p', {}, 'Your provider looks after your passkeys.');
    if (possible) return [h('h2', {}, 'One more'), form];
    if (!elsewhere) return h('p', {}, 'This browser has no passkeys here.');
    const link = h('a', { href: elsewhere }, elsewhere);
    return h('p', {}, 'A page at an address has no passkeys. ', link);
  }
  const asksWord =
    session.role !== 'auditor' &&
    session.way !== 'provider' &&
    (possible || session.passkeys.length > 0);
  function draw() {
    put(list, [
      session.passkeys.length === 0 ? h('p', {}, 'None yet.') : null,
      session.passkeys.map((each) => row(each, (id) => change(() => dropPasskey(id, word.value)))),
    ]);
  }
  put(view, [
    h(
      'div',
      { class: 'page' },
      h('h1', {}, session.person),
      h('p', {}, `Signed in with ${kinds[session.way] ?? session.way}.`),
      h('p', {}, session.groups.length > 0 ? `In ${session.groups.join(', ')}.` : 'In no group.'),
      h('h2', {}, 'Passkeys'),
      h('p', {}, 'A passkey signs you in here without a passphrase, and nowhere else.'),
      list,
      asksWord
        ? h(
            'div',
            { class: 'field' },
            h('label', { for: 'word' }, 'Your passphrase, to add or remove one'),
            word,
          )
        : null,
      ways(),
      said,
    ),
  ]);
  draw();
  return { keys: {}, end() {} };
}
