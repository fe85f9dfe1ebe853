// Stand-ins for those who issue secrets: Vault, an authorization server, GitHub, AWS STS. Each says
// no to a client that does not prove itself as the real one demands; signatures are checked with
// what npm has for that (jose, aws4) and not with anything of ours.
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import path from 'node:path';
import { modules } from './world.mjs';

const aws4 = (await import(path.join(modules, 'aws4/aws4.js'))).default;
const jose = await import(path.join(modules, 'jose/dist/webapi/index.js'));

export const app = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const pem = app.privateKey.export({ type: 'pkcs8', format: 'pem' });
export const planted = (name) => `zq-${name}-${randomBytes(9).toString('hex')}`;

// `answer(request, body, issued)` gives [status, body] or [status, body, headers]. `asked` are the
// requests that came, `issued` the secrets that were given out.
async function stand(t, answer) {
  const own = { asked: [], issued: [] };
  const issue = (name, shape = (value) => value) => {
    own.issued.push(shape(planted(name)));
    return own.issued.at(-1);
  };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (bytes) => (body += bytes));
    request.on('end', async () => {
      own.asked.push({ method: request.method, url: request.url, headers: request.headers, body });
      const [status, said, headers = {}] = await answer(request, body, issue, own);
      response.writeHead(status, headers);
      response.end(typeof said === 'string' ? said : JSON.stringify(said));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  own.url = `http://127.0.0.1:${server.address().port}`;
  return own;
}

// `tokens` opens it, `secret_id` logs in; the secret has one version more each time it is `rotate`d.
export async function vault(t, { token, secret_id }) {
  let version = 0;
  const logins = new Set();
  const own = await stand(t, ({ method, url, headers }, body, issue) => {
    if (method === 'POST' && url === '/v1/auth/approle/login') {
      const said = JSON.parse(body);
      if (said.role_id !== 'role-1' || said.secret_id !== secret_id) return [400, { errors: [] }];
      logins.add(issue('vault-login'));
      return [200, { auth: { client_token: [...logins].at(-1), lease_duration: 3600 } }];
    }
    const known = headers['x-vault-token'] === token || logins.has(headers['x-vault-token']);
    if (!known || headers['x-vault-request'] !== 'true') return [403, { errors: ['denied'] }];
    if (method !== 'GET' || url !== '/v1/kv/data/agents/crm') return [404, { errors: [] }];
    version += 1;
    const data = { crm_token: issue('kv'), other: 'x' };
    return [200, { data: { data, metadata: { version, destroyed: false } } }];
  });
  own.revoke = () => logins.clear();
  return own;
}

// RFC 6749 and RFC 8693, with a client that says who it is as `auth` wants. `lasts`: seconds.
export function authorization(t, { secret, subject, lasts = 3600, delay = 0 }) {
  return stand(t, async ({ method, url, headers }, body, issue, own) => {
    if (own.away) return [307, '', { location: own.away }];
    const form = new URLSearchParams(body);
    const basic = `Basic ${Buffer.from(`pawl:${encodeURIComponent(secret)}`).toString('base64')}`;
    const proved = headers.authorization === basic || form.get('client_secret') === secret;
    if (method !== 'POST' || url !== '/token') return [404, {}];
    if (!proved) return [401, { error: 'invalid_client', error_description: form.toString() }];
    if (form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:token-exchange') {
      const right =
        form.get('subject_token') === subject &&
        form.get('subject_token_type') === 'urn:ietf:params:oauth:token-type:jwt';
      if (!right) return [400, { error: 'invalid_request' }];
    } else if (form.get('grant_type') !== 'client_credentials') {
      return [400, { error: 'unsupported_grant_type' }];
    }
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    const token = { access_token: issue('oauth'), token_type: 'Bearer', expires_in: lasts };
    return [200, { ...token, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }];
  });
}

export function github(t) {
  return stand(t, async ({ method, url, headers }, body, issue, own) => {
    if (method !== 'POST' || url !== '/app/installations/34/access_tokens') return [404, {}];
    if (!headers['user-agent'] || headers.accept !== 'application/vnd.github+json') return [403, {}];
    try {
      const proof = headers.authorization.replace('Bearer ', '');
      const options = { algorithms: ['RS256'], issuer: '12', maxTokenAge: '10m' };
      const { payload } = await jose.jwtVerify(proof, app.publicKey, options);
      if (payload.exp - payload.iat > 600) throw new Error('too long');
    } catch (error) {
      own.refused = error;
      return [401, { message: 'A JSON web token could not be decoded' }];
    }
    own.wanted = JSON.parse(body);
    const expires_at = new Date(Date.now() + 3600_000).toISOString();
    return [201, { token: issue('ghs'), expires_at }];
  });
}

const element = (name, value) => `<${name}>${value}</${name}>`;
export function sts(t, { access, secret }) {
  return stand(t, ({ method, url, headers }, body, issue, own) => {
    const date = headers['x-amz-date'] ?? '';
    // aws4 signs what came as its owner would have: the same headers at the same second.
    const signed = aws4.sign(
      {
        method,
        path: url,
        host: headers.host,
        service: 'sts',
        region: 'eu-west-1',
        body,
        headers: { 'Content-Type': headers['content-type'], 'X-Amz-Date': date, Host: headers.host },
        doNotModifyHeaders: true,
      },
      { accessKeyId: access, secretAccessKey: secret },
    );
    const parts = (text) => text.replace(/^.*SignedHeaders/, 'SignedHeaders');
    own.expected = signed.headers.Authorization;
    const near = Math.abs(Date.now() - Date.parse(date.replace(
      /(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'))) < 300_000;
    if (!near || parts(own.expected) !== parts(headers.authorization ?? '')) {
      return [403, element('Error', element('Code', 'SignatureDoesNotMatch'))];
    }
    own.wanted = Object.fromEntries(new URLSearchParams(body));
    const credentials =
      element('AccessKeyId', issue('AKID', (value) => value.replaceAll('-', ''))) +
      element('SecretAccessKey', issue('aws-secret')) +
      element('SessionToken', issue('aws-session', (value) => `${value}//+=`)) +
      element('Expiration', new Date(Date.now() + 900_000).toISOString());
    const user = element('AssumedRoleUser', element('Arn', 'arn:aws:sts::1:assumed-role/a/pawl'));
    const result = element('Credentials', credentials) + user;
    return [200, element('AssumeRoleResponse', element('AssumeRoleResult', result))];
  });
}

// An authorization server where a person logs in at once: metadata, registration, a browser that is
// sent back, codes and refresh tokens that serve once (a second use takes everything back).
export async function login(t, { lasts = 3600 } = {}) {
  const clients = new Set();
  const codes = new Map();
  const live = new Set();
  const json = { 'content-type': 'application/json' };
  const own = await stand(t, ({ method, url, headers }, body, issue) => {
    const here = `http://${headers.host}`;
    const at = new URL(url, here);
    if (at.pathname === '/.well-known/oauth-authorization-server') {
      const said = {
        issuer: own.issuer ?? here,
        authorization_endpoint: `${here}/authorize`,
        token_endpoint: own.token_url ?? `${here}/token`,
        registration_endpoint: `${here}/register`,
        code_challenge_methods_supported: own.methods ?? ['S256'],
        authorization_response_iss_parameter_supported: true,
      };
      return [200, said, json];
    }
    if (at.pathname === '/register') {
      const wanted = JSON.parse(body);
      own.registered = wanted;
      clients.add(`client-${clients.size}`);
      return [201, { ...wanted, client_id: [...clients].at(-1) }, json];
    }
    if (at.pathname === '/authorize') {
      const asked = Object.fromEntries(at.searchParams);
      own.authorized = asked;
      const good =
        clients.has(asked.client_id) &&
        own.registered.redirect_uris.includes(asked.redirect_uri) &&
        asked.code_challenge_method === 'S256' &&
        asked.response_type === 'code';
      if (!good) return [400, 'no'];
      const code = issue('code');
      codes.set(code, asked);
      const back = new URL(asked.redirect_uri);
      back.search = new URLSearchParams({ code, state: asked.state, iss: own.iss ?? here });
      return [302, '', { location: String(back) }];
    }
    if (method !== 'POST' || at.pathname !== '/token') return [404, {}];
    const form = Object.fromEntries(new URLSearchParams(body));
    if (form.grant_type === 'authorization_code') {
      const asked = codes.get(form.code);
      codes.delete(form.code);
      const proof = createHash('sha256').update(form.code_verifier ?? '').digest('base64url');
      const good =
        asked &&
        proof === asked.code_challenge &&
        form.redirect_uri === asked.redirect_uri &&
        form.client_id === asked.client_id &&
        form.resource === asked.resource;
      if (!good) return [400, { error: 'invalid_grant' }];
    } else {
      if (form.grant_type !== 'refresh_token' || !live.delete(form.refresh_token)) {
        live.clear();
        return [400, { error: 'invalid_grant' }];
      }
    }
    const refresh_token = issue('refresh');
    live.add(refresh_token);
    const access_token = issue('access');
    return [200, { access_token, refresh_token, token_type: 'Bearer', expires_in: lasts }, json];
  });
  return own;
}
