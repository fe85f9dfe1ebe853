// Who are you? A name and a passphrase, sent to this node and to nobody else.
import { h, put } from './dom.js';
import { signIn } from './api.js';

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
  const form = h(
    'form',
    {
      class: 'sign-in',
      onsubmit: async (submit) => {
        submit.preventDefault();
        said.textContent = '';
        button.disabled = true;
        try {
          await signIn(name.value.trim(), passphrase.value);
          passphrase.value = '';
          done();
        } catch (error) {
          said.textContent = error.message;
          passphrase.select();
        }
        button.disabled = false;
      },
    },
    h('h1', {}, 'Sign in'),
    h('div', { class: 'field' }, h('label', { for: 'who' }, 'Reviewer'), name),
    h('div', { class: 'field' }, h('label', { for: 'passphrase' }, 'Passphrase'), passphrase),
    said,
    button,
  );
  put(view, [form]);
  name.focus();
  return { keys: {}, end() {} };
}
