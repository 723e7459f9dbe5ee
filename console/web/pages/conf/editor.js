// A text with the numbers of its lines, of which some are wrong.
import { html, useEffect, useRef } from '../../kernel/view.js';
import { t } from '../../kernel/text.js';

export function Editor({ value, onValue, wrong = [], label, readonly }) {
  const area = useRef(null);
  const numbers = useRef(null);
  const count = value.split('\n').length;
  const follow = () => { numbers.current.scrollTop = area.current.scrollTop; };
  useEffect(() => { if (wrong.length) show(area.current, wrong[0]); }, [wrong.join()]);
  const keyed = (event) => {
    if (event.key !== 'Tab' || event.shiftKey || readonly || !event.ctrlKey && event.altKey) return;
    if (event.ctrlKey) return; // leaves the field, for who needs the keyboard
    const { selectionStart: from, selectionEnd: to } = area.current;
    if (from === to && value.slice(value.lastIndexOf('\n', from - 1) + 1, from).trim() !== '') return; // only before a statement a tab indents
    event.preventDefault();
    area.current.setRangeText('\t', from, to, 'end');
    onValue(area.current.value);
  };
  return html`<div class="editor"><div class="editor-numbers" ref=${numbers} aria-hidden="true">${Array.from({ length: count }, (_, i) => html`<div key=${i} class=${wrong.includes(i + 1) ? 'wrong' : ''}>${i + 1}</div>`)}</div>
    <textarea ref=${area} class="mono" aria-label=${label} aria-invalid=${wrong.length ? 'true' : undefined} value=${value} readonly=${readonly} spellcheck=${false} wrap="off" data-testid="conf-text" rows=${Math.min(Math.max(count + 1, 14), 34)}
      onScroll=${follow} onKeyDown=${keyed} onInput=${(e) => onValue(e.currentTarget.value)}></textarea></div>`;
}

// show brings a line into sight and selects it.
function show(area, line) {
  const lines = area.value.split('\n');
  const start = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1] ?? '').length);
  area.scrollTop = Math.max(0, (line - 6) * 19);
}

// lineOf are the lines that a refusal names.
export const linesOf = (text) => [...new Set([...text.matchAll(/(?:第|line )\s*(\d+)|:(\d+):/g)].map((m) => Number(m[1] ?? m[2])))];

export const Difference = ({ lines }) => html`<div class="diff" tabindex="0" role="region" aria-label=${t('conf.difference')}>${lines.map(([kind, line], i) => html`<div key=${i} class=${{ '+': 'plus', '-': 'minus', '…': 'place' }[kind] ?? ''}>${kind === '…' ? '…' : `${kind === '-' ? '−' : kind} ${line}`}</div>`)}</div>`;
