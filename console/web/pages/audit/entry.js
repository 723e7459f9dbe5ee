// One event of the log, which opens.
import { html, cx, useState } from '../../kernel/view.js';
import { number, t } from '../../kernel/text.js';
import { href } from '../../kernel/router.js';
import { isAdmin } from '../../kernel/session.js';
import { Badge, Button, Facts, Time } from '../../ui/all.js';
import { undo } from '../../changes/undo.js';
import { Sentence, saidOf } from './sentence.js';
import { undoable } from './undoable.js';
import { Wrong, newest, oneEvent } from './proof/check.js';
import { readLog } from './proof/read.js';

/** pages are those that show a resource of a kind, by its id. */
const pages = { zone: (id) => `/zones/${id}`, task: (id) => `/tasks/${id}`, server: (id) => `/servers/${id}` };

export function Entry({ event, fresh }) {
  const [open, setOpen] = useState(false);
  return html`<li class=${cx('log-entry', fresh && 'fresh', open && 'open')} data-testid="audit-row" data-position=${event.position}>
    <button type="button" class="entry-head" aria-expanded=${open ? 'true' : 'false'} onClick=${() => setOpen(!open)}>
      <span class="mono dim entry-position">${event.position}</span><${Time} value=${event.time} form="short" />
      <span class="entry-said"><${Sentence} ...${event} /></span>
      ${event.credential && html`<${Badge}>${t('audit.credential', { name: event.credential.name ?? `#${event.credential.id}` })}<//>`}
      <${Badge}>${event.door ?? '–'}<//>
    </button>
    ${open && html`<${Details} event=${event} />`}
  </li>`;
}

function Details({ event }) {
  const { resource } = event;
  const page = pages[resource?.kind]?.(resource.id);
  return html`<div class="entry-body"><${Facts} of=${[
    [t('audit.what'), html`<span class="mono">${event.type}</span>`],
    [t('audit.time'), html`<${Time} value=${event.time} form="full" />`],
    [t('audit.resource'), resource && html`${page ? html`<a href=${href(page)}>${resource.name ?? resource.id}</a>` : resource.name} <span class="mono dim">${resource.kind}${resource.id === null ? '' : `:${resource.id}`}</span>`],
    [t('audit.change'), event.change === event.position ? number(event.position) : t('audit.changeOf', { position: event.change })],
    [t('audit.command'), html`<span class="mono">${event.command}</span>`],
  ]} />
  <pre class="mono data" tabindex="0" aria-label=${t('audit.details')}>${JSON.stringify(event.data, null, 2)}</pre>
  <div class="entry-actions">${page && html`<a class="button small plain" href=${href(page, { as_of: event.change })}>${t('audit.showThen')}</a>`}
    ${undoable(event) && html`<${Button} small icon="undo" onClick=${() => undo({ positions: [event.change] }, saidOf(event))} data-testid="undo">${t('audit.undo')}<//>`}
    ${isAdmin() && html`<${Proved} position=${event.position} />`}</div></div>`;
}

/** Proved has the browser prove that the event is in the log, on demand: admins alone may read its bytes. */
function Proved({ position }) {
  const [result, setResult] = useState(null);
  const prove = async () => {
    try {
      const read = readLog();
      const { checkpoint } = await newest(read, '');
      await oneEvent(read, checkpoint, position);
      setResult({ good: true, text: t('audit.proved', { position, size: checkpoint.size }) });
    } catch (error) {
      const why = error instanceof Wrong ? t(`proof.wrong.${error.code}`, { position: error.position }) : error.message;
      setResult({ good: false, text: t('audit.notProved', { why }) });
    }
  };
  return html`<${Button} small icon="proof" onClick=${prove} data-testid="audit-prove">${t('audit.prove')}<//>
    ${result && html`<span class=${result.good ? 'good-text' : 'bad-text'} role="status" data-testid="audit-proved">${result.text}</span>`}`;
}
