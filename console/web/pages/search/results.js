// All that a search finds, and what is done to all records of a value, in many zones at once.
import { html, useEffect, useState } from '../../kernel/view.js';
import { get } from '../../kernel/http.js';
import { t } from '../../kernel/text.js';
import { asOf, href, navigate, useQuery } from '../../kernel/router.js';
import { useSignal } from '../../kernel/signal.js';
import { Button } from '../../ui/button.js';
import { FormDialog } from '../../ui/dialog.js';
import { Input, Select, TextArea } from '../../ui/field.js';
import { Failure, useForm } from '../../ui/form.js';
import { Page } from '../../ui/page.js';
import { Table } from '../../ui/table.js';
import { Badge, Empty } from '../../ui/state.js';
import { types } from '../../dns/names.js';
import { propose, send } from '../../changes/change.js';
import { hitsOf } from './find.js';

const pageSize = 100;

export default function SearchPage() {
  const { q = '' } = useQuery();
  const moment = useSignal(asOf);
  const [state, set] = useState({ hits: null, next: null, timedOut: false, error: null });
  const [replacing, setReplacing] = useState(false);
  async function read(cursor, before) {
    try {
      const found = await get('/v1/search', { q, limit: pageSize, cursor });
      set({ hits: [...before, ...hitsOf(found)], next: found.next, timedOut: found.timed_out, error: null });
    } catch (error) {
      set({ hits: before, next: null, timedOut: false, error });
    }
  }
  useEffect(() => {
    if (q) read('', []);
    else set({ hits: [], next: null, timedOut: false, error: null });
  }, [q, moment]);
  const columns = [
    { key: 'kind', title: t('search.type'), render: (h) => html`<${Badge}>${t(`search.kinds.${h.kind}`)}<//>` },
    { key: 'title', title: t('zones.name'), class: 'wide', render: (h) => html`<a href=${href(h.path, h.query)}>${h.title}</a>` },
    { key: 'note', title: t('search.details'), render: (h) => html`<span class="mono soft">${h.note}</span>` },
  ];
  return html`
    <${Page} title=${q ? `${t('search.results')}: ${q}` : t('search.results')} actions=${!moment && html`<${Button} icon="edit" onClick=${() => setReplacing(true)}>${t('search.replace')}<//>`}>
      <${Failure} error=${state.error} />
      ${state.hits !== null && html`<p class="dim" role="status">${t('search.found', { n: state.hits.length })}${state.timedOut ? ` ${t('search.timedOut')}` : ''}</p>`}
      <${Table} label=${t('search.results')} columns=${columns} rows=${state.hits} rowKey=${(h) => h.key} onOpen=${(h) => navigate(h.path, h.query ?? {})} testid="search-result"
        empty=${html`<${Empty} icon="search" title=${q ? t('search.none') : t('search.hint')} />`} />
      ${state.next && html`<div><${Button} onClick=${() => read(state.next, state.hits)}>${t('search.more')}<//></div>`}
      ${replacing && html`<${Replace} given=${q} onClose=${() => setReplacing(false)} />`}
    <//>`;
}

// Replace changes the value or the TTL of all records of a value, in one change.
function Replace({ given, onClose }) {
  const form = useForm({ find: given, type: '', set: '', ttl: '', zones: '' }, async (values) => {
    const zones = values.zones.split(/[\s,]+/).filter(Boolean);
    const body = {
      find: { value: values.find.trim(), ...(values.type ? { type: values.type } : {}) },
      set: { ...(values.set.trim() ? { value: values.set.trim() } : {}), ...(values.ttl.trim() ? { ttl: Number(values.ttl) } : {}) },
      ...(zones.length > 0 ? { zones } : {}),
    };
    const write = { method: 'POST', path: '/v1/records/replace', body };
    await send(write, true);
    onClose();
    propose({ title: values.set.trim() ? t('search.replacing', { find: values.find, set: values.set }) : t('search.settingTtl', { find: values.find, ttl: values.ttl }), write });
  });
  return html`
    <${FormDialog} title=${t('search.replaceTitle')} form=${form} submit=${t('search.preview')} onClose=${onClose}>
      <div class="form-row"><${Input} label=${t('search.find')} ...${form.at('find')} mono required autofocus />
        <${Select} label=${t('search.type')} ...${form.at('type')} options=${[['', '–'], ...types]} /></div>
      <div class="form-row"><${Input} label=${t('search.set')} ...${form.at('set')} mono /><${Input} label=${t('search.ttl')} ...${form.at('ttl')} mono inputmode="numeric" /></div>
      <${TextArea} label=${t('search.zones')} ...${form.at('zones')} mono rows="3" hint=${t('search.zonesHint')} />
      <${Failure} error=${form.error} />
    <//>`;
}
