// Servers by views: what each server has proved to serve, and where it does not.
import { html } from '../../kernel/view.js';
import { href } from '../../kernel/router.js';
import { number, t } from '../../kernel/text.js';
import { Dot, Empty, Skeleton } from '../../ui/all.js';
import { stateOf } from '../servers/health.js';
import { ServerState } from '../servers/parts.js';

export function Matrix({ servers, views, health, failed, past }) {
  if (!servers || !views) return html`<${Skeleton} lines=${4} />`;
  if (servers.length === 0) return html`<${Empty} icon="servers" title=${t('servers.none')}>${t('servers.noneHint')}<//>`;
  const shown = views.slice(0, 12);
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label=${t('overview.matrix')}><table class="table matrix">
    <thead><tr><th scope="col">${t('overview.server')}</th>${!past && html`<th scope="col">${t('ui.state')}</th><th scope="col" class="end">${t('servers.position')}</th>`}
      ${shown.map((v) => html`<th scope="col" class="center" key=${v.id}><a href=${href('/views')}>${v.name}</a></th>`)}${views.length > shown.length && html`<th scope="col">+${views.length - shown.length}</th>`}</tr></thead>
    <tbody>${servers.map((s) => html`<tr key=${s.id}><th scope="row"><a href=${href(`/servers/${s.id}`)}>${s.host}</a> <span class="dim mono">${s.ip}</span></th>
      ${!past && html`<td><${ServerState} health=${health[s.id]} testid="live-state" /></td><td class="end mono">${health[s.id]?.applied_position ? `#${health[s.id].applied_position}` : '–'}${health[s.id]?.lag > 0 && html` <span class="wait-text">−${number(health[s.id].lag)}</span>`}</td>`}
      ${shown.map((v) => html`<${Cell} key=${v.id} state=${past ? null : stateOf(health[s.id])} count=${failed?.get(`${s.id}/${v.id}`) ?? 0} server=${s.host} view=${v.name} />`)}${views.length > shown.length && html`<td />`}</tr>`)}</tbody></table></div>`;
}

function Cell({ state, count, server, view }) {
  if (count > 0) return html`<td class="center bad-text" title=${t('overview.failedIn', { server, view, n: count })}><b>${number(count)}</b> ✕</td>`;
  const [kind, text] = { INSYNC: ['good', 'ui.state.INSYNC'], PENDING: ['wait', 'ui.state.PENDING'], FAILED: ['wait', 'ui.state.PENDING'], AWAY: ['bad', 'servers.away'] }[state] ?? ['', 'ui.unknown'];
  return html`<td class="center"><${Dot} kind=${kind} /><span class="unseen">${t(text)}</span></td>`;
}
