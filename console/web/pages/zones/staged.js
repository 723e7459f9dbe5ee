// An import that is too large for one change: it goes on by itself, and is all there at once.
import { html, useEffect, useState } from '../../kernel/view.js';
import { get } from '../../kernel/http.js';
import { t } from '../../kernel/text.js';
import { Button } from '../../ui/button.js';
import { Progress } from '../../ui/state.js';
import { propose } from '../../changes/change.js';
import { follow } from '../../changes/live.js';

export function ImportProgress({ id, onEnd }) {
  const [state, set] = useState(null);
  useEffect(() => {
    const stop = new AbortController();
    watch(id, set, stop.signal).catch(() => {}); // the next look at the page shows the records
    return () => stop.abort();
  }, [id]);
  useEffect(() => {
    if (state?.state !== 'done') return;
    follow({ position: state.position, title: t('zones.imported', { n: state.changes }), began: performance.now(), undoable: true });
    onEnd();
  }, [state?.state]);
  if (!state) return null;
  if (state.state === 'void') return html`<div class="failure" role="alert"><p>${t('zones.importVoid', { reason: state.reason })}</p><${Button} small onClick=${onEnd}>${t('ui.close')}<//></div>`;
  const percent = Math.floor((100 * state.appended) / Math.max(1, state.changes));
  return html`<div class="staged"><${Progress} percent=${percent} label=${t('zones.import')} /><span>${t('zones.importRuns', { n: state.appended, all: state.changes })}</span>
    <${Button} small onClick=${() => propose({ title: t('zones.importCancel'), danger: true, write: { method: 'DELETE', path: `/v1/imports/${id}` } })}>${t('zones.cancel')}<//></div>`;
}

async function watch(id, set, signal) {
  for (;;) {
    const state = await get(`/v1/imports/${id}`, {}, { signal });
    set(state);
    if (state.state !== 'running') return;
    await new Promise((resolve) => { setTimeout(resolve, 500); });
    signal.throwIfAborted();
  }
}
