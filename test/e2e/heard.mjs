// Who hears of things, as stand-ins on this machine: Slack's Web API, PagerDuty's Events API, a
// webhook, a mail server. Signatures are checked by programs of others, or as the other side's own
// page says.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { createServer as createSecure } from 'node:tls';
import path from 'node:path';
import { modules, sleep } from './world.mjs';

const from = createRequire(path.join(modules, 'here.js'));
const { Webhook } = from('standardwebhooks');

export async function until(found, what = 'it') {
  for (let i = 0; i < 500; ++i) {
    const one = await found();
    if (one) return one;
    await sleep(20);
  }
  throw new Error(`${what} never came`);
}

const listening = async (t, server) => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections?.();
    server.close();
  });
  return server.address().port;
};

// What was posted, each as `{url, headers, body, json}`; `answer` says what the next ones get.
export async function web(t, answer = () => ({ status: 200, body: '{"ok":true}' })) {
  const it = { posts: [], answer };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const bytes of request) body += bytes;
    const post = { url: request.url, headers: request.headers, body };
    try {
      post.json = JSON.parse(body);
    } catch {
      // Not everything is JSON.
    }
    it.posts.push(post);
    const { status, body: text, headers } = it.answer(post);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text ?? '');
  });
  it.port = await listening(t, server);
  it.url = `http://127.0.0.1:${it.port}/`;
  it.close = () => {
    server.closeAllConnections();
    server.close();
  };
  return it;
}

export const hookSecret = `whsec_${Buffer.from('the key of the webhook, 32 bytes').toString('base64')}`;
// Throws where the signature is none by the other implementation.
export const verified = (post, secret = hookSecret) =>
  new Webhook(secret).verify(post.body, post.headers);

export const slackSecret = '8f742231b10e8888abcd99yyyzzz85a5';
// A press of a button, signed as api.slack.com/docs/verifying-requests-from-slack has it.
export function pressed(action, value, { user = 'U0ADA', at = Date.now(), secret } = {}) {
  const payload = {
    type: 'block_actions',
    user: { id: user },
    channel: { id: 'C0HERE' },
    message: { ts: '1700000000.0001' },
    actions: [{ type: 'button', action_id: action, value }],
  };
  const body = `payload=${encodeURIComponent(JSON.stringify(payload))}`;
  const timestamp = String(Math.floor(at / 1000));
  const mac = createHmac('sha256', secret ?? slackSecret).update(`v0:${timestamp}:${body}`);
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${mac.digest('hex')}`,
  };
  return { method: 'POST', headers, body };
}

export const buttons = (post) =>
  post.json.blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []));

// A mail server with TLS from the first byte; what it was given is in `mails`.
export async function mailServer(t, dir) {
  const [key, cert] = ['mail.key', 'mail.pem'].map((name) => path.join(dir, name));
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', [...words, '-keyout', key, '-out', cert, '-days', '2', ...names], {
    stdio: 'ignore',
  });
  const it = { mails: [], cert };
  const server = createSecure({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
    const say = (line) => socket.write(`${line}\r\n`);
    const mail = { to: [] };
    let text = '';
    let data = null;
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      text += bytes;
      for (;;) {
        const end = text.indexOf('\r\n');
        if (end < 0) return;
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        if (data !== null) {
          if (line !== '.') {
            data += `${line.replace(/^\.\./, '.')}\r\n`;
            continue;
          }
          it.mails.push({ ...mail, data });
          data = null;
          say('250 taken');
          continue;
        }
        if (mail.asked) {
          mail.asked = false;
          mail.auth = Buffer.from(line, 'base64').toString();
          say('235 fine');
          continue;
        }
        const word = line.split(/[ :]/)[0].toUpperCase();
        if (word === 'EHLO') socket.write('250-localhost\r\n250 AUTH PLAIN\r\n');
        else if (word === 'AUTH') {
          mail.asked = true;
          say('334 ');
        } else if (word === 'MAIL') {
          mail.from = line;
          say('250 fine');
        } else if (word === 'RCPT') {
          mail.to.push(line);
          say('250 fine');
        } else if (word === 'DATA') {
          data = '';
          say('354 go on');
        } else if (word === 'QUIT') {
          say('221 bye');
          socket.end();
        } else say('250 fine');
      }
    });
    say('220 localhost');
  });
  it.port = await listening(t, server);
  return it;
}

// A mail as its reader shows it.
export function read(mail) {
  const [head, body] = mail.data.split('\r\n\r\n');
  const fields = head.replaceAll('\r\n ', ' ').split('\r\n');
  assert.ok(fields.every((line) => /^[\x20-\x7e]*$/.test(line)), 'headers are ASCII');
  return {
    names: fields.map((line) => line.slice(0, line.indexOf(':'))),
    fields: Object.fromEntries(fields.map((line) => line.split(/: (.*)/s))),
    text: Buffer.from(body.replaceAll('\r\n', ''), 'base64').toString(),
  };
}

export const secretFile = (dir, name, text) => {
  writeFileSync(path.join(dir, name), text, { mode: 0o600 });
  return `{file: ${path.join(dir, name)}}`;
};
