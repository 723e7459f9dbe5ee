// Fields of forms: a label, what is typed, and below it a hint, a warning or the error.
import { cx, html, useId } from '../kernel/view.js';

// Field wraps any control: children is a function that gets the attributes that tie it to its label.
export function Field({ label, hint, error, warning, required, class: more, children }) {
  const id = useId();
  const note = error || warning || hint;
  const attributes = {
    id, required,
    'aria-invalid': error ? 'true' : undefined,
    'aria-describedby': note ? `${id}-note` : undefined,
  };
  return html`<div class=${cx('field', error && 'wrong', !error && warning && 'doubtful', more)}>
    ${label && html`<label for=${id}>${label}${required && html`<span class="star" aria-hidden="true">*</span>`}</label>`}
    ${children(attributes)}
    ${note && html`<p class="note" id=${`${id}-note`} role=${error ? 'alert' : undefined}>${note}</p>`}
  </div>`;
}

const fieldProps = ({ label, hint, error, warning, required, class: more }) => ({ label, hint, error, warning, required, class: more });

export function Input({ value, onValue, type = 'text', mono, ...all }) {
  const { label, hint, error, warning, required, class: more, ...rest } = all;
  return html`<${Field} ...${fieldProps(all)}>${(tied) => html`<input type=${type} class=${cx('input', mono && 'mono')} value=${value ?? ''}
    autocomplete="off" spellcheck=${false} ...${tied} ...${rest} onInput=${(e) => onValue?.(e.currentTarget.value)} />`}<//>`;
}

export function TextArea({ value, onValue, mono, rows = 4, ...all }) {
  const { label, hint, error, warning, required, class: more, ...rest } = all;
  return html`<${Field} ...${fieldProps(all)}>${(tied) => html`<textarea class=${cx('input', mono && 'mono')} rows=${rows} spellcheck=${false}
    value=${value ?? ''} ...${tied} ...${rest} onInput=${(e) => onValue?.(e.currentTarget.value)}></textarea>`}<//>`;
}

// Select takes options as [value, text] or as texts. Values come back as they were given.
export function Select({ value, onValue, options, ...all }) {
  const { label, hint, error, warning, required, class: more, ...rest } = all;
  const pairs = options.map((o) => (Array.isArray(o) ? o : [o, o]));
  return html`<${Field} ...${fieldProps(all)}>${(tied) => html`<select class="input" ...${tied} ...${rest}
    value=${String(value ?? '')} onChange=${(e) => onValue?.(pairs[e.currentTarget.selectedIndex][0])}>
    ${pairs.map(([v, text]) => html`<option key=${v} value=${String(v)} selected=${String(v) === String(value ?? '')}>${text}</option>`)}
  </select>`}<//>`;
}

export function Checkbox({ value, onValue, label, hint, ...rest }) {
  return html`<label class="check"><input type="checkbox" checked=${Boolean(value)} ...${rest} onChange=${(e) => onValue?.(e.currentTarget.checked)} />
    <span>${label}${hint && html`<small>${hint}</small>`}</span></label>`;
}
