import { html, useState } from '../../kernel/view.js';
import { get, post } from '../../kernel/http.js';
import { useLive } from '../../kernel/data.js';
import { useKey } from '../../kernel/keys.js';
import { asOf, href, navigate, setQuery, useQuery } from '../../kernel/router.js';
import { useSignal } from '../../kernel/signal.js';
import { number, t } from '../../kernel/text.js';
import { Badge, Button, Empty, Failure, FormDialog, Input, Loaded, Page, Pager, Panel, Select, Table, Time, toast, useForm, warn } from '../../ui/all.js';

const size = 50;

export default function Users() {
  const { username = '', page = '1' } = useQuery();
  const list = useLive(({ signal }) => get('/admin/users', { username, currentPage: page, pageSize: size }, { signal }), [username, page], ['user', 'role']);
  const past = useSignal(asOf) !== '';
  const [adding, setAdding] = useState(false);
  useKey('n', 'access.addUser', !past && (() => setAdding(true)));
  return html`<${Page} title=${t('shell.nav.users')} note=${list.data && number(list.data.total)}
      actions=${!past && html`<${Button} icon="plus" kind="primary" data-testid="user-add" onClick=${() => setAdding(true)}>${t('access.addUser')}<//>`}>
    <div class="filters"><${Input} class="grow-field" label=${t('ui.filter')} type="search" placeholder=${t('access.username')} value=${username} onValue=${(v) => setQuery({ username: v, page: '' })} /></div>
    <${Panel} flush><${Loaded} of=${list}>${({ users, total }) => html`<${Table} label=${t('shell.nav.users')} rows=${users} testid="user-row" onOpen=${(u) => navigate(`/users/${u.id}`)} columns=${columns()}
      empty=${html`<${Empty} icon="users" title=${t('access.noUsers')} />`} /><div class="panel-body"><${Pager} page=${Number(page)} size=${size} total=${total} onPage=${(p) => setQuery({ page: p })} /></div>`}<//><//>
    ${adding && html`<${Add} onClose=${() => setAdding(false)} />`}<//>`;
}

const columns = () => [
  { key: 'username', title: t('access.username'), render: (u) => html`<a href=${href(`/users/${u.id}`)}>${u.username}</a>` },
  { key: 'name', title: t('access.fullName'), render: (u) => u.chinese_name || '–' }, { key: 'email', title: t('access.mail'), render: (u) => u.email || '–' },
  { key: 'roles', title: t('shell.nav.roles'), class: 'wide', render: (u) => html`<span class="badges">${u.roles.map((r) => html`<${Badge} key=${r.id} kind=${r.name === 'admin' ? 'accent' : ''}>${r.name}<//>`)}</span>` },
  { key: 'seen', title: t('access.lastSeen'), render: (u) => html`<${Time} value=${u.last_seen} />` },
];

// Add makes a local user, or a service user, for whom programs act.
function Add({ onClose }) {
  const form = useForm({ kind: 'local', username: '', passwd: '', mail: '', department: '' }, async ({ kind, username, ...local }) => {
    const reply = kind === 'service' ? await post('/v1/users', { username, kind }) : await post('/api/user', { action: 'add', data: { username, ...local, permissions: [] } });
    warn(reply);
    toast(t('ui.saved'));
    onClose();
    const id = reply.headers.get('Opsledger-Id');
    if (id) navigate(`/users/${id}`);
  });
  const service = form.values.kind === 'service';
  return html`<${FormDialog} form=${form} title=${t('access.addUser')} submit=${t('ui.add')} onClose=${onClose}>
    <${Select} label=${t('ui.type')} ...${form.at('kind')} options=${[['local', t('access.local')], ['service', t('access.service')]]} hint=${service ? t('access.serviceHint') : undefined} />
    <${Input} label=${t('access.username')} required ...${form.at('username')} />
    ${!service && html`<${Input} label=${t('shell.password')} required type="password" autocomplete="new-password" ...${form.at('passwd')} />
      <div class="form-row"><${Input} label=${t('access.mail')} required type="email" ...${form.at('mail')} /><${Input} label=${t('access.department')} required ...${form.at('department')} /></div>`}
    <${Failure} error=${form.error} /><//>`;
}
