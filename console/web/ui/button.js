// Buttons. kind is 'plain', 'primary', 'danger' or 'quiet'; busy keeps its width and takes no second press.
import { cx, html } from '../kernel/view.js';
import { Icon } from './icon.js';

export function Button({ kind = 'plain', icon, busy, disabled, children, small, class: more, type = 'button', ...rest }) {
  return html`<button type=${type} class=${cx('button', kind, small && 'small', !children && 'square', busy && 'busy', more)}
    disabled=${disabled || busy} aria-busy=${busy ? 'true' : undefined} ...${rest}>
    ${icon && html`<${Icon} name=${icon} />`}${children && html`<span>${children}</span>`}
  </button>`;
}

// IconButton has no text that is seen, so its label is what it is called.
export function IconButton({ icon, label, ...rest }) {
  return html`<${Button} kind="quiet" icon=${icon} aria-label=${label} title=${label} ...${rest} />`;
}

// LinkButton goes to a page.
export function LinkButton({ kind = 'plain', icon, small, children, ...rest }) {
  return html`<a class=${cx('button', kind, small && 'small')} ...${rest}>${icon && html`<${Icon} name=${icon} />`}<span>${children}</span></a>`;
}
