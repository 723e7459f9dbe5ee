// Events that are sent to receivers, and how their delivery is.
import { html, useState } from '../../kernel/view.js';
import { del, get, post, put } from '../../kernel/http.js';
import { useEvery, useLive } from '../../kernel/data.js';
import { useKey } from '../../kernel/keys.js';
import { asOf } from '../../kernel/router.js';
import { useSignal } from '../../kernel/signal.js';
import { session } from '../../kernel/session.js';
import { has, t } from '../../kernel/text.js';
import { Badge, Button, confirm, Empty, Failure, FormDialog, Input, Loaded, Menu, Page, Panel, Table, Time, toast, toastError, useForm, warn } from '../../ui/all.js';
import { Secret } from '../credentials/secret.js';

export default function Webhooks() {
  const list = useLive(({ signal }) => get('/v1/webhooks', { limit: 1000 }, { signal }), [], ['webhook']);
  useEvery(5000, list.reload); // the delivery is beside the log
  const past = useSignal(asOf) !== '';
  const [edited, edit] = useState(null);
  const [secret, setSecret] = useState(null);
  useKey('n', 'webhooks.add', !past && (() => edit({})));
  return html`<${Page} title=${t('shell.nav.webhooks')} actions=${!past && html`<${Button} icon="plus" kind="primary" data-testid="webhook-add" onClick=${() => edit({})}>${t('webhooks.add')}<//>`}>
    <p class="soft">${t('webhooks.hint')}</p>
    <${Panel} flush><${Loaded} of=${list}>${({ webhooks }) => html`<${Table} label=${t('shell.nav.webhooks')} testid="webhook-row" rows=${webhooks} columns=${columns(past, edit, setSecret, list.reload)} empty=${html`<${Empty} icon="webhooks" title=${t('webhooks.none')} />`} />`}<//><//>
    ${edited && html`<${Edit} hook=${edited} onClose=${() => edit(null)} onMade=${setSecret} />`}
    ${secret && html`<${Secret} title=${t('webhooks.secret')} secret=${secret} onClose=${() => setSecret(null)} />`}<//>`;
}

const kinds = { ACTIVE: 'good', FAILING: 'wait', PAUSED: 'bad' };

const columns = (past, edit, setSecret, reload) => [
  { key: 'url', title: t('webhooks.url'), class: 'wide mono', render: (h) => h.url },
  { key: 'what', title: t('webhooks.what'), render: (h) => html`<span class="badges">${h.types.length ? h.types.slice(0, 3).map((type) => html`<${Badge} key=${type}>${type}<//>`) : html`<${Badge}>${t('webhooks.everything')}<//>`}${h.types.length > 3 && html`<span class="dim">+${h.types.length - 3}</span>`}${h.resource && html`<${Badge} kind="accent">${h.resource}<//>`}</span>` },
  { key: 'user', title: t('webhooks.actsAs'), render: (h) => h.username },
  { key: 'state', title: t('ui.state'), render: (h) => (h.state ? html`<${Badge} kind=${kinds[h.state]} title=${h.last_error}>${has(`webhooks.state.${h.state}`) ? t(`webhooks.state.${h.state}`) : h.state}<//>${h.last_error && h.state !== 'ACTIVE' ? html` <span class="bad-text wrap">${h.last_error}</span>` : ''}` : '–') },
  { key: 'cursor', title: t('webhooks.cursor'), align: 'end', render: (h) => (h.cursor === null ? '–' : `#${h.cursor}`) },
  { key: 'success', title: t('webhooks.lastSuccess'), render: (h) => html`<${Time} value=${h.last_success_at} />` },
  { key: 'do', align: 'end', render: (h) => !past && html`<${Menu} icon="more" label=${t('webhooks.actionsOf', { id: h.id })} items=${actions(h, edit, setSecret, reload)} />` },
];

function actions(h, edit, setSecret, reload) {
  const tried = (run) => () => run().catch(toastError);
  const own = h.user_id === session.value.user.id;
  return [
    ...(own ? [{ text: t('ui.edit'), icon: 'edit', run: () => edit(h) }] : []),
    { text: t(h.paused || h.state === 'PAUSED' ? 'webhooks.resume' : 'webhooks.pause'), icon: h.paused || h.state === 'PAUSED' ? 'play' : 'stop', run: tried(async () => { await put(`/v1/webhooks/${h.id}`, { paused: !(h.paused || h.state === 'PAUSED') }); reload(); }) },
    ...(own ? [
      { text: t('webhooks.test'), icon: 'external', run: tried(async () => {
        const { data } = await post(`/v1/webhooks/${h.id}/test`);
        toast(data.delivered ? t('webhooks.delivered', { ms: data.milliseconds }) : data.error, { kind: data.delivered ? 'good' : 'bad' });
      }) },
      { text: t('webhooks.rotate'), icon: 'refresh', run: tried(async () => setSecret((await post(`/v1/webhooks/${h.id}/rotate`)).data.secret)) },
    ] : []),
    null,
    { text: t('ui.delete'), icon: 'trash', danger: true, run: tried(async () => {
      if (!(await confirm({ title: t('webhooks.deleteTitle'), body: h.url, action: t('ui.delete'), danger: true }))) return;
      await del(`/v1/webhooks/${h.id}`);
      toast(t('webhooks.deleted'));
    }) },
  ];
}

function Edit({ hook, onClose, onMade }) {
  const known = hook.id !== undefined;
  const form = useForm({ url: hook.url ?? '', types: (hook.types ?? []).join(', '), resource: hook.resource ?? '', cursor: '' }, async (v) => {
    const types = v.types.split(/[\s,]+/).filter(Boolean);
    const body = { ...(known && v.url === hook.url ? {} : { url: v.url }), ...(known || types.length ? { types: types.length ? types : null } : {}), ...(known || v.resource ? { resource: v.resource || null } : {}), ...(v.cursor === '' ? {} : { cursor: Number(v.cursor) }) };
    const reply = known ? await put(`/v1/webhooks/${hook.id}`, body) : await post('/v1/webhooks', body);
    warn(reply);
    onClose();
    if (reply.data.secret) onMade(reply.data.secret);
    else toast(t('ui.saved'));
  });
  return html`<${FormDialog} form=${form} title=${t(known ? 'webhooks.edit' : 'webhooks.add')} submit=${known ? undefined : t('ui.add')} onClose=${onClose}>
    <${Input} label=${t('webhooks.url')} required mono type="url" placeholder="https://" ...${form.at('url')} /><${Input} label=${t('webhooks.types')} mono placeholder="RecordAdded, RecordDeleted" hint=${t('webhooks.typesHint')} ...${form.at('types')} />
    <div class="form-row"><${Input} label=${t('webhooks.resource')} mono placeholder="zone:12" ...${form.at('resource')} /><${Input} label=${t('webhooks.from')} inputmode="numeric" hint=${t('webhooks.fromHint')} ...${form.at('cursor')} /></div><${Failure} error=${form.error} /><//>`;
}
