// A role: what it really grants, by resource, and what may be given to it.
import { html, useState } from '../../kernel/view.js';
import { del, get, put } from '../../kernel/http.js';
import { useLive, useLoad } from '../../kernel/data.js';
import { asOf, href, navigate } from '../../kernel/router.js';
import { useSignal } from '../../kernel/signal.js';
import { number, t } from '../../kernel/text.js';
import { Badge, Button, Checkbox, confirm, Empty, Failure, FormDialog, Icon, Input, Loaded, Page, Panel, toast, toastError, useForm, warn } from '../../ui/all.js';
import { History } from '../history/history.js';
import { grants, kindText, kinds, operationText } from './words.js';

export default function Role({ id }) {
  const one = useLive(({ signal }) => get(`/admin/roles/${id}`, {}, { signal }), [id], ['role', 'privilege', 'zone', 'server', 'view']);
  const past = useSignal(asOf) !== '';
  const [editing, setEditing] = useState(false);
  const builtIn = Number(id) <= 7;
  return html`<${Loaded} of=${one}>${(role) => html`<${Page} title=${role.name} crumbs=${[[t('shell.nav.roles'), '/roles']]} note=${builtIn && html`<${Badge}>${t('access.builtIn')}<//>`} actions=${!past && role.name !== 'admin' && html`
      <${Button} icon="edit" data-testid="role-edit" onClick=${() => setEditing(true)}>${t('ui.edit')}<//>${!builtIn && html`<${Button} icon="trash" kind="danger" onClick=${() => remove(role)}>${t('ui.delete')}<//>`}`}>
    <div class="columns"><${Panel} title=${t('access.reallyGrants')} flush><${Granted} role=${role} /><//><${Panel} title=${t('ui.history')} flush><${History} path=${`/v1/roles/${id}/history`} kinds=${['role']} /><//></div>
    ${editing && html`<${Edit} role=${role} onClose=${() => setEditing(false)} />`}<//>`}<//>`;
}

function Granted({ role }) {
  const [limit, setLimit] = useState(200);
  if (role.name === 'admin') return html`<${Empty} icon="roles" title=${t('access.everything')} />`;
  const { general, rows, idle } = grants(role.privileges);
  if (general.length + rows.length + idle.length === 0) return html`<${Empty} icon="roles" title=${t('access.nothing')}>${t('access.nothingHint')}<//>`;
  const mark = (yes, text) => (yes ? html`<${Icon} name="check" /><span class="unseen">${text}</span>` : html`<span class="dim" aria-hidden="true">·</span>`);
  return html`${general.length > 0 && html`<div class="panel-body badges">${general.map((name) => html`<${Badge} key=${name} kind="accent">${t(`access.general.${name}`)}<//>`)}</div>`}
    ${rows.length > 0 && html`<div class="table-scroll" tabindex="0" role="region" aria-label=${t('access.reallyGrants')}><table class="table"><thead><tr><th scope="col">${t('ui.type')}</th><th scope="col">${t('access.resource')}</th>${[0, 1, 2].map((o) => html`<th scope="col" key=${o}>${operationText(o)}</th>`)}</tr></thead>
      <tbody>${rows.slice(0, limit).map((row) => html`<tr key=${row.key}><td>${kindText(row.kind)}</td><td class="wide">${row.pattern ? html`<code>${row.of}</code> <${Badge}>${t('access.pattern')}<//>` : html`<a href=${href(`/${kinds[row.kind]}s${row.kind === 1 ? '' : `/${row.id}`}`)}>${row.of}</a>`}</td>
        ${[0, 1, 2].map((o) => html`<td key=${o}>${mark(row.operations.has(o), operationText(o))}</td>`)}</tr>`)}</tbody></table></div>`}
    ${rows.length > limit && html`<p class="pager"><${Button} small onClick=${() => setLimit(limit + 1000)}>${t('ui.loadMore')} (${number(rows.length - limit)})<//></p>`}
    ${idle.length > 0 && html`<p class="hint wait">${t('access.idle', { n: idle.length })} ${idle.map((p) => p.name).join(', ')}</p>`}`;
}

async function remove(role) {
  if (!(await confirm({ title: t('access.deleteRole', { name: role.name }), body: t('access.deleteRoleBody'), action: t('ui.delete'), danger: true }))) return;
  try {
    await del(`/admin/roles/${role.id}`);
    toast(t('ui.deleted', { name: role.name }));
    navigate('/roles');
  } catch (error) { toastError(error); }
}

function Edit({ role, onClose }) {
  const [text, setText] = useState('');
  const [all, setAll] = useState(() => new Map(role.privileges.map((p) => [p.id, p])));
  const found = useLoad(({ signal }) => get('/admin/privileges', { name: text, pageSize: 100 }, { signal }), [text]);
  const builtIn = role.id <= 7;
  const form = useForm({ name: role.name, chosen: role.privileges.map((p) => p.id) }, async ({ name, chosen }) => {
    warn(await put(`/admin/roles/${role.id}`, { ...(builtIn ? {} : { name }), privilege_ids: chosen }));
    toast(t('ui.saved'));
    onClose();
  });
  const { chosen } = form.values;
  const choose = (p, yes) => {
    setAll(new Map(all).set(p.id, p));
    form.set({ chosen: yes ? [...chosen, p.id] : chosen.filter((c) => c !== p.id) });
  };
  const held = new Set(chosen);
  return html`<${FormDialog} form=${form} side title=${t('access.editRole', { name: role.name })} onClose=${onClose}>
    ${!builtIn && html`<${Input} label=${t('ui.name')} required ...${form.at('name')} />`}
    ${role.id > 1 && builtIn && html`<p class="hint wait">${t('access.builtInHint')}</p>`}
    <${Input} label=${t('access.findPrivilege')} type="search" placeholder="ZONE#example.com" value=${text} onValue=${setText} />
    <${Loaded} of=${found}>${({ privileges }) => html`<div class="checks">${privileges.map((p) => html`<${Checkbox} key=${p.id} label=${p.name} hint=${p.comment} value=${held.has(p.id)} onValue=${(yes) => choose(p, yes)} />`)}</div>`}<//>
    <p class="badges" aria-label=${t('access.chosen')}>${chosen.slice(0, 60).map((id) => html`<${Badge} key=${id} kind="accent">${all.get(id)?.name ?? id}<//>`)}${chosen.length > 60 && html`<span class="dim">+${chosen.length - 60}</span>`}</p>
    <${Failure} error=${form.error} /><//>`;
}
