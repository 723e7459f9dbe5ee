// Where a zone is live: each server, in each view.
import { html, useEffect, useState } from '../../kernel/view.js';
import { get } from '../../kernel/http.js';
import { number, t } from '../../kernel/text.js';
import { href } from '../../kernel/router.js';
import { useChanges, useEvery } from '../../kernel/data.js';
import { Table } from '../../ui/table.js';
import { Empty, LiveState, Time } from '../../ui/state.js';

// useZoneServers is a row for each server and view, null until it is known.
function useZoneServers(zone, views) {
  const [rows, set] = useState(null);
  const load = async () => {
    const lists = await Promise.all(views.map(async (view) => (await get(`/v1/zones/${zone}/servers`, { view }, { past: false })).servers.map((s) => ({ ...s, view, id: `${view} ${s.server_id}` }))));
    set(lists.flat());
  };
  const quietly = () => load().catch(() => {}); // asked again soon
  useEffect(() => { quietly(); }, [zone, views.join()]);
  useChanges(['zone', 'record'], quietly, { delay: 300 });
  useEvery(5000, quietly);
  return rows;
}

const worst = (rows) => (rows.some((r) => r.state === 'FAILED') ? 'FAILED' : rows.some((r) => r.state === 'PENDING') ? 'PENDING' : 'INSYNC');

// ZoneState says in one word how far the servers are with the zone.
export function ZoneState({ zone, views, onOpen }) {
  const rows = useZoneServers(zone, views);
  if (!rows || rows.length === 0) return null;
  const done = rows.filter((r) => r.state === 'INSYNC').length;
  return html`<button type="button" class="button quiet" onClick=${onOpen} title=${t('zones.tabs.servers')}><${LiveState} state=${worst(rows)} testid="zone-state" /><span class="dim">${number(done)}/${number(rows.length)}</span></button>`;
}

export function ServersTab({ zone, views }) {
  const rows = useZoneServers(zone, views);
  const columns = [
    { key: 'server', title: t('zones.server'), class: 'wide', render: (r) => html`<a href=${href(`/servers/${r.server_id}`)}>${r.server}</a>` },
    { key: 'view', title: t('zones.view_name'), render: (r) => html`<span class="chip">${r.view}</span>` },
    { key: 'state', title: t('zones.state'), render: (r) => html`<${LiveState} state=${r.state} title=${r.error} testid="server-state" />` },
    { key: 'serial', title: t('zones.serial'), align: 'right', class: 'mono', render: (r) => r.serial ?? '–' },
    { key: 'position', title: t('zones.position'), align: 'right', class: 'mono', render: (r) => r.position },
    { key: 'since', title: t('zones.since'), render: (r) => html`<${Time} value=${r.since} />` },
    { key: 'error', title: t('zones.error'), render: (r) => html`<span class="wrong">${r.error}</span>` },
  ];
  return html`<${Table} label=${t('zones.tabs.servers')} columns=${columns} rows=${rows} empty=${html`<${Empty} icon="servers" title=${t('zones.noServers')} />`} />`;
}
