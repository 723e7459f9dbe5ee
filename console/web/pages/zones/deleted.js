// Zones that were deleted, and come back with one press.
import { html } from '../../kernel/view.js';
import { get } from '../../kernel/http.js';
import { t } from '../../kernel/text.js';
import { useLive } from '../../kernel/data.js';
import { href, navigate } from '../../kernel/router.js';
import { Button } from '../../ui/button.js';
import { Table } from '../../ui/table.js';
import { Empty, Loaded, Time } from '../../ui/state.js';
import { shown } from '../../dns/names.js';
import { knowZones } from '../../changes/names.js';
import { undo } from '../../changes/undo.js';

// Deleted lists the newest deletions of zones that have not come back.
export function Deleted({ living }) {
  const deleted = useLive(({ signal }) => get('/v1/events', { type: 'ZoneDeleted', limit: 200 }, { signal }), [], ['zone']);
  const columns = [
    { key: 'name', title: t('zones.name'), class: 'wide', render: (e) => html`<b>${shown(e.resource.name ?? `#${e.resource.id}`)}</b>` },
    { key: 'time', title: t('zones.when'), render: (e) => html`<${Time} value=${e.time} />` },
    { key: 'who', title: t('zones.who'), render: (e) => e.actor.username },
    { key: 'see', title: '', render: (e) => html`<a href=${href(`/zones/${e.resource.id}`, { as_of: e.position - 1 })}>${t('zones.asItWas')}</a>` },
    { key: 'back', title: '', render: (e) => html`<${Button} small icon="undo" data-testid="undo" onClick=${() => bringBack(e)}>${t('zones.bringBack')}<//>` },
  ];
  return html`<${Loaded} of=${deleted}>${({ events }) => {
    knowZones(events.map((e) => e.resource).filter((r) => r.name));
    const seen = new Set(); // a zone that was deleted twice is there once, by its last deletion
    const gone = events.filter((e) => !living?.has(e.resource.id) && !seen.has(e.resource.id) && seen.add(e.resource.id));
    return html`<${Table} label=${t('zones.deleted')} columns=${columns} rows=${living ? gone : null} rowKey=${(e) => e.position} testid="deleted-row"
      empty=${html`<${Empty} icon="trash" title=${t('zones.noneDeleted')} />`} />`;
  }}<//>`;
}

function bringBack(event) {
  undo({ positions: [event.position] }, t('zones.deleteZone', { zone: shown(event.resource.name ?? '') }), () => navigate(`/zones/${event.resource.id}`));
}
