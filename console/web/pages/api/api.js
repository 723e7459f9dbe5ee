// The API from its own description, each call of which can be tried with one's session.
import { html, useMemo, useState } from '../../kernel/view.js';
import { get } from '../../kernel/http.js';
import { useLoad } from '../../kernel/data.js';
import { setQuery, useQuery } from '../../kernel/router.js';
import { number, t } from '../../kernel/text.js';
import { Input, Loaded, Page, Panel } from '../../ui/all.js';
import { Operation } from './operation.js';

const methods = ['get', 'post', 'put', 'patch', 'delete'];

// operations are all of a description, by their tags in the order of it.
function operations(description) {
  const found = [];
  for (const [path, item] of Object.entries(description.paths)) {
    for (const method of methods) {
      if (!item[method]) continue;
      found.push({ id: item[method].operationId, method, path, ...item[method], parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])] });
    }
  }
  return found;
}

export default function API() {
  const loaded = useLoad(({ signal }) => get('/v1/openapi.json', {}, { signal, past: false }), []);
  return html`<${Page} title=${t('api.title')} note=${html`<a href="/v1/openapi.yaml" target="_blank" rel="noopener">openapi.yaml</a>`} full>
    <${Loaded} of=${loaded} lines=${12}>${(description) => html`<${Browser} description=${description} />`}<//><//>`;
}

function Browser({ description }) {
  const { q = '', op = '' } = useQuery();
  const all = useMemo(() => operations(description), [description]);
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = all.filter((o) => words.every((w) => `${o.method} ${o.path} ${o.summary} ${o.id}`.toLowerCase().includes(w)));
  const chosen = all.find((o) => o.id === op) ?? shown[0];
  const groups = new Map(description.tags.map((tag) => [tag.name, []]));
  for (const o of shown) groups.set(o.tags[0], [...(groups.get(o.tags[0]) ?? []), o]);
  const about = Object.fromEntries(description.tags.map((tag) => [tag.name, tag.description]));
  return html`<div class="api"><div class="api-list"><${Input} label=${t('api.find')} type="search" value=${q} onValue=${(v) => setQuery({ q: v })} />
      <p class="dim">${t('api.count', { n: shown.length })}</p>
      <nav class="api-operations" aria-label=${t('api.operations')}>${[...groups].filter(([, list]) => list.length).map(([tag, list]) => html`<${Group} key=${tag} tag=${tag} about=${about[tag]} list=${list} chosen=${chosen} open=${words.length > 0 || list.includes(chosen)} />`)}</nav></div>
    <div class="stack">${chosen ? html`<${Operation} key=${chosen.id} operation=${chosen} description=${description} />` : html`<${Panel}>${t('api.nothing')}<//>`}</div></div>`;
}

function Group({ tag, about, list, chosen, open }) {
  const [shown, show] = useState(false);
  return html`<details open=${open || shown} onToggle=${(e) => show(e.currentTarget.open)}><summary title=${about}>${tag} <span class="dim">${number(list.length)}</span></summary>
    <ul>${list.map((o) => html`<li key=${o.id}><button type="button" class=${o === chosen ? 'current' : ''} aria-current=${o === chosen ? 'true' : undefined} onClick=${() => setQuery({ op: o.id })} title=${o.summary}><span class=${`method ${o.method}`}>${o.method}</span><span class="cut mono">${o.path}</span></button></li>`)}</ul></details>`;
}

