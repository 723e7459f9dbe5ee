import { html, useState } from '../../kernel/view.js';
import { del, get, put } from '../../kernel/http.js';
import { useChanges, useLive, useLoad } from '../../kernel/data.js';
import { asOf, href, navigate } from '../../kernel/router.js';
import { useSignal } from '../../kernel/signal.js';
import { number, t } from '../../kernel/text.js';
import { Badge, Button, confirm, Empty, Facts, Failure, FormDialog, Loaded, Page, Panel, Plot, Table, Time, toast, toastError, useForm, warn } from '../../ui/all.js';
import { History } from '../history/history.js';
import { DriftPanel } from './drift.js';
import { plotOf, samples, useHealth } from './health.js';
import { emptyServer, ServerFields, ServerState } from './parts.js';

export default function Server({ id }) {
  const one = useLive(({ signal }) => get(`/dns/servers/${id}`, {}, { signal }), [id], ['server']);
  const past = useSignal(asOf) !== '';
  const [editing, setEditing] = useState(false);
  const health = useHealth([Number(id)])[id];
  return html`<${Loaded} of=${one}>${(server) => html`<${Page} title=${server.host} crumbs=${[[t('shell.nav.servers'), '/servers']]}
      note=${html`<span class="mono">${server.ip}</span>`} actions=${!past && html`
        ${server.can_update && html`<${Button} icon="edit" onClick=${() => setEditing(true)}>${t('ui.edit')}<//>`}
        ${server.can_delete && html`<${Button} icon="trash" kind="danger" onClick=${() => remove(server)}>${t('ui.delete')}<//>`}`}>
    ${!past && html`<${Now} id=${id} health=${health} />`}
    <div class="columns"><div class="stack">${!past && html`<${FailedZones} id=${id} />`}<${DriftPanel} id=${id} past=${past} /><${Panel} title=${t('ui.history')} flush><${History} path=${`/v1/servers/${id}/history`} kinds=${['server']} name=${server.host} /><//></div>
      <${Panel} title=${t('ui.details')}><${Facts} of=${[[t('servers.env'), server.env], [t('servers.kind'), t(server.dns_server_type === 'master' ? 'servers.master' : 'servers.slave')],
        [t('servers.version'), health?.named?.version], [t('servers.upSince'), health?.named?.since && html`<${Time} value=${health.named.since} />`],
        [t('servers.zb_process'), server.zb_process_itemid], [t('servers.zb_port'), server.zb_port_itemid], [t('servers.zb_resolve'), server.zb_resolve_itemid], [t('servers.zb_rate'), server.zb_resolve_rate_itemid], ['id', server.id]]} /><//></div>
    ${editing && html`<${Edit} server=${server} onClose=${() => setEditing(false)} />`}<//>`}<//>`;
}

async function remove(server) {
  if (!(await confirm({ title: t('servers.deleteTitle', { name: server.host }), body: t('servers.deleteBody'), action: t('ui.delete'), danger: true }))) return;
  try {
    await del(`/dns/servers/${server.id}`);
    toast(t('ui.deleted', { name: server.host }));
    navigate('/servers');
  } catch (error) { toastError(error); }
}

function Now({ id, health }) {
  const seen = useSignal(samples).get(Number(id)) ?? [];
  if (!health) return html`<${Panel}><span class="dim">${t('ui.loading')}</span><//>`;
  const check = (value) => (value === null ? html`<span class="dim">${t('ui.unknown')}</span>` : html`<span class=${value ? 'live good' : 'live bad'}><i aria-hidden="true" />${t(value ? 'ui.yes' : 'ui.no')}</span>`);
  return html`<div class="tiles">
      <${Tile} name=${t('ui.state')}><${ServerState} health=${health} testid="live-state" /><//>
      <${Tile} name=${t('servers.process')}>${check(health.process)}<//><${Tile} name=${t('servers.port')}>${check(health.port)}<//><${Tile} name=${t('servers.resolve')}>${check(health.resolve)}<//>
      <${Tile} name=${t('servers.position')}>${health.applied_position === null ? '–' : `#${health.applied_position}`}<//>
      <${Tile} name=${t('servers.zones')}>${health.zones ? html`${number(health.zones.total)} ${health.zones.behind > 0 && html`<${Badge} kind="wait">${t('servers.behind', { n: health.zones.behind })}<//>`} ${health.zones.refused > 0 && html`<${Badge} kind="bad">${t('servers.refused', { n: health.zones.refused })}<//>`}` : '–'}<//>
    </div>
    ${health.error && html`<div class="failure" role="alert"><p>${health.error}</p></div>`}
    <div class="grid"><${Panel} title=${t('servers.rate')} note=${health.query_rate === null ? '' : `${number(health.query_rate, 1)}/s`}><${Plot} height=${130} label=${t('servers.rate')} data=${plotOf([seen], 1)} series=${[{ label: t('servers.rate'), color: '--plot-1', fill: '--plot-fill' }]} /><//>
      <${Panel} title=${t('servers.lag')} note=${health.lag === null ? '' : number(health.lag)}><${Plot} height=${130} label=${t('servers.lag')} data=${plotOf([seen], 2)} series=${[{ label: t('servers.lag'), color: '--plot-3' }]} /><//></div>`;
}

export const Tile = ({ name, children }) => html`<div class="tile"><span class="dim">${name}</span><span class="tile-value">${children}</span></div>`;

function FailedZones({ id }) {
  const failed = useLoad(({ signal }) => get(`/v1/servers/${id}/zones`, { state: 'failed' }, { signal, past: false }), [id]);
  useChanges(['zone', 'record', 'server'], failed.reload, { delay: 1500 });
  return html`<${Panel} title=${t('servers.failedZones')} flush><${Loaded} of=${failed} lines=${2}>${({ zones, more }) => html`
    <${Table} label=${t('servers.failedZones')} rows=${zones} rowKey=${(z) => `${z.zone_id}/${z.view_id}`} columns=${[
      { key: 'zone', title: t('servers.zone'), render: (z) => html`<a href=${href(`/zones/${z.zone_id}`)}>${z.zone}</a>` }, { key: 'view', title: t('servers.view') },
      { key: 'since', title: t('ui.since'), render: (z) => (z.since_position ? `#${z.since_position}` : '–') }, { key: 'error', title: t('ui.error'), class: 'wide bad-text' }]}
      empty=${!more && html`<${Empty} icon="check" title=${t('servers.noFailed')} />`} />${more && html`<p class="pager wait-text">${t('servers.moreFailed')}</p>`}`}<//><//>`;
}

function Edit({ server, onClose }) {
  const initial = Object.fromEntries(Object.keys(emptyServer).map((name) => [name, server[name] ?? '']));
  const form = useForm(initial, async (values) => {
    const reply = await put(`/dns/servers/${server.id}`, values);
    warn(reply);
    toast(t('ui.saved'));
    onClose();
  });
  return html`<${FormDialog} form=${form} title=${t('servers.edit', { name: server.host })} onClose=${onClose}><${ServerFields} form=${form} /><${Failure} error=${form.error} /><//>`;
}
