// The newest changes that were applied here, and how far each server is with them.
import { html, cx } from '../kernel/view.js';
import { useSignal } from '../kernel/signal.js';
import { number, t } from '../kernel/text.js';
import { asOf } from '../kernel/router.js';
import { Button, IconButton } from '../ui/button.js';
import { LiveState } from '../ui/state.js';
import { dismiss, followed } from './live.js';
import { undo } from './undo.js';

// LiveStrip stands below the page's bar while something was applied.
export function LiveStrip() {
  const changes = useSignal(followed);
  const moment = useSignal(asOf);
  if (changes.length === 0 || moment) return null;
  return html`<div class="live-strip" role="status" aria-live="polite">${changes.map((c, i) => html`<${Followed} key=${c.position} change=${c} newest=${i === 0} />`)}</div>`;
}

function Followed({ change, newest }) {
  const { position, title, state, percent, servers, took, undoable } = change;
  const done = servers.filter((s) => s.applied).length;
  return html`
    <div class=${cx('followed', state.toLowerCase())}>
      <${LiveState} state=${state} percent=${percent} testid=${newest ? 'live-state' : 'live-state-before'} />
      <span class="followed-title" title=${title}>${title} <span class="dim">#${position}</span></span>
      <span class="followed-servers">${servers.slice(0, 12).map((s) => html`
        <span key=${s.server_id} class=${cx('chip', s.error ? 'bad' : s.applied ? 'good' : 'wait')} data-testid="live-server" title=${s.error || (s.applied ? s.ip : t(s.online ? 'changes.behind' : 'changes.away'))}>${s.host}</span>`)}
        ${servers.length > 12 && html`<span class="dim">${t('changes.ofServers', { n: done, all: servers.length })}</span>`}</span>
      ${took !== null && html`<span class="dim took" data-testid="live-took">${t('changes.took', { ms: number(Math.round(took)) })}</span>`}
      ${undoable && html`<${Button} small kind="quiet" icon="undo" onClick=${() => undo({ positions: [position] }, title)}>${t('changes.undo')}<//>`}
      <${IconButton} small icon="close" label=${t('changes.dismiss')} onClick=${() => dismiss(position)} />
    </div>`;
}
