import { html, useState } from '../../kernel/view.js';
import { del, get, post, put } from '../../kernel/http.js';
import { useLive } from '../../kernel/data.js';
import { useKey } from '../../kernel/keys.js';
import { asOf, setQuery, useQuery } from '../../kernel/router.js';
import { useSignal } from '../../kernel/signal.js';
import { number, t } from '../../kernel/text.js';
import { Badge, Button, confirm, Empty, Failure, FormDialog, IconButton, Input, Loaded, Page, Pager, Panel, Select, Table, toast, toastError, useForm, warn } from '../../ui/all.js';
import { kindText, meaning, operationText } from './words.js';

const size = 50;

export default function Privileges() {
  const { name = '', page = '1', kind = '' } = useQuery();
  const list = useLive(({ signal }) => get('/admin/privileges', { name, resource_type: kind, currentPage: page, pageSize: size }, { signal }), [name, page, kind], ['privilege', 'server', 'view', 'zone']);
  const past = useSignal(asOf) !== '';
  const [edited, edit] = useState(null);
  useKey('n', 'access.addPrivilege', !past && (() => edit({})));
  return html`<${Page} title=${t('shell.nav.privileges')} note=${list.data && number(list.data.total)} actions=${!past && html`<${Button} icon="plus" kind="primary" onClick=${() => edit({})}>${t('access.addPrivilege')}<//>`}>
    <p class="soft">${t('access.privilegesHint')}</p>
    <div class="filters"><${Input} class="grow-field" label=${t('ui.filter')} type="search" value=${name} onValue=${(v) => setQuery({ name: v, page: '' })} />
      <${Select} label=${t('ui.type')} value=${kind} onValue=${(v) => setQuery({ kind: v, page: '' })} options=${[['', t('ui.all')], ...[0, 1, 2, 3].map((k) => [String(k), kindText(k)])]} /></div>
    <${Panel} flush><${Loaded} of=${list}>${({ privileges, total }) => html`<${Table} label=${t('shell.nav.privileges')} rows=${privileges} columns=${[
      { key: 'name', title: t('ui.name'), class: 'wide mono', render: (p) => p.name },
      { key: 'grants', title: t('access.grants'), render: (p) => { const m = meaning(p); return m.general ? html`<${Badge} kind="accent">${t(`access.general.${m.general}`)}<//>` : m.grants ? `${operationText(m.operation)} · ${kindText(m.kind)} ${m.of}` : html`<${Badge} kind="wait">${t('access.nothing')}<//>`; } },
      { key: 'comment', title: t('ui.comment'), render: (p) => p.comment ?? '' },
      { key: 'do', align: 'end', render: (p) => !past && byHand(p) && html`<${IconButton} icon="edit" small label=${t('access.editPrivilege', { name: p.name })} onClick=${() => edit(p)} /><${IconButton} icon="trash" small label=${t('access.deletePrivilege', { name: p.name })} onClick=${() => remove(p)} />` }]}
      empty=${html`<${Empty} icon="acls" title=${t('access.noPrivileges')} />`} /><div class="panel-body"><${Pager} page=${Number(page)} size=${size} total=${total} onPage=${(p) => setQuery({ page: p })} /></div>`}<//><//>
    ${edited && html`<${Edit} privilege=${edited} onClose=${() => edit(null)} />`}<//>`;
}

// byHand: the four built-in ones and those of resources cannot be changed.
const byHand = (p) => p.id > 4 && !/^(SERVER|VIEW|ZONE)#.*#(ACCESS|UPDATE|DELETE)$/.test(p.name);

async function remove(p) {
  if (!(await confirm({ title: t('access.deletePrivilege', { name: p.name }), body: t('access.deletePrivilegeBody'), action: t('ui.delete'), danger: true }))) return;
  try {
    await del(`/admin/privileges/${p.id}`);
    toast(t('ui.deleted', { name: p.name }));
  } catch (error) { toastError(error); }
}

function Edit({ privilege, onClose }) {
  const known = privilege.id !== undefined;
  const form = useForm({ name: privilege.name ?? '', operation: privilege.operation ?? 0, resource_type: privilege.resource_type ?? 2, resource_id: String(privilege.resource_id ?? ''), comment: privilege.comment ?? '' }, async (values) => {
    const pattern = values.name.startsWith('ZONE~');
    const body = pattern ? { name: values.name, comment: values.comment } : { ...values, resource_id: Number(values.resource_id) };
    warn(known ? await put(`/admin/privileges/${privilege.id}`, body) : await post('/admin/privileges', body));
    toast(t('ui.saved'));
    onClose();
  });
  const pattern = form.values.name.startsWith('ZONE~');
  return html`<${FormDialog} form=${form} title=${known ? t('access.editPrivilege', { name: privilege.name }) : t('access.addPrivilege')} submit=${known ? undefined : t('ui.add')} onClose=${onClose}>
    <${Input} label=${t('ui.name')} required mono hint=${t('access.patternHint')} ...${form.at('name')} />
    ${!pattern && html`<div class="form-row"><${Select} label=${t('access.operation')} ...${form.at('operation')} options=${[0, 1, 2].map((o) => [o, operationText(o)])} /><${Select} label=${t('ui.type')} ...${form.at('resource_type')} options=${[0, 1, 2, 3].map((k) => [k, kindText(k)])} />
      <${Input} label=${t('access.resourceId')} required inputmode="numeric" ...${form.at('resource_id')} /></div>`}
    <${Input} label=${t('ui.comment')} ...${form.at('comment')} /><${Failure} error=${form.error} /><//>`;
}
