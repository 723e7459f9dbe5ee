// What one looks at first: how the name servers are, what is on its way, and what needs somebody.
import { html } from '../../kernel/view.js';
import { get } from '../../kernel/http.js';
import { useLive } from '../../kernel/data.js';
import { asOf, href } from '../../kernel/router.js';
import { useSignal } from '../../kernel/signal.js';
import { mayCode } from '../../kernel/session.js';
import { number, t } from '../../kernel/text.js';
import { Empty, Page, Panel, Plot } from '../../ui/all.js';
import { plotOf, samples, stateOf, useHealth } from '../servers/health.js';
import { Changes } from './changes.js';
import { Matrix } from './matrix.js';
import { Needs, useFailedZones, useHosts } from './needs.js';
import { Tasks, useTasks } from './tasks.js';
import { RolloutPanel, useRollout } from '../conf/rollout.js';
import { useRecentDrift } from '../servers/drift.js';

export default function Overview() {
  const past = useSignal(asOf) !== '';
  const servers = useLive(({ signal }) => get('/dns/servers', { pageSize: 1000 }, { signal }), [], ['server']).data?.servers;
  const views = useLive(({ signal }) => get('/dns/views', { pageSize: 1000 }, { signal }), [], ['view']).data?.views;
  const zones = useLive(({ signal }) => get('/dns/zones', { pageSize: 1 }, { signal }), [], ['zone']).data?.total;
  const health = useHealth((servers ?? []).map((s) => s.id));
  const failed = useFailedZones(servers, health);
  const hosts = useHosts();
  const tasks = useTasks();
  const rollout = useRollout().data;
  const drift = useRecentDrift();
  return html`<${Page} title=${t('shell.nav.overview')}>
    <${Tiles} servers=${servers} health=${health} zones=${zones} tasks=${tasks} hosts=${hosts} past=${past} />
    ${!past && html`<${Needs} servers=${servers} health=${health} failed=${failed} hosts=${hosts} tasks=${tasks} drift=${drift} rollout=${rollout} />`}
    ${rollout?.state === 'running' && !past && html`<${RolloutPanel} rollout=${rollout} may />`}
    <div class="columns">
      <div class="stack"><${Panel} title=${t('overview.matrix')} flush><${Matrix} servers=${servers} views=${views} health=${health} failed=${failed} past=${past} /><//>
        ${!past && servers?.length > 0 && html`<${Lines} servers=${servers} />`}</div>
      <div class="stack">${!past && html`<${Panel} title=${t('overview.changes')} flush><${Changes} /><//>`}
        ${mayCode(8) && html`<${Panel} title=${t('overview.tasks')} flush><${Tasks} tasks=${tasks} /><//>`}</div>
    </div><//>`;
}

function Tiles({ servers, health, zones, tasks, hosts, past }) {
  const known = Object.values(health);
  const live = (servers ?? []).filter((s) => stateOf(health[s.id]) === 'INSYNC').length;
  const rate = known.reduce((sum, h) => sum + (h.query_rate ?? 0), 0);
  const lag = Math.max(0, ...known.map((h) => h.lag ?? 0));
  const tiles = [
    [t('overview.liveServers'), servers && (past ? number(servers.length) : `${live} / ${servers.length}`), '/servers'],
    [t('overview.zones'), zones !== undefined && number(zones), '/zones'],
    ...(past ? [] : [[t('overview.rate'), `${number(rate, 1)}/s`], [t('overview.lag'), number(lag)]]),
    ...(mayCode(14) && hosts && !past ? [[t('overview.hosts'), `${hosts.filter((h) => h.online).length} / ${hosts.length}`, '/machines']] : []),
    ...(mayCode(8) && tasks && !past ? [[t('overview.running'), number(tasks.filter((task) => task.open).length), '/tasks']] : []),
  ];
  return html`<div class="tiles">${tiles.map(([name, value, path]) => html`<div class="tile" key=${name}><span class="dim">${name}</span>
    <span class="tile-value big">${path ? html`<a href=${href(path)}>${value === false || value === undefined ? '–' : value}</a>` : value}</span></div>`)}</div>`;
}

// Lines are the rate and the lag of the servers with most of it: more lines than six nobody reads.
function Lines({ servers }) {
  const seen = useSignal(samples);
  const colors = ['--plot-1', '--plot-2', '--plot-3', '--dim', '--good-dot', '--wait-dot'];
  const shown = servers.filter((s) => seen.get(s.id)).slice(0, 6);
  if (shown.length === 0) return html`<${Panel}><${Empty} icon="overview" title=${t('overview.noSamples')} /><//>`;
  const series = shown.map((s, i) => ({ label: s.host, color: colors[i] }));
  const lists = shown.map((s) => seen.get(s.id));
  const legend = html`<span class="legend">${series.map((s) => html`<span key=${s.label}><i class=${`key ${s.color.slice(2)}`} aria-hidden="true" />${s.label}</span>`)}</span>`;
  return html`<div class="grid"><${Panel} title=${t('servers.rate')} actions=${legend}><${Plot} height=${140} label=${t('servers.rate')} data=${plotOf(lists, 1)} series=${series} /><//>
    <${Panel} title=${t('servers.lag')}><${Plot} height=${140} label=${t('servers.lag')} data=${plotOf(lists, 2)} series=${series} /><//></div>`;
}
