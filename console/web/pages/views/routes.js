export default [{ path: '/views', load: () => import('./list.js'), nav: 'views', texts: ['views'] }];
