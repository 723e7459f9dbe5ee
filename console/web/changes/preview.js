// The dialog that shows what a change would do, and applies it.
import { html, cx, useEffect, useRef } from '../kernel/view.js';
import { useSignal } from '../kernel/signal.js';
import { t } from '../kernel/text.js';
import { Button } from '../ui/button.js';
import { Dialog } from '../ui/dialog.js';
import { Failure } from '../ui/form.js';
import { Spinner } from '../ui/state.js';
import { apply, propose, proposal, withdraw } from './change.js';
import { useServerNames, useZoneNames } from './names.js';
import { ZoneText } from './zonetext.js';

// Preview shows the proposal of now; the shell has it once.
export function Preview() {
  const own = useSignal(proposal);
  return own && html`<${Proposal} key=${own.write} own=${own} />`;
}

function Proposal({ own }) {
  const button = useRef(null);
  const { stage, preview, error, explained, title } = own;
  useEffect(() => { if (stage === 'ready') button.current?.querySelector('button')?.focus(); }, [stage]);
  const again = explained?.again;
  const actions = html`
    ${stage === 'applying' && html`<${Spinner} />`}<span class="grow" />
    <${Button} onClick=${withdraw} disabled=${stage === 'applying'}>${t('changes.back')}<//>
    ${again && html`<${Button} onClick=${() => propose({ ...own, write: again() })}>${t('changes.mineOver')}<//>`}
    <span ref=${button}><${Button} kind=${own.danger ? 'danger' : 'primary'} data-testid="apply" busy=${stage === 'applying'} disabled=${stage !== 'ready'} onClick=${apply}>${t('changes.apply')}<//></span>`;
  return html`
    <${Dialog} title=${title} wide onClose=${withdraw} actions=${actions} class="preview">
      ${stage === 'deciding' && html`<p class="dim"><${Spinner} /> ${t('changes.deciding')}</p>`}
      ${own.note && html`<p>${own.note}</p>`}
      ${error && (explained ? html`<${Conflict} error=${error} explained=${explained} />` : html`<${Failure} error=${error} /><${Refused} error=${error} />`)}
      ${preview && html`<${Effect} preview=${preview} />`}
    <//>`;
}

// Refused lists the operations of a batch that were refused, each with its field.
function Refused({ error }) {
  if (!error.operations?.length) return null;
  return html`<ul class="refused">${error.operations.slice(0, 50).map((r) => html`<li key=${r.index}><b>${t('changes.operation', { n: r.index + 1 })}</b> ${r.error}</li>`)}</ul>`;
}

// Conflict shows what somebody else made of it meanwhile beside what was to be made of it.
function Conflict({ error, explained }) {
  return html`
    <div class="conflict" data-testid="conflict" role="alert">
      <p>${t('changes.conflict')} <span class="dim">${error.message}</span></p>
      <table class="versions">
        <thead><tr><td></td><th scope="col">${t('changes.was')}</th><th scope="col">${t('changes.theirs')}</th><th scope="col">${t('changes.mine')}</th></tr></thead>
        <tbody>${explained.rows.map(([name, was, theirs, mine]) => html`
          <tr key=${name}><th scope="row">${name}</th><td>${was ?? '–'}</td><td class=${cx(theirs !== was && 'differs')}>${theirs ?? '–'}</td><td class=${cx(mine !== was && 'differs')}>${mine ?? '–'}</td></tr>`)}
        </tbody>
      </table>
      ${explained.by && html`<p class="dim">${explained.by}</p>`}
    </div>`;
}

// Effect shows what a change would do: the zone text that goes and comes, the servers concerned, and what is odd.
export function Effect({ preview }) {
  const { diff, servers, warnings, config, events } = preview;
  const lines = diff.reduce((n, d) => n + d.removed.length + d.added.length, 0);
  return html`
    ${warnings.length > 0 && html`<ul class="said">${warnings.map((w, i) => html`<li key=${i} class="odd">${w.field && html`<b>${w.field}</b> `}${w.text}</li>`)}</ul>`}
    <${ZoneText} diff=${diff} zones=${useZoneNames(diff)} />
    ${config && html`<${ZoneText} diff=${[{ zone_id: 0, view: '', removed: config.before.split('\n'), added: config.after.split('\n') }]} zones=${() => t('changes.config')} />`}
    ${lines === 0 && !config && html`<p class="dim">${t(events.length === 0 ? 'changes.nothing' : 'changes.notServed')}</p>`}
    <${Servers} ids=${servers} />`;
}

function Servers({ ids }) {
  const name = useServerNames();
  if (ids.length === 0) return null;
  return html`<p class="concerned">${t('changes.servers', { n: ids.length })} ${ids.map((id) => html`<span key=${id} class="chip">${name(id)}</span>`)}</p>`;
}
