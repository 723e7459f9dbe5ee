export default [{ path: '/search', load: () => import('./results.js'), texts: ['search', 'zones'] }];
