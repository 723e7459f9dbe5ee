// Tables of up to some hundreds of rows. Arrow keys, Home and End go through the rows; Enter opens one.
// columns are { key, title, render(row), align, class, sort }; a column with class "wide" takes what is left.
import { cx, html, useRef, useState } from '../kernel/view.js';
import { t } from '../kernel/text.js';
import { Skeleton } from './state.js';

export function Table({ columns, rows, rowKey = (row) => row.id, onOpen, testid, label, empty, rowClass, selected }) {
  const body = useRef(null);
  const [at, setAt] = useState(0);
  const keyed = (event) => {
    if (event.target.tagName !== 'TR') return;
    const all = [...body.current.children];
    const now = all.indexOf(event.target);
    const to = { ArrowDown: now + 1, j: now + 1, ArrowUp: now - 1, k: now - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined && all[to]) {
      event.preventDefault();
      setAt(to);
      all[to].focus();
    } else if (event.key === 'Enter' && onOpen) {
      event.preventDefault();
      onOpen(rows[now]);
    }
  };
  if (!rows) return html`<${Skeleton} lines=${6} />`;
  if (rows.length === 0 && empty) return empty;
  const pressed = (event, row) => {
    if (onOpen && !event.target.closest('a, button, input, select, label') && !String(getSelection())) onOpen(row);
  };
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label=${label}>
    <table class=${cx('table', onOpen && 'opens')}>
      <thead><tr>${columns.map((c) => html`<th key=${c.key} scope="col" class=${cx(c.class, c.align)}>${c.title || html`<span class="unseen">${t('ui.actions')}</span>`}</th>`)}</tr></thead>
      <tbody ref=${body} onKeyDown=${keyed}>${rows.map((row, i) => html`<tr key=${rowKey(row)} tabindex=${i === Math.min(at, rows.length - 1) ? 0 : -1}
        data-testid=${testid} data-id=${rowKey(row)} class=${cx(rowClass?.(row), selected === rowKey(row) && 'selected')} onFocus=${() => setAt(i)}
        onClick=${(e) => pressed(e, row)}>${columns.map((c) => html`<td key=${c.key} class=${cx(c.class, c.align)}>${c.render ? c.render(row) : row[c.key]}</td>`)}</tr>`)}</tbody>
    </table>
  </div>`;
}

// Pager is for the lists of the dialects, which have pages and a total.
export function Pager({ page, size, total, onPage }) {
  const last = Math.max(1, Math.ceil(total / size));
  if (last === 1) return html`<p class="pager dim">${t('ui.total', { n: total })}</p>`;
  return html`<nav class="pager" aria-label=${t('ui.pages')}>
    <span class="dim">${t('ui.range', { from: (page - 1) * size + 1, to: Math.min(page * size, total), total })}</span><span class="grow" />
    <button type="button" class="button small" disabled=${page <= 1} onClick=${() => onPage(page - 1)}><span>${t('ui.previous')}</span></button>
    <button type="button" class="button small" disabled=${page >= last} onClick=${() => onPage(page + 1)}><span>${t('ui.next')}</span></button>
  </nav>`;
}
