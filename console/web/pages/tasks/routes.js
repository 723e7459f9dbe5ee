// Pages of tasks, machines and logins.
import { mayCode } from '../../kernel/session.js';

const texts = ['tasks', 'machines', 'history', 'audit', 'events'];

export default [
  { path: '/tasks', nav: 'tasks', texts, needs: () => mayCode(8), load: () => import('./tasks.js') },
  { path: '/tasks/:id', nav: 'tasks', texts, needs: () => mayCode(8), load: () => import('./task.js') },
  { path: '/machines', nav: 'machines', texts, needs: () => mayCode(14), load: () => import('./machines.js') },
  { path: '/machines/:name', nav: 'machines', texts, needs: () => mayCode(14), load: () => import('./machine.js') },
  { path: '/logins', nav: 'logins', texts, needs: () => mayCode(16), load: () => import('./logins.js') },
];
