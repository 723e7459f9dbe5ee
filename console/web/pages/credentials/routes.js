export default [{ path: '/credentials', load: () => import('./list.js'), nav: 'credentials', texts: ['credentials'] }];
