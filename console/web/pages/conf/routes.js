import { mayEditConf } from '../../kernel/session.js';

export default [{ path: '/conf', load: () => import('./conf.js'), nav: 'conf', texts: ['conf'], needs: mayEditConf }];
