// docs/guide/gateway.md and docs/guide/first-steps.md, typed as they stand, in their order, with
// the clients that they name and servers from npm.
import assert from 'node:assert/strict';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { Client, Newcomer, assertShown, blocks, clients } from './typed.mjs';
import { modules, sleep } from './world.mjs';

const freePort = () =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
const until = async (found, what) => {
  for (let i = 0; i < 600; ++i) {
    const value = await found();
    if (value) return value;
    await sleep(50);
  }
  throw new Error(`${what} never came`);
};

// The blocks of a page, each of which has to be taken once, in its order.
class Page {
  constructor(file, ...headings) {
    this.file = file;
    this.blocks = blocks(file, ...headings);
    this.at = 0;
  }
  next(words, lang = 'sh') {
    const block = this.blocks[this.at++];
    assert.ok(block, `${this.file} ends before ${words}`);
    assert.equal(block.lang, lang, block.text);
    assert.ok(block.text.includes(words), `${this.file}: not ${words} but\n${block.text}`);
    return block;
  }
  whole() {
    assert.equal(this.at, this.blocks.length, `${this.file} has more than was typed`);
  }
}

// Where other programs of this machine may be, and dates that the page can only show.
function placed(text, ports) {
  const soon = new Date(Date.now() + 5 * 86400_000).toISOString().slice(0, 10);
  return text
    .replaceAll('43101', ports.server)
    .replaceAll('8080', ports.gateway)
    .replaceAll('2026-12-01', soon);
}

test('docs/guide/gateway.md works to the letter', async (t) => {
  const one = new Newcomer();
  t.after(() => one.end());
  const ports = { server: await freePort(), gateway: await freePort() };
  const words = (text) => placed(text, ports);
  const page = new Page('docs/guide/gateway.md');
  const config = words(page.next('listen:', 'yaml').text);
  one.write('pawl.yaml', config);
  await one.type(page.next('notes.secret'));
  const server = one.shell(words(page.next('server-everything').text));
  server.stdout.resume();
  await until(() => /listening/.test(server.text), 'the server');

  await one.type(page.next('pawl init'), { words });
  const accepting = page.next('pawl accept');
  await one.type(accepting, { words, says: 'y\n'.repeat(40), tty: true });
  const serving = page.next('pawl serve');
  const gateway = one.shell(`exec ${serving.text}`);
  await until(() => gateway.text.includes('serving at'), 'the gateway');
  assertShown(gateway.text, words(serving.shown), serving.text);
  await one.type(page.next('get-sum'), { words });
  // The inspector ends with 5 where a tool reports an error.
  await one.type(page.next('b=4100'), { words, status: 5 });

  // What a client's setting names is where the role is.
  const settings = clients('docs/guide/gateway.md').map(({ setting }) => words(setting));
  assert.ok(settings.length >= 3);
  for (const setting of settings) {
    const [url] = /http:\/\/[^"`\s]+/.exec(setting);
    assert.equal(url, `http://127.0.0.1:${ports.gateway}/mcp/notes-agent`);
    if (/^`{/.test(setting)) JSON.parse(setting.slice(1, -1));
  }
  assert.ok((await listed(new URL(words('http://127.0.0.1:8080/mcp/notes-agent')))).length > 10);

  // The fragments of the deployment file take the place of its roles.
  const roles = async (block) => {
    const others = config.replace(/^roles:\n(?: .*\n)+/m, '');
    one.write('pawl.yaml', others + words(block.text) + people(one));
    const before = gateway.text.length;
    gateway.kill('SIGHUP');
    await until(() => /was read again/.test(gateway.text.slice(before)), 'the file');
  };
  await roles(page.next('observe:', 'yaml'));
  await one.type(page.next('--observe'), { words, says: 'y\n', tty: true });
  await one.type(page.next('pawl observe report'), { words });
  await one.type(page.next('mkdir -p next'));
  await roles(page.next('candidate:', 'yaml'));
  await one.type(page.next('pawl diff --live'));
  await one.type(page.next('--deployment'), { says: 'y\n', tty: true });
  page.whole();
});

// What `pawl reviewers add` wrote into the deployment file.
const people = (one) => /^people:\n(?: .*\n)+/m.exec(one.read('pawl.yaml'))?.[0] ?? '';

async function listed(url) {
  const sdk = path.join(modules, '@modelcontextprotocol/sdk/dist/esm/client');
  const { Client: Sdk } = await import(`${sdk}/index.js`);
  const { StreamableHTTPClientTransport } = await import(`${sdk}/streamableHttp.js`);
  const client = new Sdk({ name: 'newcomer', version: '1' }, { capabilities: {} });
  await client.connect(new StreamableHTTPClientTransport(url));
  const { tools } = await client.listTools();
  await client.close();
  return tools;
}

test('docs/guide/first-steps.md works to the letter', async (t) => {
  const one = new Newcomer();
  t.after(() => one.end());
  // The tour has the folder of that name.
  const words = (text) => text.replaceAll('/tmp/pawl-example', path.join(one.home, 'example'));
  const page = new Page('docs/guide/first-steps.md');
  await one.type(page.next('mkdir'), { words });
  await one.type(page.next('pawl init'), { words });
  await one.type(page.next('pawl check'), { words });
  await one.type(page.next('pawl describe'), { words, status: 1 });
  one.write('policy.test.yaml', words(page.next('tests:', 'yaml').text));
  await one.type(page.next('pawl test'), { words });
  await one.type(page.next('pawl reviewers add'), { words });
  const directories = page.next('directories:', 'yaml');
  const client = page.next('inspector');
  await one.type(client, { words, status: 5 });
  page.whole();
  // With the directory in the deployment file no `--policy` is needed, from within it.
  const own = directories.text
    .replace('/home/ada/policies/policy.yaml', path.join(one.at, 'policy.yaml'))
    .replace('~/src/project', one.at);
  const file = path.join(one.home, '.config/pawl/pawl.yaml');
  one.write(file, own + people({ read: () => one.read(file) }));
  const command = words(client.text).replace(/^[^]*? -- \\?\n?/, '').replace(/--policy \S+/, '');
  const setting = new Client(one, command);
  await setting.open();
  const { result } = await setting.call('read_text_file', { path: '/etc/passwd' });
  assert.equal(result._meta['pawl/decision'].code, 'constraint');
});

// README's table: each client's own form of the same command.
test('every setting of README starts a session that denies', async (t) => {
  const one = new Newcomer('examples');
  t.after(() => one.end());
  one.env.PAWL_POLICY = path.join(one.at, 'examples/filesystem/policy.yaml');
  one.env.GITHUB_TOKEN = 'x';
  const settings = clients('README.md');
  assert.deepEqual(
    settings.map(({ client }) => client.split(/,| /)[0]),
    ['Claude', 'Cursor', 'VS', 'Codex'],
  );
  for (const { client, setting } of settings) {
    const words = commandOf(setting);
    const command = words
      .map((word) => word.replace('SERVER', '@modelcontextprotocol/server-filesystem'))
      .concat(one.home);
    const session = new Client(one, command.map((word) => `'${word}'`).join(' '));
    await session.open();
    const { result } = await session.call('read_text_file', { path: '/etc/passwd' });
    const said = `${client}: ${session.child.text}`;
    assert.equal(result?._meta['pawl/decision'].code, 'constraint', said);
    session.child.stdin.end();
  }
});

// The program and its arguments, from the form that a client has for them.
function commandOf(setting) {
  const [, text] = /^`(.*?)`(?: with (.*))?$/.exec(setting) ?? [];
  if (text.startsWith('{')) {
    const { mcpServers, servers } = JSON.parse(text);
    const { command, args } = Object.values(mcpServers ?? servers)[0];
    return [command, ...args];
  }
  if (text.startsWith('[')) {
    const [, command] = /command = "([^"]+)"/.exec(setting);
    return [command, ...JSON.parse(/args = (\[.*?\])/.exec(setting)[1])];
  }
  const words = text.split(' ');
  return words.slice(words.indexOf('--') + 1);
}
