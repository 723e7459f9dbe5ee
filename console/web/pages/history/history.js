// What happened to one resource: when, who, by which door, and what was before and after.
import { html, useState } from '../../kernel/view.js';
import { get } from '../../kernel/http.js';
import { useLive } from '../../kernel/data.js';
import { href, place } from '../../kernel/router.js';
import { fullTime } from '../../kernel/time.js';
import { t } from '../../kernel/text.js';
import { Button, Empty, Failure, Loaded, Time } from '../../ui/all.js';
import { Sentence } from '../audit/sentence.js';

// History shows the list that path answers, of a resource that is called so; the page shows it again after events on the kinds.
export function History({ path, kinds, query = {}, name }) {
  const [older, setOlder] = useState([]);
  const [next, setNext] = useState(null);
  const [error, setError] = useState(null);
  const first = useLive(async ({ signal }) => {
    const data = await get(path, { limit: 20, ...query }, { signal });
    setOlder([]);
    setNext(data.next);
    return data.history;
  }, [path, JSON.stringify(query)], kinds);
  const more = async () => {
    try {
      const data = await get(path, { limit: 50, ...query, cursor: next });
      setOlder((all) => [...all, ...data.history]);
      setNext(data.next);
    } catch (e) { setError(e); }
  };
  return html`<${Loaded} of=${first}>${(history) => (history.length === 0 ? html`<${Empty} icon="clock" title=${t('history.none')} />` : html`
    <ol class="history">${[...history, ...older].map((entry) => html`<${Entry} key=${`${entry.position} ${entry.what}`} entry=${entry} name=${name} />`)}</ol>
    <${Failure} error=${error} />${next && html`<p class="pager"><${Button} small onClick=${more}>${t('ui.loadMore')}<//></p>`}`)}<//>`;
}

function Entry({ entry, name }) {
  return html`<li data-testid="happening"><div class="line"><${Sentence} type=${entry.what} actor=${entry.actor} resource=${{ name: name ?? '' }} /><span class="dim">${entry.door}</span><span class="grow" />
      <a class="mono" href=${href(place.value.path, { as_of: entry.position })} title=${t('history.asOf')}>#${entry.position}</a><${Time} value=${entry.time} /></div>
    <${Changes} before=${entry.before} after=${entry.after} /></li>`;
}

// Changes shows the fields that are different, or all of what came or went.
export function Changes({ before, after }) {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const different = names.filter((n) => JSON.stringify(before?.[n] ?? null) !== JSON.stringify(after?.[n] ?? null));
  if (different.length === 0) return null;
  return html`<dl class="changes">${different.map((n) => html`<div key=${n}><dt>${n}</dt><dd>${before && n in before && html`<del>${text(before[n])}</del>`}${before && after ? ' → ' : ''}${after && n in after && html`<ins>${text(after[n])}</ins>`}</dd></div>`)}</dl>`;
}

function text(value) {
  if (value === null || value === undefined || value === '') return '–';
  if (Array.isArray(value)) return value.map((v) => v?.name ?? v?.username ?? text(v)).join(', ') || '–';
  if (/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(value)) return fullTime(value); // of the server's zone
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
