// What the page asks of its node. One address, this one; a request that changes something carries
// the session's token, which no page of another origin can read.
let token = '';
export const session = { person: null, role: '', groups: [] };
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

async function ask(method, path, body) {
  const headers = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET') headers['x-pawl-token'] = token;
  let answer;
  try {
    answer = await fetch(`api/${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      redirect: 'error',
    });
  } catch {
    throw new Refused(0, { error: 'the node cannot be reached' });
  }
  const said = await answer.json().catch(() => null);
  if (answer.status === 401) signedOut();
  if (!answer.ok) throw new Refused(answer.status, said);
  return said;
}

export const get = (path) => ask('GET', path);
export const post = (path, body = {}) => ask('POST', path, body);

function begin(said) {
  token = said.token;
  Object.assign(session, { person: said.person, role: said.role, groups: said.groups ?? [] });
  return session;
}
export const whoAmI = async () => begin(await get('me'));
export const signIn = async (person, passphrase) =>
  begin(await post('sign-in', { person, passphrase }));
export async function signOut() {
  await post('sign-out').catch(() => {});
  session.person = null;
}

// Events of the node, for as long as somebody is signed in. The browser comes back by itself where
// the line breaks; what happened meanwhile is read anew.
export function listen({ event, up, down }) {
  const source = new EventSource('api/events');
  source.onopen = up;
  source.onerror = () => {
    down();
    if (source.readyState === EventSource.CLOSED) signedOut();
  };
  for (const kind of ['question', 'answered', 'run', 'stop', 'health', 'again']) {
    source.addEventListener(kind, (message) => event(kind, JSON.parse(message.data)));
  }
  return () => source.close();
}
