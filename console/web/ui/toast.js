// Short messages at the edge, said to screen readers too.
import { html } from '../kernel/view.js';
import { signal, useSignal } from '../kernel/signal.js';
import { t } from '../kernel/text.js';
import { IconButton } from './button.js';

const shown = signal([]);
let next = 1;

// toast shows a text. kind is 'good', 'bad' or 'plain'; action is { text, run }, such as an undo.
export function toast(text, { kind = 'good', action, seconds = kind === 'bad' ? 12 : 5 } = {}) {
  const one = { id: next++, text, kind, action };
  shown.value = [...shown.value.slice(-3), one];
  if (seconds) setTimeout(() => drop(one.id), seconds * 1000);
  return () => drop(one.id);
}

const drop = (id) => { shown.value = shown.value.filter((one) => one.id !== id); };

// toastError shows why something failed.
export const toastError = (error) => { if (error.name !== 'AbortError') toast(error.message, { kind: 'bad' }); };

// warn shows the warnings of a reply.
export function warn(reply) {
  for (const { field, text } of reply.warnings) toast(field ? `${field}: ${text}` : text, { kind: 'doubtful', seconds: 12 });
}

export function Toasts() {
  const all = useSignal(shown);
  return html`<div class="toasts" role="status" aria-live="polite">${all.map((one) => html`<div key=${one.id} class=${`toast ${one.kind}`}>
    <span>${one.text}</span>
    ${one.action && html`<button type="button" class="button quiet small" onClick=${() => { drop(one.id); one.action.run(); }}><span>${one.action.text}</span></button>`}
    <${IconButton} icon="close" small label=${t('ui.close')} onClick=${() => drop(one.id)} />
  </div>`)}</div>`;
}
