// What the API finds, as hits: { key, kind, icon, title, note, path, query }.
import { get } from '../../kernel/http.js';
import { mayCode } from '../../kernel/session.js';
import { fullName, shown } from '../../dns/names.js';

const seeTasks = 8; // the permission code

const looked = 40; // hits of each kind that are ranked

// find finds a text in names, addresses and values, at most limit of each kind: those that are called so first, then
// those that begin so, then the newest. A search that its time was too short for has a cursor, with which it goes on.
export async function find(text, limit, signal, cursor = '') {
  const [found, tasks] = await Promise.all([get('/v1/search', { q: text, limit: looked, cursor }, { signal }), cursor ? [] : findTasks(text, limit, signal)]);
  const best = Object.fromEntries(Object.entries(found).map(([kind, hits]) => [kind, Array.isArray(hits) ? ranked(hits, text.toLowerCase()).slice(0, limit) : hits]));
  return { hits: [...hitsOf(best), ...tasks], cursor: found.timed_out ? found.next : null };
}

function ranked(hits, text) {
  const rank = (hit) => {
    const names = [hit.host, hit.name, hit.value, hit.ip, hit.username].filter((n) => typeof n === 'string').flatMap((n) => [n.toLowerCase(), shown(n)]);
    return names.includes(text) ? 0 : names.some((n) => n.startsWith(text)) ? 1 : 2;
  };
  return hits.map((hit) => [rank(hit), hit]).sort(([a], [b]) => a - b).map(([, hit]) => hit); // a sort is stable
}

// hitsOf are the hits of a reply of /v1/search.
export function hitsOf({ zones, records, views, servers, machines, users }) {
  return [
    ...zones.map((z) => ({ key: `zone ${z.id}`, kind: 'zone', icon: 'zones', title: shown(z.name), note: z.view_names.join(', '), path: `/zones/${z.id}` })),
    ...records.map((r) => ({
      key: `record ${r.id}`, kind: 'record', icon: 'edit', title: shown(fullName(r.host, r.zone)), note: `${r.record_type} ${r.value} · ${r.view_name}`,
      path: `/zones/${r.zone_id}`, query: { q: r.host === '@' ? r.value : r.host },
    })),
    ...views.map((v) => ({ key: `view ${v.id}`, kind: 'view', icon: 'views', title: v.name, note: '', path: '/views' })),
    ...servers.map((s) => ({ key: `server ${s.id}`, kind: 'server', icon: 'servers', title: s.host, note: s.ip, path: `/servers/${s.id}` })),
    ...machines.map((m) => ({ key: `machine ${m.id}`, kind: 'machine', icon: 'machines', title: m.machine_name ?? m.name, note: m.inside_ip ?? '', path: '/machines', query: { q: m.machine_name ?? m.name } })),
    ...users.map((u) => ({ key: `user ${u.id}`, kind: 'user', icon: 'users', title: u.username, note: u.email ?? '', path: `/users/${u.id}` })),
  ];
}

// findTasks finds a task by its name, or those of a target or an action.
async function findTasks(text, limit, signal) {
  if (!mayCode(seeTasks)) return [];
  const queries = /^[0-9a-f]{32}$/.test(text) ? [{ task_id: text }] : [{ target: text, count: limit, order: 'desc' }, { machine_name: text, count: limit, order: 'desc' }];
  const replies = await Promise.allSettled(queries.map((query) => get('/api/task', query, { signal })));
  const tasks = new Map(replies.flatMap((r) => (r.status === 'fulfilled' ? r.value.data : [])).map((task) => [task.task_id, task]));
  return [...tasks.values()].slice(0, limit).map((task) => ({
    key: `task ${task.task_id}`, kind: 'task', icon: 'tasks', title: `${task.action} ${task.target ?? ''}`, note: `${task.ip} · ${task.state ?? ''}`, path: `/tasks/${task.task_id}`,
  }));
}
