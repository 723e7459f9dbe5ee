// Dialogs. The browser's own <dialog> keeps the focus inside, makes the page behind it inert, and closes by Escape.
import { html, useId, useLayoutEffect, useRef } from '../kernel/view.js';
import { signal, useSignal } from '../kernel/signal.js';
import { t } from '../kernel/text.js';
import { Button, IconButton } from './button.js';

// Dialog is open while it is shown. side puts it at the edge, for what is edited beside its list.
export function Dialog({ title, onClose, children, actions, wide, side, class: more = '' }) {
  const element = useRef(null);
  const id = useId();
  useLayoutEffect(() => { // before anybody can type: the focus must not jump later
    const before = document.activeElement;
    element.current.showModal();
    element.current.querySelector('[autofocus], .dialog-body input, .dialog-body textarea, .dialog-body select')?.focus();
    return () => before?.isConnected && before.focus();
  }, []);
  const pressed = (event) => { if (event.target === element.current) onClose(); }; // beside it
  return html`<dialog ref=${element} class=${`dialog ${wide ? 'wide' : ''} ${side ? 'side' : ''} ${more}`} aria-labelledby=${id}
    onCancel=${(e) => { if (e.target !== element.current) return; e.preventDefault(); onClose(); }} onMouseDown=${pressed}>
    <div class="dialog-frame">
      <header><h2 id=${id}>${title}</h2><${IconButton} icon="close" label=${t('ui.close')} onClick=${onClose} /></header>
      <div class="dialog-body">${children}</div>
      ${actions && html`<footer>${actions}</footer>`}
    </div>
  </dialog>`;
}

// FormDialog is a dialog around a form of useForm.
export function FormDialog({ form, submit, danger, children, onClose, extra, ...rest }) {
  const id = useId();
  const actions = html`${extra}<span class="grow" /><${Button} onClick=${onClose}>${t('ui.cancel')}<//>
    <${Button} type="submit" form=${id} kind=${danger ? 'danger' : 'primary'} busy=${form.busy} data-testid="dialog-submit">${submit ?? t('ui.save')}<//>`;
  return html`<${Dialog} ...${rest} onClose=${onClose} actions=${actions}>
    <form id=${id} class="form" onSubmit=${form.send} novalidate>${children}</form><//>`;
}

const asked = signal(null);

// confirm asks, and resolves to true or false.
export const confirm = (question) => new Promise((answer) => { asked.value = { ...question, answer }; });

// Confirmations shows the question of now; the shell has it once.
export function Confirmations() {
  const question = useSignal(asked);
  if (!question) return null;
  const end = (yes) => {
    asked.value = null;
    question.answer(yes);
  };
  const actions = html`<span class="grow" /><${Button} onClick=${() => end(false)}>${t('ui.cancel')}<//>
    <${Button} kind=${question.danger ? 'danger' : 'primary'} autofocus onClick=${() => end(true)} data-testid="confirm">${question.action ?? t('ui.confirm')}<//>`;
  return html`<${Dialog} title=${question.title} onClose=${() => end(false)} actions=${actions}>${question.body}<//>`;
}
