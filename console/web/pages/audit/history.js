// What happened to one resource, each with what it was before and after.
import { html, useState } from '../../kernel/view.js';
import { t } from '../../kernel/text.js';
import { get } from '../../kernel/http.js';
import { href, place } from '../../kernel/router.js';
import { useLive } from '../../kernel/data.js';
import { Button, Empty, Loaded, Time } from '../../ui/all.js';
import { Sentence } from './sentence.js';

const size = 50;

/** History lists what happened to the resource of an address of the API, such as /v1/tasks/…; `name` is what it is called. */
export function History({ of, kinds, name }) {
  const [pages, setPages] = useState([null]); // the cursors of the pages that are shown
  const load = ({ signal }) => Promise.all(pages.map((cursor) => get(`${of}/history`, { limit: size, cursor }, { signal, past: false })));
  const history = useLive(load, [of, pages.length], kinds);
  return html`<${Loaded} of=${history}>${(loaded) => {
    const all = loaded.flatMap((page) => page.history);
    const { next } = loaded.at(-1);
    if (all.length === 0) return html`<${Empty} icon="clock" title=${t('audit.none')} />`;
    return html`<ol class="happenings">${all.map((one) => html`<${Happening} key=${`${one.position} ${one.what}`} of=${one} name=${name} />`)}</ol>
      ${next && html`<${Button} small onClick=${() => setPages([...pages, next])}>${t('audit.more')}<//>`}`;
  }}<//>`;
}

function Happening({ of: { position, time, actor, door, what, before, after }, name }) {
  const changed = differences(before, after);
  return html`<li class="happening" data-testid="happening"><div class="happening-head"><${Time} value=${time} form="short" />
    <${Sentence} type=${what} actor=${actor} resource=${{ name: name ?? '' }} />
    <span class="dim">${door}</span><span class="grow" /><a class="mono dim" href=${href(place.value.path, { as_of: position })} title=${t('audit.showThen')}>#${position}</a></div>
    ${changed.length > 0 && html`<dl class="changed">${changed.map(([field, from, to]) => html`<div key=${field}><dt class="mono">${field}</dt>
      <dd>${from !== undefined && html`<del class="mono">${from}</del>`} ${to !== undefined && html`<ins class="mono">${to}</ins>`}</dd></div>`)}</dl>`}</li>`;
}

/** differences lists the fields that two states differ in, as texts; nothing where one of them is not there. */
export function differences(before, after) {
  if (!before || !after) return [];
  return Object.keys({ ...before, ...after }).map((field) => [field, text(before[field]), text(after[field])]).filter(([, from, to]) => from !== to);
}

const text = (value) => (value === undefined || typeof value === 'string' ? value : JSON.stringify(value));
