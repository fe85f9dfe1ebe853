// The key of a session: made here at sign-in, never readable, and what signs every act.
const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const bytes = (text) => new TextEncoder().encode(text);

export async function makeKey() {
  const pair = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  return { key: pair.privateKey, open: { crv, kty, x, y } };
}

// The one spelling of an act that page and node hash: no blanks, keys in order.
function spelled(act) {
  const pairs = Object.keys(act)
    .filter((key) => act[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(act[key])}`);
  return `{${pairs.join(',')}}`;
}

const hex = (buffer) =>
  [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
export const base64url = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

export const bytesOf = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));

// The key that a sign-in began with says that it is this page that goes on with it.
export async function signedReturn(state, key) {
  const whole = ['pawl console sign-in v1', location.origin, state, ''].join('\n');
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  return base64url(await crypto.subtle.sign(algorithm, key, bytes(whole)));
}

// `{act, nonce, signature}` as a body.
export async function signed(act, nonce, { key, node, person }) {
  const text = spelled(act);
  const digest = `sha256:${hex(await crypto.subtle.digest('SHA-256', bytes(text)))}`;
  const whole = [
    'pawl console act v1',
    node,
    location.origin,
    person,
    nonce,
    digest,
    '',
  ].join('\n');
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    key,
    bytes(whole),
  );
  return JSON.stringify({ act: JSON.parse(text), nonce, signature: base64url(signature) });
}
