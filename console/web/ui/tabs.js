// Tabs: [[id, text, count?], …]. Arrow keys change between them.
import { html, useRef } from '../kernel/view.js';
import { number } from '../kernel/text.js';

export function Tabs({ tabs, at, onTab, label, children }) {
  const list = useRef(null);
  const keyed = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const i = (tabs.findIndex(([id]) => id === at) + step + tabs.length) % tabs.length;
    onTab(tabs[i][0]);
    list.current.children[i].focus();
  };
  return html`<div class="tabs-frame"><div class="tabs" role="tablist" aria-label=${label} ref=${list} onKeyDown=${keyed}>${tabs.map(([id, text, count]) => html`<button key=${id}
      type="button" role="tab" id=${`tab-${id}`} aria-selected=${id === at ? 'true' : 'false'} aria-controls=${id === at ? `panel-${id}` : undefined} tabindex=${id === at ? 0 : -1}
      onClick=${() => onTab(id)}>${text}${count !== undefined && html`<span class="count">${number(count)}</span>`}</button>`)}</div>
    <div role="tabpanel" id=${`panel-${at}`} aria-labelledby=${`tab-${at}`}>${children}</div></div>`;
}
