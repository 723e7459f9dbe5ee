// The newest changes of the DNS, each followed until all servers have it.
import { html, useEffect, useRef, useState } from '../../kernel/view.js';
import { get } from '../../kernel/http.js';
import { useLoad } from '../../kernel/data.js';
import { onChange } from '../../kernel/events.js';
import { has, t } from '../../kernel/text.js';
import { shown as inScript } from '../../dns/names.js';
import { Empty, LiveState, Loaded, Progress, Time } from '../../ui/all.js';

const shown = 9;
const followed = 4; // at once: each holds a request

export function Changes() {
  const loaded = useLoad(async ({ signal }) => byChange((await get('/v1/events', { context: 'dns', limit: 60, order: 'desc' }, { signal, past: false })).events), []);
  const [list, setList] = useState(null);
  useEffect(() => { if (loaded.data) setList(loaded.data); }, [loaded.data]);
  useEffect(() => onChange('*', (event) => {
    if (!event) loaded.reload();
    else if (event.context === 'dns') setList((now) => byChange([event], now ?? []));
  }), []);
  return html`<${Loaded} of=${loaded} lines=${5}>${() => (list?.length ? html`<ol class="feed">${list.map((change, i) => html`<${Change} key=${change.position} change=${change} follow=${i < followed} />`)}</ol>` : html`<${Empty} icon="check" title=${t('overview.noChanges')} />`)}<//>`;
}

// byChange puts events, the newest first, to the changes that they are of; a change is what one write did.
function byChange(events, before = []) {
  const changes = [...before];
  for (const event of events) {
    const known = changes.find((c) => c.position === event.change);
    if (known && known.events.includes(event.position)) continue;
    if (known) {
      known.events = [...known.events, event.position];
      known.last = Math.max(known.last, event.position);
    } else {
      changes.push({ position: event.change, last: event.position, events: [event.position], first: event });
    }
  }
  return changes.sort((a, b) => b.position - a.position).slice(0, shown);
}

function Change({ change, follow }) {
  const { first, events } = change;
  const state = useChangeState(change.last, follow);
  const what = has(`overview.event.${first.type}`) ? t(`overview.event.${first.type}`) : first.type;
  return html`<li><div class="line"><span class="cut grow"><b>${what}</b> <span class="mono">${inScript(first.resource?.name ?? '') || `${first.resource?.kind ?? ''} ${first.resource?.id ?? ''}`}</span>${events.length > 1 && html` <span class="dim">${t('overview.andMore', { n: events.length - 1 })}</span>`}</span>
    ${state ? html`<${LiveState} state=${state.state} percent=${state.percent} title=${state.servers?.map((s) => s.error).filter(Boolean).join('\n')} />` : html`<span class="dim">#${change.position}</span>`}</div>
    ${state?.state === 'PENDING' && html`<${Progress} percent=${state.percent} label=${t('ui.state.PENDING')} />`}
    <div class="dim small-line">${first.actor?.username || 'system'} · <${Time} value=${first.time} /> · #${change.position}</div></li>`;
}

// useChangeState is the state of a change; where it is followed it is asked for until it is not pending.
function useChangeState(position, follow) {
  const [state, set] = useState(null);
  const done = useRef(false);
  useEffect(() => {
    if (!follow || done.current) return undefined;
    const control = new AbortController();
    (async () => {
      for (let wait = '0s'; !control.signal.aborted; wait = '20s') {
        const now = await get(`/v1/changes/${position}`, { wait }, { signal: control.signal, past: false });
        set(now);
        if (now.state !== 'PENDING' || now.servers.length === 0) { done.current = true; return; }
        await new Promise((resolve) => { setTimeout(resolve, 250); });
      }
    })().catch(() => { /* left, or refused: the position stays without a state */ });
    return () => control.abort();
  }, [position, follow]);
  return state;
}
