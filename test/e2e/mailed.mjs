// A mail server that begins in plain text and goes on encrypted after STARTTLS, as one on port 587
// does, with a certificate of a CA that only the test knows. What came in plain text and what came
// encrypted are kept apart.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { TLSSocket, createSecureContext } from 'node:tls';

// A CA and a certificate of it for `name`: the files of both.
export function authority(dir, { name = 'localhost', called = 'ca' } = {}) {
  const file = (end) => path.join(dir, `${called}.${end}`);
  const openssl = (...words) => execFileSync('openssl', words, { stdio: 'ignore' });
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...fresh, '-keyout', file('ca.key'), '-out', file('pem'),
    '-days', '2', '-subj', '/CN=a CA of a test');
  openssl('req', ...fresh, '-keyout', file('key'), '-out', file('csr'), '-subj', `/CN=${name}`);
  writeFileSync(file('ext'), `subjectAltName=DNS:${name}\n`);
  openssl('x509', '-req', '-in', file('csr'), '-CA', file('pem'), '-CAkey', file('ca.key'),
    '-CAcreateserial', '-days', '2', '-extfile', file('ext'), '-out', file('crt'));
  return { ca: file('pem'), key: file('key'), cert: file('crt') };
}

// `manner`: what it does otherwise than it should: `offers` (whether it says STARTTLS), `answers`
// (what it says to STARTTLS).
export async function submission(t, { key, cert }, manner = {}) {
  const it = { mails: [], plain: '', encrypted: '', connections: 0 };
  const { offers = true, answers = '220 go\r\n' } = manner;

  const talk = (socket, secure) => {
    const say = (line) => socket.write(`${line}\r\n`);
    const mail = {};
    let text = '';
    let data = null;
    const command = (line) => {
      const word = line.split(/[ :]/)[0].toUpperCase();
      if (mail.asked) {
        mail.asked = false;
        mail.auth = Buffer.from(line, 'base64').toString();
        return say('235 fine');
      }
      if (word === 'EHLO') {
        const tls = !secure && offers ? '250-STARTTLS\r\n' : '';
        return socket.write(`250-localhost\r\n${tls}250 AUTH PLAIN\r\n`);
      }
      if (word === 'STARTTLS') {
        socket.write(answers);
        if (!answers.startsWith('220')) return undefined;
        socket.removeAllListeners('data');
        const [own, chain] = [readFileSync(key), readFileSync(cert)];
        const secureContext = createSecureContext({ key: own, cert: chain });
        const inside = new TLSSocket(socket, { isServer: true, secureContext });
        inside.on('error', () => {});
        return talk(inside, true);
      }
      if (word === 'AUTH') {
        mail.asked = true;
        return say('334 ');
      }
      if (word === 'MAIL') mail.from = line;
      if (word === 'RCPT') mail.to = line;
      if (word === 'DATA') {
        data = '';
        return say('354 go on');
      }
      if (word === 'QUIT') {
        say('221 bye');
        return socket.end();
      }
      return say('250 fine');
    };
    socket.on('data', (bytes) => {
      it[secure ? 'encrypted' : 'plain'] += bytes;
      text += bytes;
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        if (data === null) command(line);
        else if (line === '.') {
          it.mails.push({ ...mail, data });
          data = null;
          say('250 taken');
        } else data += `${line.replace(/^\.\./, '.')}\r\n`;
      }
    });
  };

  const server = createServer((socket) => {
    it.connections++;
    socket.on('error', () => {});
    talk(socket, false);
    socket.write('220 localhost\r\n');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  it.port = server.address().port;
  return it;
}
