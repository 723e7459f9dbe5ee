// What happened to a zone: who, when, by which door and credential, each change with its undo.
import { html, useEffect, useState } from '../../kernel/view.js';
import { get } from '../../kernel/http.js';
import { has, t } from '../../kernel/text.js';
import { href, setQuery, showAsOf } from '../../kernel/router.js';
import { useChanges } from '../../kernel/data.js';
import { useSignal } from '../../kernel/signal.js';
import { asOf } from '../../kernel/router.js';
import { Button } from '../../ui/button.js';
import { Icon } from '../../ui/icon.js';
import { Menu } from '../../ui/menu.js';
import { Failure } from '../../ui/form.js';
import { Badge, Empty, Skeleton, Time } from '../../ui/state.js';
import { undo } from '../../changes/undo.js';
import { Entry } from './entry.js';

const pageSize = 100;

// useHistory reads the pages of a zone's history, as changes: { first, last, time, actor, door, credential, entries }.
function useHistory(zone, filter) {
  const [state, set] = useState({ changes: null, next: null, error: null, busy: false });
  async function read(cursor, before) {
    set((s) => ({ ...s, busy: true }));
    try {
      const page = await get(`/v1/zones/${zone}/history`, { limit: pageSize, cursor, ...filter }, { past: false });
      const entries = [...before, ...(await withChanges(zone, page.history))];
      set({ entries, changes: grouped(entries), next: page.next, error: null, busy: false });
    } catch (error) {
      set((s) => ({ ...s, error, busy: false }));
    }
  }
  useEffect(() => { read('', []); }, [zone, filter.host, filter.type]);
  return { ...state, more: () => read(state.next, state.entries), reload: () => read('', []) };
}

// withChanges adds what the log says beside: which change an entry is of, and by which credential it came.
async function withChanges(zone, history) {
  if (history.length === 0) return [];
  const positions = history.map((e) => e.position);
  const found = new Map();
  const range = { resource: `zone:${zone}`, after: Math.min(...positions) - 1, before: Math.max(...positions) + 1, limit: 1000 };
  const { events } = await get('/v1/events', range, { past: false });
  for (const { position, change, credential } of events) found.set(position, { change, credential });
  return history.map((e) => ({ ...e, change: found.get(e.position)?.change ?? e.position, credential: found.get(e.position)?.credential ?? null }));
}

function grouped(entries) {
  const changes = [];
  for (const entry of entries) {
    const newest = changes.at(-1);
    if (newest?.change === entry.change) {
      newest.entries.push(entry);
      newest.first = Math.min(newest.first, entry.position);
    } else {
      changes.push({ change: entry.change, first: entry.position, ...pick(entry), entries: [entry] });
    }
  }
  return changes;
}

const pick = ({ position, time, actor, door, credential }) => ({ position, time, actor, door, credential });

export function HistoryTab({ zone }) {
  const [filter, setFilter] = useState({ host: '', type: '' });
  const { changes, next, error, busy, more, reload } = useHistory(zone.id, filter);
  const moment = useSignal(asOf);
  useChanges(['zone', 'record'], reload, { delay: 400 });
  const mayUndo = !moment && zone.can_update;
  return html`
    <div class="history">
      <div class="toolbar">
        <label class="filter"><${Icon} name="filter" /><input type="search" value=${filter.host} placeholder=${t('time.host')} aria-label=${t('time.host')} onInput=${(e) => setFilter({ ...filter, host: e.currentTarget.value })} /></label>
        <input class="input small" value=${filter.type} placeholder=${t('zones.record_type')} aria-label=${t('zones.record_type')} onInput=${(e) => setFilter({ ...filter, type: e.currentTarget.value.toUpperCase() })} />
      </div>
      <${Failure} error=${error} />
      ${changes === null && !error && html`<${Skeleton} lines=${6} />`}
      ${changes?.length === 0 && html`<${Empty} icon="clock" title=${t('time.nothing')} />`}
      <ol class="changes">${changes?.map((change) => html`<${Change} key=${change.first} change=${change} zone=${zone} mayUndo=${mayUndo} newest=${changes[0].position} />`)}</ol>
      ${next && html`<${Button} busy=${busy} onClick=${more}>${t('time.more')}<//>`}
    </div>`;
}

const shownEntries = 8;

function Change({ change, zone, mayUndo, newest }) {
  const [all, setAll] = useState(false);
  const { first, position, time, actor, door, credential, entries } = change;
  const title = entries.length === 1 ? whatOf(entries[0].what) : t('time.events', { n: entries.length });
  const items = [
    { text: t('time.seeBefore'), icon: 'clock', run: () => showAsOf(String(first - 1)) },
    { text: t('time.compareNow'), icon: 'views', run: () => setQuery({ tab: 'compare', from: String(first - 1), to: '' }) },
    ...(mayUndo ? [
      null,
      { text: t('time.undoSince'), icon: 'undo', run: () => undo({ from: first, to: newest, zone_id: zone.id }, t('time.since', { position: first })) },
      { text: t('time.backTo'), icon: 'undo', run: () => undo({ zone_id: zone.id, as_of: String(first - 1) }, t('time.zoneBefore', { position: first })) },
    ] : []),
  ];
  return html`
    <li class="change" data-testid="change-row">
      <header>
        <b>${title}</b>
        <span class="who">${actor.username ?? '–'}</span>
        ${door && html`<${Badge}>${has(`time.doors.${door}`) ? t(`time.doors.${door}`) : door}<//>`}
        ${credential && html`<${Badge} kind="accent" title=${t('time.credential')}>${credential.name ?? `#${credential.id}`}<//>`}
        <${Time} value=${time} /> <a class="dim mono" href=${href(`/zones/${zone.id}`, { as_of: position })} title=${t('time.asItWas')}>#${position}</a>
        <span class="grow" />
        ${mayUndo && html`<${Button} small icon="undo" data-testid="undo" onClick=${() => undo({ positions: [position] }, title)}>${t('time.undo')}<//>`}
        <${Menu} icon="more" label=${t('time.more')} items=${items} />
      </header>
      ${(all ? entries : entries.slice(0, shownEntries)).map((entry) => html`<${Entry} key=${`${entry.position} ${entry.before?.id ?? entry.after?.id ?? ''}`} before=${entry.before} after=${entry.after} />`)}
      ${!all && entries.length > shownEntries && html`<button type="button" class="button quiet small" onClick=${() => setAll(true)}><span>${t('time.allEntries', { n: entries.length })}</span></button>`}
    </li>`;
}

export const whatOf = (type) => (has(`time.what.${type}`) ? t(`time.what.${type}`) : type);
