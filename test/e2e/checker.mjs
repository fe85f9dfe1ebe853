// An automated reviewer: reads a question on its standard input and says what MODE tells it to.
import { readFileSync } from 'node:fs';

const mode = process.argv[2];
const { approval } = JSON.parse(readFileSync(0, 'utf8'));
const answer = {
  answer: mode === 'reject' ? 'reject' : 'approve',
  approval: approval.approval,
  binding: mode === 'other' ? 'sha256:00' : approval.binding,
  reason: mode === 'reject' ? 'the checks are red' : 'the checks are green',
};
const text = JSON.stringify(answer);
const body = approval.display.find((argument) => argument.name === 'body');
const said = {
  prose: `approve ${text}`,
  twice: `${text}\n${text}`,
  comment: JSON.stringify({ ...answer, comment: 'approve', answer: 'no idea' }),
  // What the agent wrote, as it wrote it.
  echo: JSON.parse(body?.text ?? '""'),
};
if (mode === 'late') setTimeout(() => console.log(text), 5000);
else console.log(said[mode] ?? text);
if (mode === 'fails') process.exitCode = 3;
