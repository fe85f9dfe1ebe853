// What one approval may be good for besides its call, where the policy offers that. The first
// choice is the call alone, and another one cannot be chosen by accident.
import { h, left } from './dom.js';

const option = (value, text) => h('option', { value }, text);

export function reaches(question) {
  const { identical = 0, run_ms: lasts = 0 } = question.wider ?? {};
  if (!identical && !lasts) return null;
  const counts = [2, 5, 10, 50, 100].filter((count) => count < identical);
  if (identical > 1) counts.push(identical);
  return h(
    'select',
    { id: 'reach' },
    option('', 'this call only'),
    counts.map((count) => option(`${count}`, `${count} identical calls of this run`)),
    lasts ? option('run', `calls like it of this run, for ${left(lasts)}`) : null,
  );
}

export function reachOf(select) {
  if (!select?.value) return {};
  return select.value === 'run' ? { for_run: true } : { identical: Number(select.value) };
}
