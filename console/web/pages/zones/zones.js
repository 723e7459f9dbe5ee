// The list of zones: find, make, delete, bring back.
import { html, useEffect, useMemo, useRef, useState } from '../../kernel/view.js';
import { useSignal } from '../../kernel/signal.js';
import { t } from '../../kernel/text.js';
import { asOf, href, navigate, setQuery, useQuery } from '../../kernel/router.js';
import { useChanges } from '../../kernel/data.js';
import { useKey } from '../../kernel/keys.js';
import { mayAdd } from '../../kernel/session.js';
import { VirtualTable } from '../../table/table.js';
import { Page } from '../../ui/page.js';
import { Button, IconButton } from '../../ui/button.js';
import { Icon } from '../../ui/icon.js';
import { Failure } from '../../ui/form.js';
import { Tabs } from '../../ui/tabs.js';
import { Badge, Empty, Skeleton } from '../../ui/state.js';
import { propose } from '../../changes/change.js';
import { Zones } from './store.js';
import { ZoneForm } from './form.js';
import { Deleted } from './deleted.js';
import { useFailedZones } from './failed.js';

export default function ZonesPage() {
  const moment = useSignal(asOf);
  const { tab = 'zones' } = useQuery();
  const store = useMemo(() => new Zones(), [moment]);
  const { rows, total, complete } = useSignal(store.state);
  const [making, setMaking] = useState(false);
  useEffect(() => {
    store.load();
    return () => store.close();
  }, [store]);
  useChanges(['zone', 'view'], (events) => store.take(events));
  const offered = !moment && mayAdd('zone');
  useKey('n', 'zones.keyNewZone', offered ? () => setMaking(true) : null, [offered]);

  const actions = offered && html`<${Button} kind="primary" icon="plus" data-testid="zone-add" onClick=${() => setMaking(true)}>${t('zones.newZone')}<//>`;
  const tabs = [['zones', t('zones.zones'), total ?? undefined], ['deleted', t('zones.deleted')]];
  return html`
    <${Page} title=${t('zones.zones')} actions=${actions} full class="zones-page">
      <${Tabs} tabs=${moment ? tabs.slice(0, 1) : tabs} at=${moment ? 'zones' : tab} onTab=${(id) => setQuery({ tab: id === 'zones' ? '' : id })} label=${t('zones.zones')}>
        ${tab === 'deleted' && !moment
    ? html`<${Deleted} living=${complete ? new Set(rows.map((z) => z.id)) : null} />`
    : html`<${List} store=${store} past=${Boolean(moment)} onNew=${offered ? () => setMaking(true) : null} />`}
      <//>
      ${making && html`<${ZoneForm} onClose=${() => setMaking(false)} />`}
    <//>`;
}

const narrow = matchMedia('(max-width: 720px)');

function List({ store, past, onNew }) {
  const { rows, total, error } = useSignal(store.state);
  const { q = '', view = '' } = useQuery();
  const [active, setActive] = useState(null);
  const root = useRef(null);
  const failed = useFailedZones(past);
  const views = useMemo(() => [...new Set(rows.flatMap((z) => z.views))].sort(), [rows]);
  const found = useMemo(() => {
    const terms = q.toLowerCase().split(/\s+/).filter(Boolean);
    return rows.filter((z) => terms.every((term) => z.text.includes(term)) && (!view || z.views.includes(view)));
  }, [rows, q, view]);
  const open = (zone) => zone && navigate(`/zones/${zone.id}`);
  const focusTable = () => root.current.querySelector('[role="grid"]')?.focus({ preventScroll: true });
  useKey('f', 'zones.keyFilter', () => root.current.querySelector('.filter input').focus());

  function key(event) {
    if (event.key === 'Enter' && found.length > 0) open(found[0]);
    else if (event.key === 'ArrowDown' && found.length > 0) {
      event.preventDefault();
      setActive({ id: found[0].id, column: 0 });
      focusTable();
    }
  }
  const columns = [
    { key: 'name', title: t('zones.name'), className: 'c-name', sortable: false, cell: (z) => html`<a href=${href(`/zones/${z.id}`)} tabindex="-1" title=${z.name}>${z.shown}</a>` },
    { key: 'group', title: t('zones.group'), className: 'c-group', sortable: false, cell: (z) => html`<span class="dim">${t(`zones.groups.${z.zone_group}`)}${z.zone_type !== 'master' ? ` · ${t('zones.forward')}` : ''}</span>` },
    { key: 'views', title: t('zones.views'), className: 'c-views', sortable: false, cell: (z) => z.views.map((v) => html`<span key=${v} class="chip">${v}</span>`) },
    { key: 'state', title: t('zones.state'), className: 'c-state', sortable: false, cell: (z) => (failed.has(z.id) ? html`<${Badge} kind="bad" title=${failed.get(z.id)}>${t('zones.refused')}<//>` : '') },
    { key: 'does', title: '', className: 'c-does', sortable: false, cell: (z) => !past && z.can_delete && html`<${IconButton} small icon="trash" tabindex="-1" label=${t('zones.deleteZone', { zone: z.shown })} onClick=${() => remove(z)} />` },
  ];
  if (total === null && !error) return html`<${Skeleton} lines=${8} />`;
  return html`
    <div class="zones" ref=${root}>
      <div class="toolbar">
        <label class="filter"><${Icon} name="filter" /><input type="search" value=${q} autofocus placeholder=${t('zones.filterZones')} aria-label=${t('zones.filterZones')}
          onInput=${(e) => setQuery({ q: e.currentTarget.value })} onKeyDown=${key} /></label>
        <select class="input small" value=${view} aria-label=${t('zones.view_name')} onChange=${(e) => setQuery({ view: e.currentTarget.value })}>
          <option value="">${t('zones.allViews')}</option>${views.map((v) => html`<option key=${v} value=${v}>${v}</option>`)}
        </select>
        <span class="dim count" role="status">${found.length === total ? t('zones.zonesCount', { n: total }) : t('zones.found', { n: found.length, total })}</span>
      </div>
      ${error && html`<${Failure} error=${error} />`}
      ${total === 0
    ? html`<${Empty} icon="zones" title=${t('zones.noZones')} action=${onNew && html`<${Button} kind="primary" icon="plus" onClick=${onNew}>${t('zones.newZone')}<//>`} />`
    : html`<${VirtualTable} label=${t('zones.zones')} className="zones-table" rows=${found} columns=${columns} rowHeight=${narrow.matches ? 44 : 34} active=${active} onActive=${setActive}
        selected=${none} onSelect=${() => {}} sort=${{ key: '' }} onSort=${() => {}} onEdit=${open} onDelete=${(z) => !past && z.can_delete && remove(z)} onOpen=${open} testid="zone-row" readOnly />`}
    </div>`;
}

const none = new Set();

// remove previews the deletion of a zone.
export function remove(zone, applied) {
  propose({
    title: t('zones.deleteZone', { zone: zone.shown ?? zone.name }), note: t('zones.deleteNote'), danger: true,
    write: { method: 'DELETE', path: `/dns/zones/${zone.id}` }, applied,
  });
}
