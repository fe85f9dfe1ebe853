// An OpenID provider as the console's tests need one: a page on which a person signs in, codes that
// count once and for one verifier, and ID tokens that are signed as jose signs them.
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import path from 'node:path';
import { modules } from './world.mjs';

const jose = await import(path.join(modules, 'jose/dist/webapi/index.js'));
export const client = { id: 'pawl', secret: 'a secret of the client' };

export async function provider() {
  const pair = await jose.generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await jose.exportJWK(pair.publicKey)), kid: 'k', alg: 'ES256', use: 'sig' };
  // `claims`: what it says of the person who signs in; `change`: what it says besides, or otherwise.
  const it = { claims: {}, change: {}, asked: [], codes: new Map() };
  const json = (response, status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const describe = () => ({
    issuer: it.origin,
    jwks_uri: `${it.origin}/keys`,
    authorization_endpoint: `${it.origin}/authorize`,
    token_endpoint: `${it.origin}/token`,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  });
  it.token = (claims, key = pair.privateKey) =>
    new jose.SignJWT(JSON.parse(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'JWT' })
      .sign(key);
  // The person says yes: a code for this question.
  const grant = (asked) => {
    const code = randomBytes(9).toString('hex');
    it.codes.set(code, Object.fromEntries(asked));
    return code;
  };
  const redeem = async (form, authorization) => {
    const asked = it.codes.get(form.get('code'));
    it.codes.delete(form.get('code'));
    const pairs = `${client.id}:${encodeURIComponent(client.secret)}`;
    const proved = authorization === `Basic ${Buffer.from(pairs).toString('base64')}`;
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '');
    const right =
      proved &&
      asked?.redirect_uri === form.get('redirect_uri') &&
      asked?.code_challenge === challenge.digest('base64url');
    if (!right) return null;
    const now = Math.floor(Date.now() / 1000);
    it.redeemed = asked;
    const times = { iat: now, exp: now + 60, auth_time: now };
    const rest = { iss: it.origin, aud: client.id, nonce: asked.nonce, ...times };
    return it.token({ sub: 'x', ...rest, ...it.claims, ...it.change }, it.key);
  };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const bytes of request) body += bytes;
    const url = new URL(request.url, it.origin);
    it.asked.push(url.pathname);
    if (url.pathname.startsWith('/.well-known/')) return json(response, 200, describe());
    if (url.pathname === '/keys') return json(response, 200, { keys: [jwk] });
    if (url.pathname === '/authorize') {
      const back = new URL(url.searchParams.get('redirect_uri'));
      back.searchParams.set('state', url.searchParams.get('state'));
      back.searchParams.set('iss', it.origin);
      back.searchParams.set('code', grant(url.searchParams));
      return response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(`<a id="yes" href="${back.href.replaceAll('&', '&amp;')}">yes</a>`);
    }
    if (url.pathname === '/token') {
      const token = await redeem(new URLSearchParams(body), request.headers.authorization);
      if (!token) return json(response, 400, { error: 'invalid_grant' });
      return json(response, 200, { access_token: 'unused', token_type: 'Bearer', id_token: token });
    }
    return response.writeHead(url.pathname === '/favicon.ico' ? 204 : 404).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  it.origin = `http://127.0.0.1:${server.address().port}`;
  it.other = (await jose.generateKeyPair('ES256')).privateKey;
  it.close = () => {
    server.closeAllConnections();
    server.close();
  };
  return it;
}
