export default [{ path: '/', load: () => import('./overview.js'), nav: 'overview', texts: ['overview', 'servers', 'conf'] }];
