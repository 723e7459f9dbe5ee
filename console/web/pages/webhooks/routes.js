export default [{ path: '/webhooks', load: () => import('./list.js'), nav: 'webhooks', texts: ['webhooks', 'credentials'] }];
