// One call, one text: messages that two readers would read differently reach no server, and leave a
// client that is still usable. The list of bypasses that other gateways had is among them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { start, usable } from './tester.mjs';

const bypass = {
  'P01 two spellings of one argument':
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"send_customer_email","arguments":{"to":"a@myco.example","To":"b@evil.example"}}}',
  'P02 long s':
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"update_order_status","arguments":{"status":"ok","\\u017ftatus":"x"}}}',
  'twin member of params':
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_customer_record","Name":"read_customer_record","arguments":{}}}',
  'twin method':
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","Method":"ping","params":{"name":"delete_customer_record","arguments":{}}}',
  'twin params':
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_customer_record"},"Params":{"name":"read_customer_record"}}',
  'twin arguments':
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_big","arguments":{"bytes":1},"Arguments":{"bytes":99999}}}',
  'number out of range':
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_big","arguments":{"bytes":1e400}}}',
  'blank behind the name':
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_customer_record ","arguments":{}}}',
  'upper case':
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"DELETE_CUSTOMER_RECORD","arguments":{}}}',
  'name is not text':
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":1,"arguments":{}}}',
  'arguments are no object':
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_big","arguments":[]}}',
  'lone surrogate':
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_big","arguments":{"bytes":"\\ud800"}}}',
};
for (const [name, line] of Object.entries(bypass)) {
  test(`one call, one text: ${name}`, async (t) => {
    const [w, client] = await start(t);
    const answer = await client.raw(1, line);
    assert.ok(answer.error || answer.result.isError, JSON.stringify(answer));
    assert.equal(w.calls().length, 0);
    await usable(client);
  });
}

test('batches, notifications of calls and lines that are no JSON reach no server', async (t) => {
  const [w, client] = await start(t);
  client.line(
    '[{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"read_customer_record","arguments":{}}}]',
  );
  client.line(
    '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"read_customer_record","arguments":{}}}',
  );
  client.line('not json');
  client.line(
    '{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"read_customer_record","arguments":{}}',
  );
  await usable(client);
  assert.equal(w.calls().length, 1);
});

