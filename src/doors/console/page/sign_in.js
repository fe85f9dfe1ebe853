// Who are you? A passkey, or a name and a passphrase, sent to this node and to nobody else.
import { h, put } from './dom.js';
import { signIn, signInWithPasskey } from './api.js';
import { possible } from './passkey.js';

export function signInForm(view, done) {
  const said = h('p', { class: 'said', role: 'alert' });
  const name = h('input', { id: 'who', name: 'person', autocomplete: 'username', required: true });
  const passphrase = h('input', {
    id: 'passphrase',
    name: 'passphrase',
    type: 'password',
    autocomplete: 'current-password',
    required: true,
  });
  const button = h('button', { class: 'main' }, 'Sign in');
  const others = possible
    ? [h('button', { type: 'button', onclick: () => attempt(signInWithPasskey) }, 'Use a passkey')]
    : [];
  const buttons = [button, ...others];
  async function attempt(way) {
    said.textContent = '';
    for (const each of buttons) each.disabled = true;
    try {
      await way();
      passphrase.value = '';
      done();
    } catch (error) {
      said.textContent = error.message;
      passphrase.select();
    }
    for (const each of buttons) each.disabled = false;
  }
  const form = h(
    'form',
    {
      class: 'sign-in',
      onsubmit: (submit) => {
        submit.preventDefault();
        void attempt(() => signIn(name.value.trim(), passphrase.value));
      },
    },
    h('h1', {}, 'Sign in'),
    h('div', { class: 'field' }, h('label', { for: 'who' }, 'Reviewer'), name),
    h('div', { class: 'field' }, h('label', { for: 'passphrase' }, 'Passphrase'), passphrase),
    said,
    h('div', { class: 'row' }, buttons),
  );
  put(view, [form]);
  name.focus();
  return { keys: {}, end() {} };
}
