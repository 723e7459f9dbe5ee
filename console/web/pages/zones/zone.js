// One zone: its records, where they are live, what happened to it, its settings.
import { html, useState } from '../../kernel/view.js';
import { useSignal } from '../../kernel/signal.js';
import { get } from '../../kernel/http.js';
import { t } from '../../kernel/text.js';
import { asOf, navigate, setQuery, useQuery } from '../../kernel/router.js';
import { useLive } from '../../kernel/data.js';
import { Page } from '../../ui/page.js';
import { Menu } from '../../ui/menu.js';
import { Tabs } from '../../ui/tabs.js';
import { Badge, Empty, Loaded } from '../../ui/state.js';
import { Button } from '../../ui/button.js';
import { shown } from '../../dns/names.js';
import { knowZones } from '../../changes/names.js';
import { RecordsTab } from './records/records.js';
import { ImportDialog, useDrop } from './import.js';
import { ImportProgress } from './staged.js';
import { HistoryTab } from '../time/history.js';
import { CompareTab } from '../time/compare.js';
import { ServersTab, ZoneState } from './servers.js';
import { SettingsTab } from './settings.js';
import { ZoneForm } from './form.js';
import { viewsOf } from './store.js';
import { exportMenu } from './export.js';
import { remove } from './zones.js';

export default function ZonePage({ id }) {
  const zone = useLive(({ signal }) => get(`/dns/zones/${id}`, {}, { signal }), [id], ['zone', 'view']);
  if (zone.error?.status === 404) return html`<${NoZone} id=${id} />`;
  return html`<${Loaded} of=${zone}>${(data) => html`<${Shown} zone=${data} />`}<//>`;
}

// NoZone is shown where there is none, which may be so at this moment alone.
const NoZone = () => html`<${Empty} icon="zones" title=${t('zones.noZone')} action=${html`<${Button} onClick=${() => navigate('/zones', { tab: 'deleted', as_of: '' })}>${t('zones.deleted')}<//>`}>${t('zones.noZoneHint')}<//>`;

function Shown({ zone }) {
  const moment = useSignal(asOf);
  const { tab = 'records' } = useQuery();
  const [importing, setImporting] = useState(null); // the text or file that is imported, null for none
  const [staged, setStaged] = useState(null); // the id of an import that goes on by itself
  const [renaming, setRenaming] = useState(false);
  const views = viewsOf(zone), name = shown(zone.name);
  const served = zone.zone_group !== 0 && zone.zone_type === 'master';
  const mayEdit = !moment && zone.can_update;
  const drop = useDrop(mayEdit ? setImporting : null);
  knowZones([zone]);

  const tabs = [['records', t('zones.tabs.records')], ['history', t('zones.tabs.history')], ['compare', t('zones.tabs.compare')]];
  if (served && !moment) tabs.push(['servers', t('zones.tabs.servers')]);
  if (zone.zone_group !== 0) tabs.push(['settings', t('zones.tabs.settings')]);
  const at = tabs.some(([known]) => known === tab) ? tab : 'records';
  const items = [
    ...(served ? exportMenu(zone, views, moment) : []),
    ...(mayEdit ? [{ text: t('zones.import'), icon: 'upload', run: () => setImporting('') }, { text: t('zones.changeZone', { zone: name }), icon: 'edit', run: () => setRenaming(true) }] : []),
    ...(!moment && zone.can_delete ? [null, { text: t('zones.deleteZone', { zone: name }), icon: 'trash', danger: true, run: () => remove(zone, () => navigate('/zones')) }] : []),
  ];
  const actions = html`
    ${served && !moment && html`<${ZoneState} zone=${zone.id} views=${views} onOpen=${() => setQuery({ tab: 'servers' })} />`}
    ${items.length > 0 && html`<${Menu} icon="more" label=${t('zones.more')} items=${items} testid="zone-menu" />`}`;
  const note = html`
    ${name !== zone.name && html`<span class="dim mono">${zone.name}</span> `}
    ${zone.zone_group !== 1 && html`<${Badge}>${t(`zones.groups.${zone.zone_group}`)}<//> `}
    ${zone.zone_type !== 'master' && html`<${Badge} kind="accent">${t('zones.forward')}<//> `}
    ${views.map((v) => html`<span key=${v} class="chip">${v}</span>`)}`;
  return html`
    <${Page} title=${name} crumbs=${[[t('zones.zones'), '/zones']]} actions=${actions} note=${note} full class="zone-page">
      <div class=${drop.over ? 'zone-drop over' : 'zone-drop'} ...${drop.handlers}>
        ${staged !== null && html`<${ImportProgress} id=${staged} onEnd=${() => setStaged(null)} />`}
        <${Tabs} tabs=${tabs} at=${at} onTab=${(to) => setQuery({ tab: to === 'records' ? '' : to })} label=${name}>
          ${at === 'records' && (zone.zone_type === 'master'
    ? html`<${RecordsTab} key=${`${zone.id} ${moment}`} zone=${zone} views=${views.length > 0 ? views : ['default']} moment=${moment} onImport=${setImporting} />`
    : html`<${Empty} icon="zones" title=${t('zones.forwardsTo')}>${zone.forwarders}<//>`)}
          ${at === 'history' && html`<${HistoryTab} zone=${zone} />`}
          ${at === 'compare' && html`<${CompareTab} zone=${zone} />`}
          ${at === 'servers' && html`<${ServersTab} zone=${zone.id} views=${views} />`}
          ${at === 'settings' && html`<${SettingsTab} zone=${zone} readOnly=${!mayEdit} />`}
        <//>
      </div>
      ${importing !== null && html`<${ImportDialog} zone=${zone} views=${views} given=${importing} onClose=${() => setImporting(null)} onStaged=${setStaged} />`}
      ${renaming && html`<${ZoneForm} zone=${zone} onClose=${() => setRenaming(false)} />`}
    <//>`;
}
