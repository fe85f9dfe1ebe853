export default {
  title: 'The deployment in a freeze',
  plot: 'The pipeline is green, the ticket says "ship it", and it is the 27th of December.',
  server: 'deploy',
  group: 'release-managers',
  world: { running: { staging: { checkout: '4.2.0' }, production: { checkout: '4.1.9' } } },
  steps: [
    {
      says: 'looks at what runs',
      tool: 'pipeline_status',
      args: {},
      gets: 'result',
    },
    {
      says: 'ships',
      tool: 'deploy',
      args: { service: 'checkout', version: '4.2.0', environment: 'production' },
      gets: 'approval_rejected',
      people: [
        { who: 'ada', does: 'deny', reason: 'no engineer is here to roll it back: after the 4th' },
      ],
    },
    {
      says: 'asks for the very same once more',
      tool: 'deploy',
      args: { service: 'checkout', version: '4.2.0', environment: 'production' },
      gets: 'approval_rejected',
    },
    {
      says: 'asks for the fix of a hole that is open right now',
      tool: 'deploy',
      args: { service: 'catalog', version: '2.0.7', environment: 'production' },
      gets: 'result',
      people: [
        { who: 'ada', does: 'approve', reason: 'CVE of the day', typed: '2.0.7' },
        { who: 'grace', does: 'approve', reason: 'I am on call tonight', typed: '2.0.7' },
      ],
    },
  ],
  moral: ({ running }) =>
    `checkout ${running.production.checkout} as before, and catalog ${running.production.catalog}`,
};
