import { html, useState } from '../../kernel/view.js';
import { get, post } from '../../kernel/http.js';
import { useLive } from '../../kernel/data.js';
import { useKey } from '../../kernel/keys.js';
import { asOf, href, navigate } from '../../kernel/router.js';
import { useSignal } from '../../kernel/signal.js';
import { number, t } from '../../kernel/text.js';
import { Badge, Button, Failure, FormDialog, Input, Loaded, Page, Panel, Table, toast, useForm } from '../../ui/all.js';
import { grants, kindText } from './words.js';

export default function Roles() {
  const list = useLive(({ signal }) => get('/admin/roles', { pageSize: 1000 }, { signal }), [], ['role', 'privilege', 'zone', 'server', 'view']);
  const past = useSignal(asOf) !== '';
  const [adding, setAdding] = useState(false);
  useKey('n', 'access.addRole', !past && (() => setAdding(true)));
  return html`<${Page} title=${t('shell.nav.roles')} note=${list.data && number(list.data.total)} actions=${!past && html`<${Button} icon="plus" kind="primary" data-testid="role-add" onClick=${() => setAdding(true)}>${t('access.addRole')}<//>`}>
    <${Panel} flush><${Loaded} of=${list}>${({ roles }) => html`<${Table} label=${t('shell.nav.roles')} testid="role-row" rows=${[...roles].sort((a, b) => a.id - b.id)} onOpen=${(r) => navigate(`/roles/${r.id}`)} columns=${[
      { key: 'name', title: t('ui.name'), render: (r) => html`<a href=${href(`/roles/${r.id}`)}>${r.name}</a> ${r.id <= 7 && html`<${Badge}>${t('access.builtIn')}<//>`}` },
      { key: 'grants', title: t('access.grants'), class: 'wide', render: (r) => html`<span class="soft">${summary(r)}</span>` },
      { key: 'n', title: t('shell.nav.privileges'), align: 'end', render: (r) => number(r.privileges.length) }]} />`}<//><//>
    ${adding && html`<${Add} onClose=${() => setAdding(false)} />`}<//>`;
}

function summary(role) {
  if (role.name === 'admin') return t('access.everything');
  const { general, rows } = grants(role.privileges);
  const count = new Map();
  for (const row of rows) count.set(row.kind, (count.get(row.kind) ?? 0) + 1);
  return [...general, ...[...count].map(([kind, n]) => `${kindText(kind)} ×${number(n)}`)].join(', ') || t('access.nothing');
}

function Add({ onClose }) {
  const form = useForm({ name: '' }, async ({ name }) => {
    const reply = await post('/admin/roles', { name, privilege_ids: [] });
    toast(t('ui.saved'));
    onClose();
    navigate(`/roles/${reply.headers.get('Opsledger-Id')}`);
  });
  return html`<${FormDialog} form=${form} title=${t('access.addRole')} submit=${t('ui.add')} onClose=${onClose}><${Input} label=${t('ui.name')} required ...${form.at('name')} /><${Failure} error=${form.error} /><//>`;
}
