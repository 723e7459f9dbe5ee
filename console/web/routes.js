// All pages, by area. A route is
//   { path, load, texts, nav, needs }
// path has :names, load imports the module whose default is the page, texts are the areas of its texts, nav is the entry of
// the navigation that it belongs to, and needs says whether it is offered to who is logged in.
import overview from './pages/overview/routes.js';
import zones from './pages/zones/routes.js';
import search from './pages/search/routes.js';
import servers from './pages/servers/routes.js';
import views from './pages/views/routes.js';
import conf from './pages/conf/routes.js';
import tasks from './pages/tasks/routes.js';
import audit from './pages/audit/routes.js';
import access from './pages/access/routes.js';
import credentials from './pages/credentials/routes.js';
import webhooks from './pages/webhooks/routes.js';
import api from './pages/api/routes.js';

export const routes = [overview, zones, search, servers, views, conf, tasks, audit, access, credentials, webhooks, api].flat();

// navigation is the order of the entries, in groups. An entry without a page is not shown.
export const navigation = [
  ['', ['overview']],
  ['dns', ['zones', 'views', 'servers', 'conf']],
  ['hosts', ['tasks', 'machines', 'logins']],
  ['log', ['audit', 'proof']],
  ['access', ['users', 'roles', 'privileges', 'credentials', 'webhooks', 'api']],
];
