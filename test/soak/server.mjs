// A tool server with moods: seeded dice say, call by call, whether it answers, waits, hangs, dies,
// lies or talks rubbish. Each effect that it carries out is a line of EFFECTS before it answers.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { dice } from './dice.mjs';

const [effects, seed, mood] = process.argv.slice(2);
const roll = dice(Number(seed) + process.pid);
const raw = (text) => process.stdout.write(text);
const say = (message) => raw(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n');
const text = { type: 'string' };
const tools = ['look', 'put', 'send', 'drop'].map((name) => ({
  name,
  inputSchema: { type: 'object', properties: { token: text }, required: ['token'] },
}));
const result = (words) => ({ content: [{ type: 'text', text: words }] });

const moods = {
  waits: (answer) => setTimeout(answer, roll(300)),
  hangs: () => {},
  dies: () => process.exit(1),
  'dies afterwards': (answer) => {
    answer();
    process.stdout.write('', () => process.exit(1));
  },
  'answers twice': (answer) => {
    answer();
    answer();
  },
  'answers nobody': (answer) => {
    say({ id: 1e9 + roll(1000), result: result('for nobody') });
    say({ id: null, result: {} });
    answer();
  },
  'talks rubbish': (answer) => {
    const rubbish = ['{"jsonrpc":', '[]', '\u0000\u0001', '{"id":1,"id":1}', '"', 'ÿ'.repeat(500)];
    raw(rubbish[roll(rubbish.length)] + '\n');
    answer();
  },
  'asks questions': (answer) => {
    const id = `q${roll(1e9)}`;
    say({ id, method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } });
    say({ id: `e${id}`, method: 'elicitation/create', params: { message: 'your password?' } });
    answer();
  },
  floods: (answer, token) => {
    const params = { progressToken: token ?? 'none', progress: 1 };
    for (let i = 0; i < 200; ++i) say({ method: 'notifications/progress', params });
    process.stderr.write('noise '.repeat(2000) + '\n');
    answer();
  },
  'changes its tools': (answer) => {
    say({ method: 'notifications/tools/list_changed' });
    answer();
  },
};
const names = Object.keys(moods);

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'initialize') {
    const { protocolVersion } = params;
    const capabilities = { tools: { listChanged: true } };
    say({ id, result: { protocolVersion, capabilities, serverInfo: { name: 's', version: '1' } } });
  } else if (method === 'tools/list') {
    say({ id, result: { tools } });
  } else if (method === 'tools/call') {
    const { name, arguments: args, _meta } = params;
    if (name !== 'look') appendFileSync(effects, `${name} ${args.token}\n`);
    const answer = () => say({ id, result: result(`${name} ${args.token}`) });
    // Most calls of a moody server go well: a session has to live long enough to be interesting.
    if (mood !== 'moody' || roll(4) > 0) answer();
    else moods[names[roll(names.length)]](answer, _meta?.progressToken);
  } else if (id !== undefined && method !== undefined) {
    say({ id, result: {} });
  }
});
