// The records of a zone: found, edited in place and in bulk, previewed and applied.
import { html, cx, useEffect, useMemo, useRef, useState } from '../../../kernel/view.js';
import { useSignal } from '../../../kernel/signal.js';
import { number, t } from '../../../kernel/text.js';
import { setQuery, useQuery } from '../../../kernel/router.js';
import { useKey } from '../../../kernel/keys.js';
import { useChanges } from '../../../kernel/data.js';
import { VirtualTable } from '../../../table/table.js';
import { Button } from '../../../ui/button.js';
import { Icon } from '../../../ui/icon.js';
import { Failure } from '../../../ui/form.js';
import { Empty, Spinner } from '../../../ui/state.js';
import { shown } from '../../../dns/names.js';
import { propose } from '../../../changes/change.js';
import { Records } from './store.js';
import { Editor } from './editor.js';
import { Bulk } from './bulk.js';
import { conflicts, deleteAll, fieldsOf, keep, write } from './drafts.js';
import { begin, conflictOf, titleOf } from './versions.js';

const small = matchMedia('(max-width: 720px)');
const rowHeights = () => (small.matches ? 54 : 32);
const freshFor = 2500; // milliseconds that a row is marked which has just changed

// firstOrder: a zone that one request gives whole is sorted by name; of a larger one the newest records come first.
const firstOrder = (query) => ({ key: (query.sort ?? 'host').replace(/^-/, ''), descending: (query.sort ?? '').startsWith('-') });

export function RecordsTab({ zone, views, moment, onImport }) {
  const query = useQuery();
  const store = useMemo(() => new Records(zone.id, moment, query.q ?? '', firstOrder(query)), [zone.id, moment]);
  const { rows, total, loaded, complete, error, sort, terms } = useSignal(store.state);
  const [drafts, setDrafts] = useState(new Map());
  const [editing, setEditing] = useState(null); // { id, fields, was, etag, focus }
  const [selected, setSelected] = useState(new Set());
  const [active, setActive] = useState(null);
  const [lastViews, setLastViews] = useState(null);
  const [rowHeight, setRowHeight] = useState(rowHeights);
  const counter = useRef(0);
  const root = useRef(null);
  const past = Boolean(moment);
  const mayEdit = !past && zone.can_update;

  useEffect(() => {
    store.load();
    return () => store.close();
  }, [store]);
  useEffect(() => {
    const fit = () => setRowHeight(rowHeights());
    small.addEventListener('change', fit);
    return () => small.removeEventListener('change', fit);
  }, []);
  // What an import brought is read page by page: as one difference it may be all of a large zone.
  useChanges(['zone', 'record', 'view'], (events) => (events.some((e) => e?.type === 'ZoneImported' && e.resource.id === zone.id) ? store.load() : store.refresh()), { delay: 60 });

  const focusTable = () => root.current?.querySelector('[role="grid"]')?.focus({ preventScroll: true });
  const typed = (text) => {
    setQuery({ q: text });
    store.arrange({ terms: text });
  };
  function sortBy(key) {
    const order = { key, descending: sort.key === key && !sort.descending };
    setQuery({ sort: (order.descending ? '-' : '') + order.key });
    store.arrange({ sort: order });
  }

  // What is drawn of a row is what it would become.
  const drawn = (row) => {
    const draft = drafts.get(row.id);
    return draft?.kind === 'change' ? { ...row, ...draft.fields, view_name: draft.fields.view_names[0], drafted: draft } : { ...row, drafted: draft };
  };
  const lost = useMemo(() => new Map((complete ? conflicts(drafts, (id) => store.get(id)) : []).map((c) => [c.id, c])), [drafts, rows, complete]);

  async function edit(row, focus) {
    if (!mayEdit || !row || row.can_update === false || drafts.get(row.id)?.kind === 'delete') return;
    const draft = drafts.get(row.id);
    setEditing({ id: row.id, was: draft?.was ?? row, fields: draft?.fields ?? fieldsOf(row), focus: focus === 'view_name' ? 'view_name' : focus, etag: draft?.etag });
    const version = await begin(row);
    setEditing((e) => (e?.id === row.id ? { ...e, etag: e.etag ?? version.etag, was: version.record ?? e.was } : e));
  }
  function add() {
    if (!mayEdit) return;
    const like = active === null ? undefined : rows.find((r) => r.id === active.id);
    setEditing({
      id: `new-${++counter.current}`, was: null, focus: 'host',
      fields: { host: '', record_type: 'A', ttl: like?.ttl ?? '', value: '', comment: '', view_names: lastViews ?? views },
    });
  }
  const draftOf = ({ was, fields, etag }) => ({ kind: was ? 'change' : 'add', was, fields, etag });
  function kept() {
    if (!editing) return drafts;
    const next = keep(drafts, editing.id, draftOf(editing));
    if (!editing.was) setLastViews(editing.fields.view_names);
    setDrafts(next);
    setEditing(null);
    return next;
  }
  const close = () => {
    setEditing(null);
    focusTable();
  };
  function keepOnly() {
    const adding = !editing.was;
    kept();
    if (adding) add();
    else focusTable();
  }
  // previewEditor previews what is being typed alone, or with what was kept before.
  function previewEditor() {
    const next = keep(drafts, editing.id, draftOf(editing));
    if (next.size > 0) preview(next);
    else close();
  }
  function preview(of) {
    const single = of.size === 1 ? [...of.values()][0] : null;
    const request = write(zone.id, of);
    propose({
      title: titleOf(of, zone.name),
      write: single?.kind === 'add' ? request : { ...request, etag: single?.etag },
      danger: [...of.values()].every((d) => d.kind === 'delete'),
      conflict: (refusal) => conflictOf(refusal, of, zone.id),
      current: single ? undefined : async () => { // a batch has no version: its records are compared
        await store.refresh();
        return conflicts(of, (id) => store.get(id)).length === 0;
      },
      applied: () => {
        if (editing && !editing.was) setLastViews(editing.fields.view_names);
        setDrafts(new Map());
        setEditing(null);
        setSelected(new Set());
        store.refresh();
        focusTable();
      },
    });
  }
  const chosen = () => (selected.size > 0 ? rows.filter((r) => selected.has(r.id)) : rows.filter((r) => r.id === active?.id)).map((r) => r);
  function remove() {
    const deletable = chosen().filter((r) => r.can_delete !== false && r.can_update !== false);
    if (deletable.length > 0) setDrafts(deleteAll(drafts, deletable));
  }
  const drop = (id) => {
    const next = new Map(drafts);
    next.delete(id);
    setDrafts(next);
  };

  useKey('n', 'zones.keyAdd', mayEdit ? add : null, [mayEdit, views, active, lastViews]);
  useKey('f', 'zones.keyFilter', () => root.current.querySelector('.filter input').focus());
  useKey('p', 'zones.keyPreview', drafts.size > 0 && !editing ? () => preview(drafts) : null, [drafts, editing]);

  const columns = useMemo(() => [
    { key: 'host', title: t('zones.host'), className: 'c-host', cell: (r) => html`<b title=${r.host}>${shown(r.host)}</b>` },
    { key: 'record_type', title: t('zones.record_type'), className: 'c-type', cell: (r) => html`<span class="type">${r.record_type}</span>` },
    { key: 'ttl', title: t('zones.ttl'), className: 'c-ttl', cell: (r) => r.ttl },
    { key: 'value', title: t('zones.value'), className: 'c-value', cell: (r) => html`<span title=${r.value}>${r.value}</span>` },
    { key: 'view_name', title: t('zones.view_name'), className: 'c-view', cell: (r) => r.view_name },
    { key: 'comment', title: t('zones.comment'), className: 'c-comment', cell: (r) => html`<span title=${r.comment}>${r.comment}</span>` },
  ], [t('zones.host')]);
  const cells = useMemo(() => columns.map((c) => ({ ...c, cell: (r) => c.cell(drawn(r)) })), [columns, drafts]);
  const editor = () => html`<${Editor} id=${editing.id} fields=${editing.fields} views=${views} adding=${!editing.was} focus=${editing.focus} etag=${editing.etag}
    write=${(fields) => {
    const request = write(zone.id, new Map([[editing.id, draftOf({ ...editing, fields })]]));
    return { ...request, etag: editing.was ? editing.etag : undefined };
  }} top=${!editing.was} onChange=${(fields) => setEditing((e) => ({ ...e, fields }))} onPreview=${previewEditor} onKeep=${keepOnly} onCancel=${close} />`;
  const rowProps = (row) => {
    const draft = drafts.get(row.id);
    return { className: cx(draft && `draft-${draft.kind}`, lost.has(row.id) && 'draft-lost', row.fresh && performance.now() - row.fresh < freshFor && 'fresh') };
  };
  const added = [...drafts].filter(([, d]) => d.kind === 'add');

  return html`
    <div class="records" ref=${root}>
      <div class="toolbar">
        <label class="filter"><${Icon} name="filter" /><input type="search" value=${terms} placeholder=${t('zones.filter')} aria-label=${t('zones.filter')}
          onInput=${(e) => typed(e.currentTarget.value)} onKeyDown=${(e) => { if (e.key === 'ArrowDown' || e.key === 'Enter') focusTable(); }} /></label>
        <span class="dim count" role="status">${!complete && total !== null && total > loaded
    ? html`<${Spinner} /> ${t('zones.loading', { n: loaded, total })}`
    : total === null ? '' : terms ? t('zones.found', { n: rows.length, total }) : t('zones.records', { n: total })}</span>
        <span class="grow" />
        ${mayEdit && (selected.size > 0 || active) && html`<${Bulk} records=${chosen} count=${Math.max(1, selected.size)} drafts=${drafts} onDrafts=${setDrafts} onDelete=${remove} />`}
        ${mayEdit && html`<${Button} icon="upload" onClick=${() => onImport('')}>${t('zones.import')}<//>
          <${Button} kind="primary" icon="plus" data-testid="record-add" onClick=${add}>${t('zones.add')}<//>`}
      </div>
      ${error && html`<${Failure} error=${error} />`}
      ${editing && !editing.was && html`<div class="adding">${editor()}</div>`}
      ${added.length > 0 && html`<ul class="added">${added.map(([id, { fields }]) => html`
        <li key=${id} class="draft-add"><b>${fields.host || '@'}</b> <span class="type">${fields.record_type}</span> ${fields.value} <span class="dim">${fields.view_names.join(', ')}</span>
          <${Button} kind="quiet" small icon="edit" aria-label=${t('zones.edit')} onClick=${() => { drop(id); setEditing({ id, was: null, fields, focus: 'value' }); }} />
          <${Button} kind="quiet" small icon="close" aria-label=${t('zones.discard')} onClick=${() => drop(id)} /></li>`)}</ul>`}
      ${total === 0 && complete && !editing && added.length === 0
    ? html`<${Empty} icon="zones" title=${t('zones.noRecords')}>${mayEdit && t('zones.noRecordsHint')}<//>`
    : html`<${VirtualTable} label=${t('zones.recordsOf', { zone: shown(zone.name) })} className="records-table" rows=${rows} columns=${cells} rowHeight=${rowHeight}
        active=${active} onActive=${setActive} selected=${selected} onSelect=${setSelected} selectAllLabel=${t('zones.selectAll')} sort=${sort} onSort=${sortBy}
        onEdit=${edit} onDelete=${mayEdit ? remove : undefined} editing=${editing?.was ? editing.id : undefined} editor=${editor} rowProps=${rowProps} testid="record-row" readOnly=${!mayEdit} />`}
      ${drafts.size > 0 && !editing && html`<${DraftBar} drafts=${drafts} lost=${lost} onPreview=${() => preview(drafts)} onDiscard=${() => setDrafts(new Map())}
        onTheirs=${() => setDrafts(new Map([...drafts].filter(([id]) => !lost.has(id))))} />`}
    </div>`;
}

// DraftBar counts what is not applied yet, and says whose records have become something else since.
function DraftBar({ drafts, lost, onPreview, onDiscard, onTheirs }) {
  const count = (kind) => [...drafts.values()].filter((d) => d.kind === kind).length;
  return html`
    <div class="draft-bar" role="region" aria-label=${t('zones.drafts', { n: drafts.size })}>
      <b>${t('zones.drafts', { n: drafts.size })}</b>
      <span class="plus">+${number(count('add'))}</span> <span class="changed">~${number(count('change'))}</span> <span class="minus">−${number(count('delete'))}</span>
      ${lost.size > 0 && html`<span class="wrong" data-testid="conflict">${t('zones.lost', { n: lost.size })}</span><${Button} small onClick=${onTheirs}>${t('zones.takeTheirs')}<//>`}
      <span class="grow" />
      <${Button} kind="quiet" onClick=${onDiscard}>${t('zones.discardAll')}<//>
      <${Button} kind="primary" data-testid="preview" onClick=${onPreview} disabled=${lost.size > 0}>${t('zones.preview')} <kbd>p</kbd><//>
    </div>`;
}
