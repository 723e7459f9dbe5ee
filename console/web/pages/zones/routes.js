export default [
  { path: '/zones', nav: 'zones', load: () => import('./zones.js'), texts: ['zones'] },
  { path: '/zones/:id', nav: 'zones', load: () => import('./zone.js'), texts: ['zones', 'time'] },
];
