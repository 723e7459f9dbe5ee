// The log, by filters and as it grows.
import { html, useEffect, useState } from '../../kernel/view.js';
import { useSignal } from '../../kernel/signal.js';
import { number, t } from '../../kernel/text.js';
import { get } from '../../kernel/http.js';
import { onChange } from '../../kernel/events.js';
import { asOf, setQuery, useQuery } from '../../kernel/router.js';
import { fromInput } from '../../kernel/time.js';
import { useLoad } from '../../kernel/data.js';
import { Button, Empty, Input, Loaded, Page, Select } from '../../ui/all.js';
import names from '../../text/en/events.js';
import { Entry } from './entry.js';

const size = 100;
/** How many new events a page keeps, at its top. */
const mostNew = 500;

export default function Audit() {
  const query = useQuery();
  const past = useSignal(asOf);
  const { type = '', context = '', actor = '', resource = '', since = '', until = '' } = query;
  const [cursors, setCursors] = useState([null]);
  const filter = { type, context, actor, resource, since: fromInput(since), until: fromInput(until) };
  const key = Object.values(filter).join('\n');
  useEffect(() => setCursors([null]), [key, past]);
  const load = ({ signal }) => Promise.all(cursors.map((cursor) => get('/v1/events', { ...filter, ...upTo(past), limit: size, cursor }, { signal, past: false })));
  const events = useLoad(load, [key, cursors.length, past]);
  const head = events.data?.[0]?.head;
  return html`<${Page} title=${t('audit.title')} note=${head && t('audit.head', { position: number(head) })}>
    <${Filters} filter=${query} />
    <${Loaded} of=${events} lines=${10}>${(pages) => html`
      ${!past && html`<${Fresh} key=${key} filter=${filter} after=${pages[0].head} />`}
      <${Entries} events=${pages.flatMap((p) => p.events)} />
      <${More} page=${pages.at(-1)} none=${pages.every((p) => p.events.length === 0)} onMore=${(next) => setCursors([...cursors, next])} />`}<//>
  <//>`;
}

/** upTo shows the log as it was: /v1/events has no past of its own, since it is the past. */
function upTo(moment) {
  if (!moment) return {};
  return /^\d+$/.test(moment) ? { before: Number(moment) + 1 } : { until: new Date(new Date(moment).getTime() + 1).toISOString() };
}

function Filters({ filter }) {
  const set = (name) => (value) => setQuery({ [name]: value });
  const any = ['type', 'context', 'actor', 'resource', 'since', 'until'].some((name) => filter[name]);
  return html`<div class="filters">
    <${Select} label=${t('audit.context')} value=${filter.context} onValue=${set('context')} options=${[['', t('audit.anyContext')], ['dns', t('audit.contextDns')], ['ops', t('audit.contextOps')], ['access', t('audit.contextAccess')]]} />
    <${Select} label=${t('audit.type')} value=${filter.type} onValue=${set('type')} options=${[['', t('audit.anyType')], ...(filter.type?.includes(',') ? [filter.type] : []), ...Object.keys(names)]} />
    <${Input} label=${t('audit.actor')} value=${filter.actor} onValue=${set('actor')} data-testid="audit-actor" />
    <${Input} label=${t('audit.resource')} placeholder=${t('audit.resourceHint')} value=${filter.resource} onValue=${set('resource')} data-testid="audit-resource" />
    <${Input} label=${t('audit.since')} type="datetime-local" step="1" value=${filter.since} onValue=${set('since')} />
    <${Input} label=${t('audit.until')} type="datetime-local" step="1" value=${filter.until} onValue=${set('until')} />
    ${any && html`<${Button} kind="quiet" icon="close" onClick=${() => setQuery({ type: '', context: '', actor: '', resource: '', since: '', until: '' })}>${t('audit.clear')}<//>`}
  </div>`;
}

/** Fresh shows what was appended since the page was loaded, unless it is paused: then it says how much waits. */
function Fresh({ filter, after }) {
  const [state, setState] = useState({ shown: [], waiting: [], paused: false });
  useEffect(() => onChange('*', (event) => {
    if (!event || event.position <= after || !fits(event, filter)) return;
    setState((s) => (s.paused ? { ...s, waiting: [event, ...s.waiting].slice(0, mostNew) } : { ...s, shown: [event, ...s.shown].slice(0, mostNew) }));
  }), [after]);
  const toggle = () => setState((s) => ({ shown: [...s.waiting, ...s.shown].slice(0, mostNew), waiting: [], paused: !s.paused }));
  return html`<div class="fresh-bar"><span class="dot ${state.paused ? '' : 'good'}" /> ${t('audit.live')}
    <${Button} small icon=${state.paused ? 'play' : 'stop'} onClick=${toggle} data-testid="audit-pause">${t(state.paused ? 'audit.resume' : 'audit.pause')}<//>
    ${state.waiting.length > 0 && html`<span class="dim" role="status">${t('audit.waiting', { n: state.waiting.length })}</span>`}</div>
    <${Entries} events=${state.shown} fresh />`;
}

/** fits says whether an event is among those that the filter lets through. */
function fits(event, { type, context, actor, resource, since, until }) {
  const of = event.resource ? `${event.resource.kind}${event.resource.id === null ? '' : `:${event.resource.id}`}` : '';
  return (!type || type.split(',').includes(event.type)) && (!context || event.context === context) && (!actor || event.actor.username === actor)
    && (!resource || of === resource || resource.startsWith('zone:') && event.data.zone_id === Number(resource.slice(5)))
    && (!since || event.time >= since) && (!until || event.time < until);
}

const Entries = ({ events, fresh }) => events.length > 0 && html`<ol class="entries">${events.map((event) => html`<${Entry} key=${event.position} event=${event} fresh=${fresh} />`)}</ol>`;

function More({ page, none, onMore }) {
  if (!page.next) return none && html`<${Empty} icon="audit" title=${t('audit.none')} />`;
  return html`${none && html`<p class="dim">${t('audit.looked')}</p>`}<${Button} onClick=${() => onMore(page.next)} data-testid="audit-more">${t('audit.more')}<//>`;
}
