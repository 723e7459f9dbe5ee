export default [{ path: '/api', load: () => import('./api.js'), nav: 'api', texts: ['api'] }];
