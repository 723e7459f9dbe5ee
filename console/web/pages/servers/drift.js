// Drift: what a server had otherwise than the log says, by nothing that the log has asked for, and what becomes of it.
import { html, useState } from '../../kernel/view.js';
import { get, put, request } from '../../kernel/http.js';
import { useLive } from '../../kernel/data.js';
import { href } from '../../kernel/router.js';
import { isAdmin } from '../../kernel/session.js';
import { t } from '../../kernel/text.js';
import { Badge, Button, Empty, Failure, FormDialog, Loaded, Panel, Select, Time, toast, useForm, warn } from '../../ui/all.js';

const shown = 20;
const day = 86400 * 1000;
const kinds = { repaired: 'good', adopted: 'accent', reported: 'bad' };

// useRecentDrift are the findings of the last day by server: [{ id, name, count, newest }].
export function useRecentDrift() {
  const { data } = useLive(({ signal }) => get('/v1/drift', { limit: 200 }, { signal, past: false }), [], ['server', 'zone']);
  const byServer = new Map();
  for (const found of data?.drift ?? []) {
    if (Date.now() - new Date(found.time) > day) break;
    const of = byServer.get(found.server_id) ?? { id: found.server_id, name: found.server, count: 0, newest: found };
    byServer.set(found.server_id, { ...of, count: of.count + 1 });
  }
  return [...byServer.values()];
}

// aboutDrift says what a finding is about, and what was done: "records of example.org in office: repaired".
export const aboutDrift = (found) => `${t(`servers.what.${found.what}`)}${found.zone ? ` · ${found.zone}` : ''}${found.view ? ` · ${found.view}` : ''} · ${t(`servers.done.${found.done}`)}`;

export function DriftPanel({ id, past }) {
  const list = useLive(({ signal }) => get('/v1/drift', { server_id: id, limit: shown }, { signal }), [id], ['server', 'zone']);
  return html`<${Panel} title=${t('servers.drift')} flush actions=${isAdmin() && !past && html`<${OnDrift} id=${id} />`}>
    <${Loaded} of=${list} lines=${2}>${({ drift, next }) => (drift.length === 0 ? html`<${Empty} icon="check" title=${t('servers.noDrift')} />`
      : html`<ol class="feed">${drift.map((found) => html`<${Finding} key=${found.position} found=${found} />`)}</ol>${next && html`<p class="pager dim">${t('servers.olderDrift')}</p>`}`)}<//><//>`;
}

function Finding({ found }) {
  const zone = found.zone_id ? html`<a href=${href(`/zones/${found.zone_id}`)}>${found.zone}</a>` : found.zone;
  return html`<li data-testid="drift-row"><div class="line"><span class="grow cut"><b>${t(`servers.what.${found.what}`)}</b> ${zone} ${found.view && html`<span class="chip">${found.view}</span>`}${found.zones > 1 && html` <span class="dim">${t('servers.driftZones', { n: found.zones })}</span>`}</span>
      <${Badge} kind=${kinds[found.done]}>${t(`servers.done.${found.done}`)}<//></div>
    ${(found.expected || found.found) && html`<div class="diff" tabindex="0" role="region" aria-label=${t('servers.driftDifference')}>${lines(found.expected, 'minus', '−')}${lines(found.found, 'plus', '+')}</div>`}
    ${found.reason && html`<span class="wait-text">${found.reason}</span>`}
    <span class="dim small-line"><${Time} value=${found.time} /> · #${found.position}${found.by && ` · ${found.by}`}${found.adopted > 0 && ` · ${t('servers.driftAdopted', { n: found.adopted })}`}</span></li>`;
}

const lines = (text, kind, sign) => text.split('\n').filter(Boolean).map((line, i) => html`<div key=${kind + i} class=${kind}>${`${sign} ${line}`}</div>`);

// OnDrift shows and changes what becomes of drift on the server.
function OnDrift({ id }) {
  const loaded = useLive(({ signal }) => request('GET', `/v1/servers/${id}/settings`, { signal }), [id], ['server']);
  const [editing, edit] = useState(null); // the settings that are changed, as they were read
  if (!loaded.data) return null;
  return html`<${Button} small icon="edit" data-testid="on-drift" onClick=${() => edit(loaded.data)}>${t('servers.onDriftIs', { mode: t(`servers.mode.${loaded.data.data.on_drift}`) })}<//>
    ${editing && html`<${Edit} id=${id} settings=${editing} onClose=${() => edit(null)} />`}`;
}

function Edit({ id, settings, onClose }) {
  const form = useForm({ on_drift: settings.data.on_drift }, async (values) => {
    const reply = await put(`/v1/servers/${id}/settings`, values, { headers: { 'If-Match': settings.etag } });
    warn(reply);
    toast(t('ui.saved'));
    onClose();
  });
  return html`<${FormDialog} form=${form} title=${t('servers.onDrift')} onClose=${onClose}>
    <${Select} label=${t('servers.onDrift')} hint=${t(`servers.modeHint.${form.values.on_drift}`)} data-testid="drift-mode" options=${['repair', 'adopt', 'report'].map((mode) => [mode, t(`servers.mode.${mode}`)])} ...${form.at('on_drift')} />
    <${Failure} error=${form.error} /><//>`;
}
