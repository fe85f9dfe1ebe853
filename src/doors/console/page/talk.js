// What is said about a question without answering it: what reviewers ask its agent and what the
// agent says, which is marked as its own; and passing it on to another person.
import { badge, h, moment } from './dom.js';
import { act, session } from './api.js';

const unseen = 'has invisible characters; they are written as escapes';
const reasonMax = 1000; // as the node takes it, in bytes; longer is refused there

// "for bob, passed on by ada because she is away"
export function passedOn(q) {
  if (!q.passed_to) return null;
  const because = q.passed_because ? ` because ${q.passed_because}` : '';
  return `for ${q.passed_to}, passed on by ${q.passed_by}${because}`;
}

// Who started the run may be the first pair of eyes, and never the second.
export function placeOfSponsor(q) {
  if (q.quorum < 2 && !q.apart) return null;
  return q.sponsor
    ? `${q.sponsor} started the run: never the only one, and never the second`
    : 'the run has no known sponsor, so no reviewer is known to be another person';
}

function remark(each) {
  if (!each.agent) {
    const asks = h('p', { class: 'what' }, h('strong', {}, `${each.person} asks: `), each.text);
    return h('li', {}, moment(each.at), asks);
  }
  return h(
    'li',
    {},
    moment(each.at),
    h(
      'div',
      { class: 'what' },
      h('p', { class: 'flag' }, 'the agent says (not verified):'),
      each.missing
        ? h('p', { class: 'flag' }, `⚠ ${each.missing}`)
        : h('p', { class: 'agent-says' }, each.text),
      each.hidden ? h('p', { class: 'flag' }, `⚠ ${unseen}`) : null,
    ),
  );
}

// Nothing where no one asked.
export function talk(q) {
  if (!q.talk?.length) return null;
  return h(
    'section',
    { class: 'talk', 'aria-label': 'asked and said' },
    h('h2', {}, 'Asked'),
    q.agent_asked
      ? h('p', {}, badge('waits', 'warn'), ' the agent has not answered that yet')
      : null,
    h('ol', { class: 'remarks' }, q.talk.map(remark)),
  );
}

// A form in the place of the buttons. `send` does it; `over(text)` when it was done.
function form({ label, fields, button, send, over, back }) {
  const said = h('p', { class: 'said', role: 'alert' });
  const main = h('button', { class: 'main' }, button);
  return h(
    'form',
    {
      class: 'talking',
      'aria-label': label,
      onsubmit: async (submit) => {
        submit.preventDefault();
        said.textContent = '';
        main.disabled = true;
        try {
          over(await send());
        } catch (error) {
          said.textContent = error.message;
        }
        main.disabled = false;
      },
    },
    fields,
    h('div', { class: 'row' }, main, h('button', { type: 'button', onclick: back }, 'Leave it')),
    said,
  );
}

const field = (id, label, input) =>
  h('div', { class: 'field' }, h('label', { for: id }, label), input);

// Asking the agent: the question stays open, with its time and its arguments.
export function asking(q, { over, back }) {
  const text = h('textarea', {
    id: 'ask-text',
    rows: 3,
    maxlength: reasonMax,
    required: true,
    spellcheck: false,
  });
  return form({
    label: 'ask the agent',
    fields: [
      field('ask-text', 'What the agent is asked', text),
      h(
        'p',
        { class: 'note' },
        'It reads this at once if it waits, and else when it calls again. The approval request ' +
          'stays open, with its time. What it says will stand here as its own words.',
      ),
    ],
    button: 'Ask it',
    send: async () => {
      await act({ kind: 'ask', approval: q.approval, text: text.value });
      return 'The agent is asked. The approval request stays open, with its time.';
    },
    over,
    back,
  });
}

// Those to whom it can be passed on, without who is signed in.
export function takersOf(q) {
  const others = (names) => names.filter((name) => name !== session.person);
  const persons = (q.takers ?? []).filter((each) => !each.of && each.name !== session.person);
  const groups = (q.takers ?? []).filter((each) => each.of && others(each.of).length > 0);
  return [
    ...persons.map(({ name }) => ({ name, shown: name })),
    ...groups.map(({ name, of }) => ({ name, shown: `${name} (${others(of).join(', ')})` })),
  ];
}

export function passing(q, { over, back }) {
  const takers = takersOf(q);
  const to = h(
    'select',
    { id: 'pass-to', required: true },
    takers.map(({ name, shown }) => h('option', { value: name }, shown)),
  );
  const why = h('input', { id: 'pass-why', autocomplete: 'off', maxlength: reasonMax });
  return form({
    label: 'pass on',
    fields: [
      h(
        'div',
        { class: 'row end' },
        field('pass-to', 'Who should look at it', to),
        h(
          'div',
          { class: 'field wide-field' },
          h('label', { for: 'pass-why' }, 'Why (they read it)'),
          why,
        ),
      ),
      h('p', { class: 'note' }, 'They are told. Its other reviewers can still answer it.'),
    ],
    button: 'Pass on',
    send: async () => {
      await act({ kind: 'pass', approval: q.approval, reason: why.value, to: to.value });
      return `Passed on to ${to.value}. Its other reviewers can still answer it.`;
    },
    over,
    back,
  });
}
