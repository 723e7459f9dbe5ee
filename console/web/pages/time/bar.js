// The bar over every page that says which moment it shows, and takes another: by a slider over the log, change by
// change, or by what is typed. In the past the page is read-only, and looks it.
import { html, cx, useEffect, useRef, useState } from '../../kernel/view.js';
import { useSignal } from '../../kernel/signal.js';
import { asOf, place, showAsOf } from '../../kernel/router.js';
import { get } from '../../kernel/http.js';
import { t } from '../../kernel/text.js';
import { fullTime, parseTime, shortTime } from '../../kernel/time.js';
import { useKey } from '../../kernel/keys.js';
import { useChanges } from '../../kernel/data.js';
import { Button, IconButton } from '../../ui/button.js';
import { Icon } from '../../ui/icon.js';
import { toastError } from '../../ui/toast.js';
import { LiveStrip } from '../../changes/strip.js';
import { Preview } from '../../changes/preview.js';
import { momentOf } from './moment.js';

export function AsOfBar() {
  return html`<${Bar} /><${LiveStrip} /><${Preview} />`;
}

function Bar() {
  const moment = useSignal(asOf);
  const head = useHead();
  const [typed, setTyped] = useState(null); // what is typed, null while the field shows the moment
  const [wrong, setWrong] = useState(false);
  const [slid, setSlid] = useState(null); // where the slider is held
  const input = useRef(null);
  const at = usePosition(moment, head);
  const past = moment !== '';
  const held = slid ?? at ?? head;
  const label = useTimeOf(held, past || slid !== null);
  useEffect(() => { setTyped(null); setWrong(false); setSlid(null); }, [moment]);
  useKey('t', 'time.keyTime', () => { input.current.focus(); input.current.select(); });

  function take(event) {
    event.preventDefault();
    const read = momentOf(typed ?? moment);
    setWrong(read === null);
    if (read === null) return;
    setTyped(null);
    showAsOf(read);
    input.current.blur();
  }
  const step = (back) => nextChange(held, back, head).then((to) => to !== null && showAsOf(to >= head ? '' : String(to)), toastError);
  const shown = typed ?? (past ? (/^\d+$/.test(moment) ? `#${moment}` : fullTime(moment)) : '');
  return html`
    <form class=${cx('asof', past && 'past')} aria-label=${t('time.moment')} onSubmit=${take}>
      <${Icon} name="clock" />
      <${IconButton} small icon="left" label=${t('time.changeBefore')} onClick=${() => step(true)} />
      <input class="asof-slider" type="range" min="1" max=${Math.max(1, head)} value=${held} aria-label=${t('time.slider')} aria-valuetext=${label || t('time.now')}
        onInput=${(e) => setSlid(Number(e.currentTarget.value))} onChange=${(e) => { const to = Number(e.currentTarget.value); showAsOf(to >= head ? '' : String(to)); setSlid(null); }} />
      <${IconButton} small icon="right" label=${t('time.changeAfter')} disabled=${!past} onClick=${() => step(false)} />
      <input ref=${input} class=${cx('input small mono asof-field', wrong && 'wrong')} data-testid="as-of" value=${slid !== null ? `#${slid}` : shown} placeholder=${t('time.now')} title=${t('time.momentHint')}
        aria-label=${t('time.moment')} aria-invalid=${wrong ? 'true' : undefined} autocomplete="off" spellcheck=${false}
        onInput=${(e) => setTyped(e.currentTarget.value)} onKeyDown=${(e) => { if (e.key === 'Escape') { setTyped(null); e.currentTarget.blur(); } }} />
      <${DateField} onTake=${showAsOf} />
      <span class="asof-label" role="status">${past || slid !== null ? html`<b>${t('time.readOnly')}</b> ${label}` : html`<span class="dim">${t('time.live')}</span>`}</span>
      ${past && html`<${Button} small kind="primary" onClick=${() => showAsOf('')} data-testid="as-of-now">${t('time.backToNow')}<//>`}
    </form>`;
}

// DateField opens the browser's own calendar.
function DateField({ onTake }) {
  const field = useRef(null);
  return html`<span class="asof-date"><${IconButton} small icon="down" label=${t('time.calendar')} onClick=${() => field.current.showPicker()} />
    <input ref=${field} type="datetime-local" tabindex="-1" aria-label=${t('time.calendar')} onChange=${(e) => e.currentTarget.value && onTake(new Date(e.currentTarget.value).toISOString())} /></span>`;
}

// useHead is the position of the log's end.
function useHead() {
  const [head, set] = useState(0);
  const ask = () => get('/v1/events', { limit: 1 }, { past: false }).then((page) => set(page.head), () => {});
  useEffect(() => { ask(); }, []);
  useChanges('*', (events) => {
    const newest = events.at(-1);
    if (newest) set((h) => Math.max(h, newest.position));
    else ask();
  }, { delay: 250 });
  return head;
}

// usePosition is the position that a moment means, null while it is not known.
function usePosition(moment, head) {
  const [at, set] = useState(null);
  useEffect(() => {
    if (moment === '') return set(null);
    if (/^\d+$/.test(moment)) return set(Number(moment));
    get('/v1/events', { until: moment, limit: 1 }, { past: false }).then(({ events }) => set(events[0]?.position ?? 1), () => set(null));
    return undefined;
  }, [moment]);
  return moment === '' ? head : at;
}

// useTimeOf is when the log was at a position.
function useTimeOf(position, wanted) {
  const [label, set] = useState('');
  useEffect(() => {
    if (!wanted || !position) return set('');
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const { events } = await get('/v1/events', { before: position + 1, limit: 1 }, { past: false, signal: stop.signal });
        if (events[0]) set(shortTime(parseTime(events[0].time)));
      } catch { /* the position alone is shown */ }
    }, 80);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [position, wanted]);
  return label;
}

// nextChange is the moment of the change before or after one: of the page's zone, where it has one. The page is then
// as it was before the change that it goes back over.
async function nextChange(position, back, head) {
  const zone = /^\/zones\/(\d+)/.exec(place.value.path)?.[1];
  const resource = zone ? `zone:${zone}` : undefined;
  if (back) {
    const { events } = await get('/v1/events', { resource, before: position + 1, limit: 1 }, { past: false });
    return events[0] && events[0].position > 1 ? events[0].position - 1 : null;
  }
  const { events } = await get('/v1/events', { resource, after: position, order: 'asc', limit: 1 }, { past: false });
  return events[0] ? events[0].change : head;
}
