// A button that opens a menu. Items are { text, icon, run, href, danger, checked } or null for a line.
import { html, useEffect, useId, useRef, useState } from '../kernel/view.js';
import { Icon } from './icon.js';

export function Menu({ label, icon, text, items, align = 'end', class: more = '', testid }) {
  const [open, setOpen] = useState(false);
  const root = useRef(null);
  const id = useId();
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event) => { if (!root.current.contains(event.target)) setOpen(false); };
    document.addEventListener('mousedown', outside);
    root.current.querySelector('[aria-checked=true], [role^=menuitem]')?.focus();
    return () => document.removeEventListener('mousedown', outside);
  }, [open]);
  const close = () => {
    setOpen(false);
    root.current.querySelector('button').focus();
  };
  const keyed = (event) => {
    if (!open) return;
    const all = [...root.current.querySelectorAll('[role^=menuitem]')];
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all[(to + all.length) % all.length]?.focus();
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      event.preventDefault();
      close();
    } else if (event.key === 'Tab') {
      setOpen(false);
    }
  };
  return html`<div class=${`menu ${more}`} ref=${root} onKeyDown=${keyed}>
    <button type="button" class=${`button quiet ${text ? '' : 'square'}`} aria-haspopup="menu" aria-expanded=${open ? 'true' : 'false'} aria-controls=${open ? id : undefined}
      aria-label=${label} title=${label} data-testid=${testid} onClick=${() => setOpen(!open)}>
      ${icon && html`<${Icon} name=${icon} />`}${text && html`<span>${text}</span>`}
    </button>
    ${open && html`<div class=${`menu-list ${align}`} role="menu" id=${id} aria-label=${label}>${items.map((item, i) => (item ? html`<${Item} key=${i} ...${item} close=${close} />` : html`<hr key=${i} />`))}</div>`}
  </div>`;
}

function Item({ text, icon, run, href, danger, checked, close, note }) {
  const role = checked === undefined ? 'menuitem' : 'menuitemradio';
  const inside = html`${icon ? html`<${Icon} name=${icon} />` : html`<span class="icon" />`}<span>${text}${note && html`<small>${note}</small>`}</span>${checked && html`<${Icon} name="check" />`}`;
  const attributes = { role, tabindex: -1, class: danger ? 'danger' : '', 'aria-checked': checked === undefined ? undefined : String(checked) };
  if (href) return html`<a href=${href} ...${attributes} onClick=${() => close()}>${inside}</a>`;
  return html`<button type="button" ...${attributes} onClick=${() => { close(); run(); }}>${inside}</button>`;
}
