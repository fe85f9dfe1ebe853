// An issuer of tokens as the tests need one: discovery, a key set, and a token endpoint that gives
// machines tokens for the resource that they name. What it is asked is in `asked`.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { modules } from './world.mjs';

const need = createRequire(path.join(modules, 'x.js'));
export const jose = await import(need.resolve('jose'));

export async function issuer(t, algorithms = ['ES256', 'RS256', 'EdDSA']) {
  const keys = {};
  const set = [];
  for (const alg of algorithms) {
    const pair = await jose.generateKeyPair(alg, { extractable: true });
    keys[alg] = pair.privateKey;
    const jwk = await jose.exportJWK(pair.publicKey);
    set.push({ ...jwk, kid: `key-${alg}`, alg, use: 'sig' });
  }
  const it = { keys, set, asked: [], pages: {} };
  // `header` and `claims` replace what an honest token has; undefined takes it away.
  it.token = (claims = {}, header = {}) => {
    const alg = header.alg ?? algorithms[0];
    const now = Math.floor(Date.now() / 1000);
    const all = { iss: it.origin, sub: 'svc-tester', iat: now, exp: now + 300, ...claims };
    const head = { alg, kid: `key-${alg}`, typ: 'at+jwt', ...header };
    const signer = new jose.SignJWT(JSON.parse(JSON.stringify(all)));
    return signer.setProtectedHeader(head).sign(header.key ?? keys[alg]);
  };
  const json = (response, status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const bytes of request) body += bytes;
    it.asked.push({ path: request.url, body });
    const page = it.pages[request.url];
    if (page) return page(response);
    if (request.url === '/.well-known/openid-configuration')
      return json(response, 200, {
        issuer: it.origin,
        jwks_uri: `${it.origin}/keys`,
        authorization_endpoint: `${it.origin}/authorize`,
        token_endpoint: `${it.origin}/token`,
        response_types_supported: ['code'],
        grant_types_supported: ['client_credentials'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: algorithms,
        token_endpoint_auth_methods_supported: ['client_secret_basic'],
      });
    if (request.url === '/keys') return json(response, 200, { keys: set });
    if (request.url === '/token') {
      const asked = new URLSearchParams(body);
      const scope = asked.get('scope') ?? undefined;
      const token = await it.token({ aud: asked.get('resource') ?? undefined, scope });
      return json(response, 200, { access_token: token, token_type: 'Bearer', expires_in: 300 });
    }
    return json(response, 404, {});
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  it.origin = `http://127.0.0.1:${server.address().port}`;
  it.close = () => {
    server.closeAllConnections();
    server.close();
  };
  t.after(it.close);
  return it;
}
