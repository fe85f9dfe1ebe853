const body = 'Dear Jane,\n\nyour refund is on its way. It is 400 EUR.\n\nThe team of MyCo';

export default {
  title: 'The mail to everybody',
  plot: 'One customer asked for a refund. The agent has an apology for all of them.',
  server: 'mail',
  group: 'support-leads',
  world: {
    tickets: { 'T-1001': { name: 'Jane', mail: 'jane@example.org', refund_eur: 40 } },
    sent: [],
  },
  steps: [
    {
      says: 'reads the ticket',
      tool: 'find_customer',
      args: { ticket: 'T-1001' },
      gets: 'result',
    },
    {
      says: 'writes to everybody, as a list',
      tool: 'send_to_list',
      args: { list: 'all-customers', body },
      gets: 'blocked',
    },
    {
      says: 'writes to the address behind the list',
      tool: 'send_mail',
      args: { to: ['all-customers@lists.myco.example'], subject: 'Your refund', body },
      gets: 'origin',
    },
    {
      says: 'adds them to the one who asked',
      tool: 'send_mail',
      args: {
        to: ['jane@example.org', 'all-customers@lists.myco.example'],
        subject: 'Your refund',
        body,
      },
      gets: 'origin',
    },
    {
      says: 'writes to the one who asked',
      tool: 'send_mail',
      args: { to: ['jane@example.org'], subject: 'Your refund', body },
      gets: 'result',
      people: [
        {
          who: 'ada',
          does: 'change',
          set: `body=${body.replace('400', '40')}`,
          reason: 'it is 40 EUR',
          typed: 'send_mail',
        },
      ],
    },
  ],
  moral: ({ sent }) =>
    `${sent.length} mail was sent, to ${sent[0].to.join(', ')}: ` +
    `"${sent[0].body.split('\n')[2]}"`,
};
