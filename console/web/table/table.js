// A table of any number of rows, of which those in sight are drawn. The focus stays on the grid, and
// aria-activedescendant names the cell: rows come and go while it has the focus.
import { html, cx, useEffect, useId, useLayoutEffect, useRef, useState } from '../kernel/view.js';
import { t } from '../kernel/text.js';
import { moved, scrollTo, windowOf } from './window.js';

// VirtualTable shows rows, an array of objects with an id.
//
//   columns    [{ key, title, cell(row), className?, sortable? }]
//   template   the grid's columns, by a class of the style sheet
//   active     { id, column }: the cell that keys act on; onActive(next)
//   selected   a Set of ids; onSelect(next Set)
//   sort       { key, descending }; onSort(key)
//   onEdit(row, column), onDelete()
//   editing    the id of a row that is drawn by editor(row) instead
//   rowProps(row)  what else the row's element has, a className for instance
//   onOpen(row)    of a table whose rows are only opened: a press does, and none is selected
export function VirtualTable(props) {
  const { rows, columns, label, className, rowHeight, active, selected, onSelect, onSort, sort, editing, editor, rowProps, testid, readOnly, onOpen } = props;
  const id = useId();
  const body = useRef(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const anchor = useRef(null);
  const cursor = useCursor(props, body, rowHeight);
  const { first, end } = windowOf({ ...view, rowHeight, count: rows.length });

  useLayoutEffect(() => {
    const element = body.current;
    const measure = () => setView((v) => ({ ...v, height: seen(element) }));
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    measure();
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => keepPlace(body.current, rows, anchor, rowHeight), [rows]);

  function scrolled(event) {
    const top = event.currentTarget.scrollTop;
    const row = Math.floor(top / rowHeight);
    anchor.current = rows[row] && { id: rows[row].id, offset: top - row * rowHeight };
    setView((v) => (v.top === top ? v : { ...v, top }));
  }

  const drawn = [];
  for (let i = first; i < end; i++) drawn.push(i);
  const place = editing === undefined ? -1 : rows.findIndex((r) => r.id === editing);
  if (place >= 0 && (place < first || place >= end)) drawn.push(place); // what is being typed outlives scrolling
  const activeCell = cursor.row >= first && cursor.row < end ? `${id}-${cursor.row}-${cursor.column}` : undefined;
  return html`
    <div class=${cx('vtable', className)} role="grid" ref=${body} onScroll=${scrolled} aria-label=${label} aria-rowcount=${rows.length + 1} aria-colcount=${columns.length + (onOpen ? 0 : 1)}
      aria-multiselectable=${readOnly ? undefined : 'true'} aria-readonly=${readOnly ? 'true' : undefined} tabindex="0" aria-activedescendant=${activeCell}
      onKeyDown=${cursor.key}>
      <div class="vtable-head" role="row" aria-rowindex="1">
        ${!onOpen && html`<span class="vtable-check" role="columnheader">
          ${readOnly ? html`<span class="unseen">${props.selectAllLabel}</span>` : html`<input type="checkbox" tabindex="-1" aria-label=${props.selectAllLabel} checked=${rows.length > 0 && selected.size >= rows.length}
            onChange=${(e) => onSelect(e.currentTarget.checked ? new Set(rows.map((r) => r.id)) : new Set())} />`}
        </span>`}
        ${columns.map((c) => html`
          <span key=${c.key} class=${c.className} role="columnheader" aria-sort=${sort.key !== c.key ? undefined : sort.descending ? 'descending' : 'ascending'}>
            ${c.sortable === false ? c.title || html`<span class="unseen">${t('ui.actions')}</span>` : html`
              <button type="button" class="vtable-sort" onClick=${() => onSort(c.key)}>${c.title}<i aria-hidden="true">${sort.key !== c.key ? '' : sort.descending ? '↓' : '↑'}</i></button>`}
          </span>`)}
      </div>
      <div class="vtable-all" role="rowgroup" style=${{ height: `${rows.length * rowHeight}px` }}>
        ${drawn.map((i) => {
    const row = rows[i];
    const at = { transform: `translateY(${i * rowHeight}px)`, height: `${rowHeight}px` };
    if (row.id === editing) {
      return html`<div key="editing" class=${cx('vtable-row', 'editing', i * rowHeight - view.top > view.height / 2 && 'low')} role="row" aria-rowindex=${i + 2} style=${at}>${editor(row)}</div>`;
    }
    const more = rowProps?.(row) ?? {};
    return html`
      <div key=${row.id} ...${more} class=${cx('vtable-row', i & 1 && 'odd', selected.has(row.id) && 'selected', i === cursor.row && active !== null && 'active', more.className)}
        role="row" aria-rowindex=${i + 2} aria-selected=${readOnly ? undefined : String(selected.has(row.id))} style=${at} data-testid=${testid}
        onMouseDown=${(e) => cursor.press(e, i)} onDblClick=${(e) => cursor.open(e, i)} onClick=${(e) => cursor.tap(e, i)}>
        ${!onOpen && html`<span class="vtable-check" role="gridcell">${!readOnly && html`<i class="tick" aria-hidden="true"></i>`}</span>`}
        ${columns.map((c, n) => html`<span key=${c.key} id=${`${id}-${i}-${n}`} data-column=${n} role="gridcell"
          class=${cx(c.className, i === cursor.row && n === cursor.column && 'cell-active')}>${c.cell(row)}</span>`)}
      </div>`;
  })}
      </div>
    </div>`;
}

// seen is how high the part of the grid is that rows are seen in: the head stays above them.
const seen = (grid) => grid.clientHeight - grid.firstElementChild.offsetHeight;

// keepPlace scrolls so that the row that was at the top still is, whatever came or went before it.
function keepPlace(element, rows, anchor, rowHeight) {
  const was = anchor.current;
  if (!was || element.scrollTop === 0) return;
  if (rows[Math.floor(element.scrollTop / rowHeight)]?.id === was.id) return;
  const now = rows.findIndex((r) => r.id === was.id);
  if (now >= 0) element.scrollTop = now * rowHeight + was.offset;
}

// useCursor is the cell that keys act on, and what keys and presses do.
function useCursor({ rows, columns, active, onActive, selected, onSelect, onEdit, onDelete, onOpen, readOnly }, body, rowHeight) {
  const from = useRef(null); // where a range of selected rows began
  const found = active === null ? -1 : rows.findIndex((r) => r.id === active.id);
  const last = useRef(0);
  if (found >= 0) last.current = found;
  const row = found >= 0 ? found : Math.min(last.current, rows.length - 1); // a row that went leaves its place to the next
  const column = active?.column ?? 0;

  useEffect(() => {
    if (found >= 0) show(found);
  }, [active]);

  function show(at) {
    const element = body.current;
    const top = scrollTo({ top: element.scrollTop, height: seen(element), rowHeight, row: at });
    if (top !== element.scrollTop) element.scrollTop = top;
  }
  function go(to, range) {
    if (range) {
      from.current ??= row;
      const [low, high] = from.current < to ? [from.current, to] : [to, from.current];
      onSelect(new Set(rows.slice(low, high + 1).map((r) => r.id)));
    } else {
      from.current = null;
    }
    onActive({ id: rows[to].id, column });
  }
  function toggle(at) {
    const next = new Set(selected);
    if (!next.delete(rows[at].id)) next.add(rows[at].id);
    from.current = at;
    onSelect(next);
  }
  function key(event) {
    if (event.target !== event.currentTarget || event.altKey || rows.length === 0) return; // a field has its keys for itself
    const page = Math.max(1, Math.floor(seen(body.current) / rowHeight) - 1);
    const to = moved(event.key, Math.max(0, row), { count: rows.length, page });
    if (to !== null) go(to, event.shiftKey && !readOnly);
    else if (event.key === 'ArrowLeft') onActive({ id: rows[row].id, column: Math.max(0, column - 1) });
    else if (event.key === 'ArrowRight') onActive({ id: rows[row].id, column: Math.min(columns.length - 1, column + 1) });
    else if (event.key === 'Enter' || event.key === 'F2') onEdit(rows[row], columns[column].key);
    else if (event.key === 'Escape' && selected.size > 0) onSelect(new Set());
    else if (!readOnly && event.key === ' ') toggle(row);
    else if (!readOnly && event.key === 'a' && (event.ctrlKey || event.metaKey)) onSelect(new Set(rows.map((r) => r.id)));
    else if (onDelete && event.key === 'Delete') onDelete(rows[row]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  function press(event, at) {
    if (event.button !== 0) return;
    const box = event.target.closest('.vtable-check');
    if (event.shiftKey || box) event.preventDefault(); // no text is selected
    if (readOnly) return onActive({ id: rows[at].id, column: columnOf(event) ?? column });
    if (event.shiftKey) {
      from.current ??= Math.max(0, row);
      go(at, true);
    } else if (box || event.ctrlKey || event.metaKey) {
      toggle(at);
      onActive({ id: rows[at].id, column });
    } else {
      from.current = null;
      onActive({ id: rows[at].id, column: columnOf(event) ?? column });
    }
  }
  const open = (event, at) => !event.target.closest('.vtable-check') && onEdit(rows[at], columns[columnOf(event) ?? column].key);
  // On a phone there is no second press: a tap edits.
  const tap = (event, at) => {
    if (onOpen) return event.target.closest('a, button') || onOpen(rows[at]);
    return event.pointerType === 'touch' && open(event, at);
  };
  return { row, column, key, press, open, tap };
}

const columnOf = (event) => {
  const cell = event.target.closest('[data-column]');
  return cell ? Number(cell.dataset.column) : undefined;
};
