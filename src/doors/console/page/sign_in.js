// Who are you? A passkey, a provider that the deployment names, or a name and a passphrase, sent to
// this node only.
import { h, put } from './dom.js';
import { goToProvider, signIn, signInWithPasskey, waysToSignIn } from './api.js';
import { possible } from './passkey.js';

export function signInForm(view, done, trouble = '') {
  const said = h('p', { class: 'said', role: 'alert' }, trouble);
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
  const row = h('div', { class: 'row' }, buttons);
  waysToSignIn()
    .then(({ provider }) => {
      if (!provider) return;
      const go = h('button', { type: 'button', onclick: () => attempt(goToProvider, false) });
      go.textContent = `Sign in at ${provider}`;
      buttons.push(go);
      put(row, buttons);
    })
    .catch(() => {});
  async function attempt(way, here = true) {
    said.textContent = '';
    for (const each of buttons) each.disabled = true;
    try {
      await way();
      if (!here) return; // the browser goes elsewhere
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
    row,
  );
  put(view, [form]);
  name.focus();
  return { keys: {}, end() {} };
}
