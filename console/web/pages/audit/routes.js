// Pages of the log: what happened, and the proof of it.
const texts = ['audit', 'events', 'proof'];

export default [
  { path: '/audit', nav: 'audit', texts, load: () => import('./audit.js') },
  { path: '/proof', nav: 'proof', texts, load: () => import('./proof/page.js') },
];
