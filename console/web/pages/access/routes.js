import { isAdmin } from '../../kernel/session.js';

export default [
  { path: '/users', load: () => import('./users.js'), nav: 'users', texts: ['access'], needs: isAdmin },
  { path: '/users/:id', load: () => import('./user.js'), nav: 'users', texts: ['access', 'history', 'audit', 'events'], needs: isAdmin },
  { path: '/roles', load: () => import('./roles.js'), nav: 'roles', texts: ['access'], needs: isAdmin },
  { path: '/roles/:id', load: () => import('./role.js'), nav: 'roles', texts: ['access', 'history', 'audit', 'events'], needs: isAdmin },
  { path: '/privileges', load: () => import('./privileges.js'), nav: 'privileges', texts: ['access'], needs: isAdmin },
  { path: '/account', load: () => import('./account.js'), texts: ['access', 'history'] },
];
