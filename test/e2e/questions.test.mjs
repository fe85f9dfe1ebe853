// What a server asks its client, and what it says without being asked: forms, addresses, sampling,
// roots, log lines, subscriptions, changed lists, progress and cancellation, with and without pawl.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEqual, both, call, fails, kits } from './twice.mjs';
import { sleep } from './world.mjs';

const everything = { server: 'server-everything', args: ['stdio'] };
// In the order of our canonical spelling: the server prints the answer as it arrives.
const filled = {
  birthdate: '1815-12-10',
  check: true,
  email: 'ada@example.org',
  integer: 7,
  name: 'Ada \u00e9 "quoted"',
  number: 2.5,
};
const heard = (method) => [
  `hears ${method}`,
  async (_, session) => {
    for (let i = 0; i < 3000; ++i) {
      if (session.heard.some((notice) => notice.method === method)) return {};
      await sleep(20);
    }
    throw new Error(`${method} never came`);
  },
];

// The server asks for roots by a timer of its own and then says so.
const roots = heard('notifications/message');

for (const kit of kits) {
  test(`server-everything asks ${kit.name} the same questions`, async (t) => {
    const url = 'https://example.org/sign-in';
    const [direct, gated] = await both(t, {
      ...everything,
      kit,
      asked: true,
      elicit: (params) =>
        params.mode === 'url' ? { action: 'accept' } : { action: 'accept', content: filled },
      steps: [
        roots,
        call('trigger-sampling-request', { prompt: 'say something', maxTokens: 20 }),
        call('get-roots-list', {}),
        call('trigger-elicitation-request', {}),
        call('trigger-url-elicitation', { url, message: 'look', elicitationId: 'e-1' }),
      ],
    });
    assertEqual(direct, gated);
    assert.deepEqual(fails(direct.said), []);
    for (const method of ['sampling/createMessage', 'roots/list', 'elicitation/create']) {
      assert.ok(
        direct.asked.some((request) => request.method === method),
        method,
      );
    }
    assert.match(JSON.stringify(direct.said), /1815-12-10/);
    assert.ok(gated.asked.some((request) => request.params?.url === url));
  });
}

for (const action of ['decline', 'cancel']) {
  test(`a form that a person answers with ${action}`, async (t) => {
    const [direct, gated] = await both(t, {
      ...everything,
      asked: true,
      elicit: { action },
      steps: [roots, call('trigger-elicitation-request', {}), call('echo', { message: 'after' })],
    });
    assertEqual(direct, gated);
    assert.ok(direct.asked.some((request) => request.method === 'elicitation/create'));
  });
}

test('log lines, subscriptions and changed lists are heard alike', async (t) => {
  const uri = 'demo://resource/dynamic/text/1';
  const [direct, gated] = await both(t, {
    ...everything,
    steps: [
      ['logging/setLevel', (client) => client.setLoggingLevel('debug')],
      ['resources/subscribe', (client) => client.subscribeResource({ uri })],
      heard('notifications/message'),
      call('toggle-subscriber-updates', {}),
      heard('notifications/resources/updated'),
      call('toggle-subscriber-updates', {}),
      ['resources/unsubscribe', (client) => client.unsubscribeResource({ uri })],
      call('gzip-file-as-resource', {
        name: 'made.gz',
        data: 'data:text/plain,hello',
        outputType: 'resourceLink',
      }),
      heard('notifications/resources/list_changed'),
      ['resources/list', (client) => client.listResources()],
      [
        'resources/read made.gz',
        (client) => client.readResource({ uri: 'demo://resource/session/made.gz' }),
      ],
    ],
  });
  assert.deepEqual(fails(direct.said), []);
  for (const said of [direct, gated]) assert.ok(said.heard.length >= 3, JSON.stringify(said.heard));
  assertEqual(direct, gated);
});

test('a cancelled call ends alike, and leaves a client that can be used', async (t) => {
  const steps = [
    [
      'cancelled',
      (_, session) => {
        const stop = new AbortController();
        setTimeout(() => stop.abort('enough'), 150);
        return session.call(
          'trigger-long-running-operation',
          { duration: 30, steps: 3 },
          { signal: stop.signal },
        );
      },
    ],
    call('echo', { message: 'after' }),
  ];
  const [direct, gated] = await both(t, { ...everything, steps });
  assertEqual(direct, gated);
  assert.deepEqual(fails(direct.said), ['cancelled']);
});
