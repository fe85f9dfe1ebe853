// What the page asks of its node. One address, this one. Every request carries the session's token,
// which no page of another origin can read or send; what changes something is signed besides.
import { makeKey, signed, signedReturn } from './proof.js';
import { comeBack, forget, keep, leave, recall } from './keep.js';
import { make, prove } from './passkey.js';

let mine = null; // token, key, node
export const session = { person: null, role: '', groups: [], passkeys: [], way: '' };
let signedOut = () => {};
export function whenSignedOut(call) {
  signedOut = call;
}

export class Refused extends Error {
  constructor(status, body) {
    super(body?.error ?? `the node answered ${status}`);
    this.status = status;
    this.body = body;
  }
}

async function send(method, path, headers = {}, body = undefined, signal = undefined) {
  try {
    return await fetch(`api/${path}`, {
      method,
      headers: { 'x-pawl-token': mine?.token ?? '', ...headers },
      body,
      signal,
      credentials: 'same-origin',
      redirect: 'error',
    });
  } catch {
    throw new Refused(0, { error: 'the node cannot be reached' });
  }
}

async function ask(method, path, body, type = 'application/json') {
  const headers = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = type;
  const answer = await send(method, path, headers, body);
  const said = await answer.json().catch(() => null);
  if (answer.status === 401) signedOut();
  if (!answer.ok) throw new Refused(answer.status, said);
  return said;
}

export const get = (path) => ask('GET', path);
const post = (path, body = '{}') => ask('POST', path, body);

// A question as it would be with other arguments. Changes nothing.
export const preview = (approval, arguments_text) =>
  post('preview', JSON.stringify({ approval, arguments_text }));

// What a person does: signed over a nonce of the node, which counts once.
export async function act(what) {
  const { nonce } = await post('challenge');
  return post('act', await signed(what, nonce, { ...mine, person: session.person }));
}

function begin(said) {
  const { person, role, groups = [], passkeys = [], way } = said;
  Object.assign(session, { person, role, groups, passkeys, way });
  return session;
}
export async function whoAmI() {
  mine = await recall();
  if (!mine) throw new Refused(401, { error: 'sign in' });
  return begin(await get('me'));
}
// The passphrase stands behind the line break, as it was typed.
export async function signIn(person, passphrase) {
  const { key, open } = await makeKey();
  const body = `${JSON.stringify({ key: open, person })}\n${passphrase}`;
  return signedIn(await ask('POST', 'sign-in', body, 'application/octet-stream'), key);
}
async function signedIn(said, key) {
  mine = { token: said.token, node: said.node, key };
  await keep(mine);
  return begin(said);
}
// The challenge belongs to the key that the page has made for its session.
export async function signInWithPasskey() {
  const { key, open } = await makeKey();
  const challenge = await post('passkey/challenge', JSON.stringify({ key: open }));
  const proof = await prove(challenge);
  return signedIn(await post('passkey/sign-in', JSON.stringify({ key: open, ...proof })), key);
}
export const waysToSignIn = () => get('ways');
// The browser goes to the provider, and comes back to this very page with a code.
export async function goToProvider() {
  const { key, open } = await makeKey();
  const begun = await post('provider/begin', JSON.stringify({ key: open }));
  await leave({ key, open, place: location.hash, state: begun.state });
  location.assign(begun.open);
}
const isPlace = (hash) => typeof hash === 'string' && /^#\/[a-z]+(\/[\w.~%,-]+)?$/.test(hash);
// What it came back with, taken out of the address first; null: nothing.
export async function returned() {
  const brought = new URLSearchParams(location.search);
  if (!brought.has('state')) return null;
  history.replaceState(null, '', location.pathname + location.hash);
  const journey = await comeBack();
  const state = brought.get('state');
  if (journey?.state !== state) throw new Error('this page did not begin that sign-in');
  // Where they were going: kept by this page and not by the address, which every page can
  // write. It is a place of this page, and can be nothing else.
  if (isPlace(journey.place)) history.replaceState(null, '', location.pathname + journey.place);
  if (!brought.has('code')) throw new Error('the provider has not signed you in');
  const body = {
    code: brought.get('code'),
    iss: brought.get('iss') ?? '',
    key: journey.open,
    signature: await signedReturn(state, journey.key),
    state,
  };
  return signedIn(await post('provider/sign-in', JSON.stringify(body)), journey.key);
}
export async function addPasskey(label, passphrase) {
  if (!label) throw new Error('give it a name by which you know it again');
  const asked = await post('passkey/new', JSON.stringify({ passphrase }));
  const made = await make(asked, session.person, session.passkeys);
  return act({ kind: 'passkey', label, ...made });
}
export const dropPasskey = (id, passphrase) => act({ kind: 'passkey', remove: id, passphrase });
export async function signOut() {
  await post('sign-out').catch(() => {});
  mine = null;
  session.person = null;
  await forget();
}

// One event of the stream: lines of `name: value`.
function read(block) {
  const event = { kind: 'message', text: '' };
  for (const line of block.split('\n')) {
    if (line.startsWith('event: ')) event.kind = line.slice(7);
    if (line.startsWith('data: ')) event.text += line.slice(6);
  }
  return event;
}

async function follow(signal, { event, up }) {
  const answer = await send('GET', 'events', { accept: 'text/event-stream' }, undefined, signal);
  if (answer.status === 401) signedOut();
  if (!answer.ok) return answer.status !== 401;
  up();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return true;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const { kind, text } = read(block);
      if (text) event(kind, JSON.parse(text));
    }
  }
}

// Events of the node, for as long as a person is signed in. Where the line breaks it is taken up
// again; what happened meanwhile is read again. (An EventSource cannot send our token.)
export function listen({ event, up, down }) {
  const over = new AbortController();
  void (async () => {
    let wait = 500;
    while (!over.signal.aborted) {
      const began = Date.now();
      const again = await follow(over.signal, { event, up }).catch(() => true);
      if (over.signal.aborted || !again) return;
      down();
      wait = Date.now() - began > 10_000 ? 500 : Math.min(wait * 2, 10_000);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  })();
  return () => over.abort();
}
