// What needs somebody: servers that fail or were changed by hand, zones that are not served, rollouts that were stopped, hosts that
// are away, tasks that failed.
import { html } from '../../kernel/view.js';
import { get } from '../../kernel/http.js';
import { useEvery, useLoad } from '../../kernel/data.js';
import { href } from '../../kernel/router.js';
import { mayCode } from '../../kernel/session.js';
import { t } from '../../kernel/text.js';
import { Icon } from '../../ui/all.js';
import { aboutDrift } from '../servers/drift.js';
import { stateOf } from '../servers/health.js';

// useFailedZones counts, by server and view, the zones that are not served; only servers that have some are asked.
export function useFailedZones(servers, health) {
  const troubled = (servers ?? []).filter((s) => health[s.id]?.zones?.refused > 0 || stateOf(health[s.id]) === 'FAILED').map((s) => s.id);
  return useLoad(async ({ signal }) => {
    const counts = new Map();
    await Promise.all(troubled.map(async (id) => {
      const { zones } = await get(`/v1/servers/${id}/zones`, { state: 'failed', limit: 1000 }, { signal, past: false });
      for (const z of zones) counts.set(`${id}/${z.view_id}`, (counts.get(`${id}/${z.view_id}`) ?? 0) + 1);
    }));
    return counts;
  }, [troubled.join()]).data;
}

// useHosts are the agents of machines, or undefined for who may not see them.
export function useHosts() {
  const loaded = useLoad(async ({ signal }) => {
    if (!mayCode(14)) return undefined;
    return (await get('/v1/agents', {}, { signal, past: false })).agents.filter((a) => a.kind === 'machine');
  }, []);
  useEvery(10000, loaded.reload);
  return loaded.data;
}

export function Needs({ servers, health, failed, hosts, tasks, drift, rollout }) {
  const needs = [];
  for (const s of servers ?? []) {
    const state = stateOf(health[s.id]);
    if (state === 'AWAY') needs.push([`/servers/${s.id}`, t('overview.need.away', { name: s.host }), '']);
    if (state === 'FAILED') needs.push([`/servers/${s.id}`, t('overview.need.server', { name: s.host }), health[s.id].error]);
  }
  const zones = [...(failed?.values() ?? [])].reduce((a, b) => a + b, 0);
  if (zones > 0) needs.push(['/servers', t('overview.need.zones', { n: zones }), '']);
  for (const d of drift) needs.push([`/servers/${d.id}`, t('overview.need.drift', { name: d.name, n: d.count }), aboutDrift(d.newest)]);
  if (rollout?.state === 'stopped' && Date.now() - new Date(rollout.ended) < 86400e3) needs.push(['/conf', t('overview.need.rollout', { n: rollout.position }), rollout.reason]);
  for (const h of (hosts ?? []).filter((one) => !one.online).slice(0, 3)) needs.push(['/machines', t('overview.need.host', { name: h.name }), '']);
  for (const h of (hosts ?? []).filter((one) => one.duplicate).slice(0, 3)) needs.push(['/machines', t('overview.need.duplicate', { name: h.name }), '']);
  for (const task of (tasks ?? []).filter((one) => one.bad).slice(0, 3)) needs.push([`/tasks/${task.task_id}`, t('overview.need.task', { name: `${task.action} ${task.target}` }), task.result]);
  if (needs.length === 0) return html`<p class="hint good" role="status"><${Icon} name="check" />${t('overview.allWell')}</p>`;
  return html`<section class="needs" aria-label=${t('overview.needs')}><h2><${Icon} name="warning" />${t('overview.needs')}</h2>
    <ul>${needs.map(([path, text, detail]) => html`<li key=${path + text}><a href=${href(path)}>${text}</a>${detail && html` <span class="soft">${detail}</span>`}</li>`)}</ul></section>`;
}
