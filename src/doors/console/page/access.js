// What an agent asks people for: the use of a tool for a while. Shown as that, not as a call with
// arguments; what the agent gives as its reason stands last, as its own words.
import { badge, h } from './dom.js';

const mark = 'pawl:access:';

// The tool that is asked for, with its server; null where a question is about a call.
export function wantedTool(q) {
  const at = q.tool.indexOf(mark);
  if (at !== 0 && (at < 0 || q.tool.indexOf('/') + 1 !== at)) return null;
  return q.tool.slice(0, at) + q.tool.slice(at + mark.length);
}

// What a question is about, in a line.
export function titleOf(q) {
  const wanted = wantedTool(q);
  return q.wants ?? (wanted === null ? q.tool : `access to ${wanted}`);
}

// The same as a sentence: "ops-bot wants to edit app.conf".
export function sentenceOf(q) {
  const title = titleOf(q);
  if (!q.wants) return title;
  return `${q.agent} wants ${wantedTool(q) === null ? 'to ' : ''}${title}`;
}

// A word about how grave it is. What is asked for counts, not the asking.
export function kindOf(q) {
  if (wantedTool(q) !== null) return badge('access for a while', 'danger');
  const grave = q.class.startsWith('irreversible');
  return badge(q.class || 'class not known', grave ? 'danger' : '');
}

const counted = (count, one) => `${count} ${one}${count === '1' ? '' : 's'}`;
const row = (name, value) => [h('dt', {}, name), h('dd', {}, value)];

// `argument` shows one of them whole, with its flags.
export function accessWanted(q, argument) {
  const given = new Map((q.display ?? []).map((each) => [each.name, each]));
  const text = (name) => given.get(name)?.text;
  const most = 'as its line in the policy says';
  const rest = (q.display ?? []).filter(
    ({ name }) => !['minutes', 'calls', 'why'].includes(name),
  );
  return [
    h('h2', {}, 'What would be granted'),
    h(
      'dl',
      { class: 'facts' },
      row('tool', h('code', {}, wantedTool(q))),
      row('for how long', text('minutes') ? counted(text('minutes'), 'minute') : most),
      row('how often', text('calls') ? `at most ${counted(text('calls'), 'call')}` : most),
      row('to', `run ${q.run} of ${q.agent}, and nothing else`),
    ),
    h(
      'p',
      { class: 'note' },
      'A grant stands for an entry of the policy for this tool, and for nothing else. Every call ' +
        'is still judged by itself, and what cannot be undone waits for a person.',
    ),
    rest.length > 0
      ? [h('h3', {}, 'Every call would have exactly this'), rest.map((each) => argument(each))]
      : h('p', {}, 'No argument is fixed: all that its line permits.'),
  ];
}

// The reason that the agent gives; the caller puts it last.
export function accessReason(q, flags) {
  const why = (q.display ?? []).find(({ name }) => name === 'why');
  if (!why) return null;
  return h(
    'section',
    {},
    h('h2', {}, 'The agent says (not verified)'),
    h('p', { class: 'agent-says' }, why.text),
    flags(why),
  );
}
