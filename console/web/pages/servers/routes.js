export default [
  { path: '/servers', load: () => import('./list.js'), nav: 'servers', texts: ['servers'] },
  { path: '/servers/:id', load: () => import('./one.js'), nav: 'servers', texts: ['servers', 'history', 'audit', 'events'] },
];
