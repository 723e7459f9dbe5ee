// What programs act with in place of a login: its bounds, and when it was used.
import { html, useState } from '../../kernel/view.js';
import { del, get, post } from '../../kernel/http.js';
import { useLive, useLoad } from '../../kernel/data.js';
import { useKey } from '../../kernel/keys.js';
import { asOf, useQuery } from '../../kernel/router.js';
import { useSignal } from '../../kernel/signal.js';
import { isAdmin } from '../../kernel/session.js';
import { fromInput } from '../../kernel/time.js';
import { t } from '../../kernel/text.js';
import { Badge, Button, Checkbox, confirm, Empty, Facts, Failure, FormDialog, IconButton, Input, Loaded, Page, Panel, Select, Table, Time, toast, toastError, useForm } from '../../ui/all.js';
import { Secret } from './secret.js';

export default function Credentials() {
  const { user_id: user = '' } = useQuery();
  const list = useLive(({ signal }) => get('/v1/credentials', { limit: 1000, user_id: user }, { signal, past: false }), [user], ['credential', 'user']);
  const past = useSignal(asOf) !== '';
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState(null);
  useKey('n', 'credentials.add', !past && (() => setAdding(true)));
  return html`<${Page} title=${t('shell.nav.credentials')} actions=${!past && html`<${Button} icon="plus" kind="primary" data-testid="credential-add" onClick=${() => setAdding(true)}>${t('credentials.add')}<//>`}>
    <p class="soft">${t('credentials.hint')}</p>
    <${Panel} flush><${Loaded} of=${list}>${({ credentials }) => html`<${Table} label=${t('shell.nav.credentials')} testid="credential-row" rows=${credentials} columns=${columns(past)} empty=${html`<${Empty} icon="credentials" title=${t('credentials.none')} />`} />`}<//><//>
    ${adding && html`<${Add} onClose=${() => setAdding(false)} onMade=${setMade} />`}
    ${made && html`<${Secret} title=${t('credentials.made')} secret=${made.secret} onClose=${() => setMade(null)} more=${made.key_name && html`<${Facts} of=${[[t('credentials.keyName'), html`<code>${made.key_name}</code>`], [t('credentials.algorithm'), made.algorithm]]} />`} />`}<//>`;
}

const columns = (past) => [
  { key: 'name', title: t('ui.name'), render: (c) => html`<b>${c.name}</b> ${c.key_name && html`<code>${c.key_name}</code>`}` },
  { key: 'kind', title: t('ui.type'), render: (c) => html`<${Badge}>${c.kind === 'tsig' ? 'TSIG' : t('credentials.token')}<//>` },
  { key: 'user', title: t('credentials.actsFor'), render: (c) => c.username },
  { key: 'bounds', title: t('credentials.bounds'), class: 'wide', render: (c) => html`<span class="badges">${bounds(c)}</span>` },
  { key: 'used', title: t('credentials.lastUsed'), render: (c) => html`<${Time} value=${c.last_used_at} />${c.seen_in_clear && html` <${Badge} kind="bad">${t('credentials.inClear')}<//>`}` },
  { key: 'expires', title: t('credentials.expires'), render: (c) => (c.expires_at ? html`<${Time} value=${c.expires_at} />` : html`<span class="dim">${t('credentials.never')}</span>`) },
  { key: 'do', align: 'end', render: (c) => !past && html`<${IconButton} icon="trash" small label=${t('credentials.end', { name: c.name })} onClick=${() => end(c)} />` },
];

function bounds({ view, restrict: { read_only, zones, names, types } }) {
  const all = [read_only && t('credentials.readOnly'), view && `${t('credentials.view')} ${view}`, ...(zones ?? []), ...(names ?? []), ...(types ?? [])].filter(Boolean);
  return all.length ? all.map((b) => html`<${Badge} key=${b}>${b}<//>`) : html`<${Badge} kind="wait">${t('credentials.unbounded')}<//>`;
}

async function end(c) {
  if (!(await confirm({ title: t('credentials.end', { name: c.name }), body: t('credentials.endBody'), action: t('credentials.endAction'), danger: true }))) return;
  try {
    await del(`/v1/credentials/${c.id}`);
    toast(t('credentials.ended', { name: c.name }));
  } catch (error) { toastError(error); }
}

const list = (text) => text.split(/[\s,;]+/).filter(Boolean);

function Add({ onClose, onMade }) {
  const views = useLoad(({ signal }) => get('/dns/views', { pageSize: 1000 }, { signal, past: false }), []);
  const users = useLoad(({ signal }) => (isAdmin() ? get('/admin/users', { pageSize: 1000 }, { signal, past: false }) : { users: [] }), []);
  const form = useForm({ name: '', kind: 'token', algorithm: 'hmac-sha256', user_id: '', view: '', expires_at: '', read_only: false, zones: '', names: '', types: '' }, async (v) => {
    const restrict = { ...(v.read_only ? { read_only: true } : {}), ...(v.zones.trim() ? { zones: list(v.zones) } : {}), ...(v.names.trim() ? { names: list(v.names) } : {}), ...(v.types.trim() ? { types: list(v.types.toUpperCase()) } : {}) };
    const reply = await post('/v1/credentials', {
      name: v.name, kind: v.kind, restrict, ...(v.kind === 'tsig' ? { algorithm: v.algorithm } : {}), ...(v.user_id ? { user_id: Number(v.user_id) } : {}),
      ...(v.view ? { view: v.view } : {}), ...(v.expires_at ? { expires_at: fromInput(v.expires_at) } : {}),
    });
    onClose();
    onMade(reply.data);
  });
  const { values } = form;
  return html`<${FormDialog} form=${form} title=${t('credentials.add')} submit=${t('ui.add')} onClose=${onClose}>
    <div class="form-row"><${Input} label=${t('ui.name')} required ...${form.at('name')} /><${Select} label=${t('ui.type')} ...${form.at('kind')} options=${[['token', t('credentials.token')], ['tsig', t('credentials.tsig')]]} /></div>
    ${values.kind === 'tsig' && html`<${Select} label=${t('credentials.algorithm')} ...${form.at('algorithm')} options=${['hmac-sha256', 'hmac-sha384', 'hmac-sha512']} />`}
    ${isAdmin() && html`<${Select} label=${t('credentials.actsFor')} ...${form.at('user_id')} hint=${t('credentials.serviceOnly')} options=${[['', t('credentials.myself')], ...(users.data?.users ?? []).map((u) => [String(u.id), u.username])]} />`}
    <div class="form-row"><${Select} label=${t('credentials.view')} ...${form.at('view')} options=${[['', t('credentials.allViews')], ...(views.data?.views ?? []).map((v) => v.name)]} /><${Input} label=${t('credentials.expires')} type="datetime-local" ...${form.at('expires_at')} /></div>
    <${Checkbox} label=${t('credentials.readOnly')} value=${values.read_only} onValue=${(v) => form.set({ read_only: v })} />
    <${Input} label=${t('credentials.zones')} mono placeholder="**.example.com" hint=${t('credentials.patternHint')} ...${form.at('zones')} /><${Input} label=${t('credentials.names')} mono placeholder="_acme-challenge.**" ...${form.at('names')} /><${Input} label=${t('credentials.types')} mono placeholder="TXT" ...${form.at('types')} />
    <${Failure} error=${form.error ?? (form.problem?.field?.startsWith('restrict') ? form.problem : null)} /><//>`;
}
