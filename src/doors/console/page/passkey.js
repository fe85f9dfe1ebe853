// Passkeys. The browser asks its authenticator, and what that says goes to the node as it is: the
// node decides whether it is good. Only pages with a name have passkeys, and not those at an
// address such as 127.0.0.1.
import { base64url, bytesOf } from './proof.js';

const named = /[a-z][a-z0-9-]*$/i.test(location.hostname);
export const possible = named && typeof PublicKeyCredential === 'function';
// Where this page has a name, if it is one of this machine alone.
export const elsewhere =
  location.hostname === '127.0.0.1' || location.hostname === '[::1]'
    ? `${location.protocol}//localhost:${location.port}/console/`
    : null;

// People close the browser's window, and authenticators have their own words for what went wrong.
async function asked(question) {
  try {
    return await question;
  } catch (error) {
    const closed = error.name === 'NotAllowedError' || error.name === 'AbortError';
    if (error.name === 'InvalidStateError') throw new Error('it has a passkey for you already');
    throw new Error(closed ? 'no passkey was used' : `the browser says: ${error.message}`);
  }
}

export async function prove({ challenge, site }) {
  const publicKey = { challenge: bytesOf(challenge), rpId: site, userVerification: 'required' };
  const { id, response } = await asked(navigator.credentials.get({ publicKey }));
  return {
    authenticator: base64url(response.authenticatorData),
    challenge,
    client: base64url(response.clientDataJSON),
    id,
    signature: base64url(response.signature),
  };
}

export async function make({ challenge, site, user }, person, passkeys) {
  const publicKey = {
    attestation: 'none',
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    challenge: bytesOf(challenge),
    excludeCredentials: passkeys.map(({ id }) => ({ id: bytesOf(id), type: 'public-key' })),
    pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
    rp: { id: site, name: 'pawl' },
    user: { displayName: person, id: bytesOf(user), name: person },
  };
  const { response } = await asked(navigator.credentials.create({ publicKey }));
  return {
    authenticator: base64url(response.getAuthenticatorData()),
    challenge,
    client: base64url(response.clientDataJSON),
  };
}
