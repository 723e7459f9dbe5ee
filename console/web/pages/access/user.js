import { html, useState } from '../../kernel/view.js';
import { del, get, post, put } from '../../kernel/http.js';
import { useLive, useLoad } from '../../kernel/data.js';
import { asOf, href, navigate } from '../../kernel/router.js';
import { useSignal } from '../../kernel/signal.js';
import { t } from '../../kernel/text.js';
import { Badge, Button, Checkbox, confirm, Dialog, Facts, Failure, FormDialog, Input, Loaded, Page, Panel, Time, toast, toastError, useForm, warn } from '../../ui/all.js';
import { History } from '../history/history.js';
import { PasswordDialog } from './password.js';
import { permissionText } from './words.js';

export default function User({ id }) {
  const one = useLive(({ signal }) => get(`/admin/users/${id}`, {}, { signal }), [id], ['user', 'role']);
  const past = useSignal(asOf) !== '';
  const [open, show] = useState('');
  const close = () => show('');
  return html`<${Loaded} of=${one}>${(user) => html`<${Page} title=${user.username} crumbs=${[[t('shell.nav.users'), '/users']]} note=${user.chinese_name} actions=${!past && html`
      <${Button} icon="edit" onClick=${() => show('profile')}>${t('ui.edit')}<//><${Button} icon="roles" onClick=${() => show('roles')}>${t('shell.nav.roles')}<//>
      <${Button} onClick=${() => show('codes')}>${t('access.permissions')}<//><${Button} onClick=${() => show('password')}>${t('shell.password')}<//>
      <${Button} icon="trash" kind="danger" onClick=${() => remove(user)}>${t('ui.delete')}<//>`}>
    <div class="columns"><div class="stack"><${Panel} title=${t('access.mayDo')}><${Roles} user=${user} /><${Codes} user=${user} /><//>
        <${Panel} title=${t('ui.history')} flush><${History} path=${`/v1/users/${id}/history`} kinds=${['user']} /><//></div>
      <div class="stack"><${Panel} title=${t('access.profile')}><${Facts} of=${[[t('access.mail'), user.email], [t('access.fullName'), user.chinese_name], [t('access.phone'), user.cellphone], [t('access.position'), user.position], [t('access.place'), user.location],
          [t('access.since'), html`<${Time} value=${user.member_since} />`], [t('access.lastSeen'), html`<${Time} value=${user.last_seen} />`], ['id', user.id]]} />
        <p><a href=${href('/credentials', { user_id: id })}>${t('access.credentialsOf')}</a></p><//></div></div>
    ${open === 'profile' && html`<${Profile} user=${user} onClose=${close} />`}${open === 'roles' && html`<${ChooseRoles} user=${user} onClose=${close} />`}
    ${open === 'codes' && html`<${ChooseCodes} user=${user} onClose=${close} />`}${open === 'password' && html`<${PasswordDialog} id=${id} name=${user.username} onClose=${close} />`}<//>`}<//>`;
}

const Roles = ({ user }) => html`<h3>${t('shell.nav.roles')}</h3><p class="badges">${user.roles.length ? user.roles.map((r) => html`<a key=${r.id} href=${href(`/roles/${r.id}`)}><${Badge} kind=${r.name === 'admin' ? 'accent' : ''}>${r.name}<//></a>`) : html`<span class="dim">${t('ui.none')}</span>`}</p>`;

const codesOf = (user, options) => get('/api/user', { username: user.username }, options).then((u) => (u.permissions ? u.permissions.split(',').map(Number) : []));

function Codes({ user }) {
  const codes = useLive(({ signal }) => codesOf(user, { signal }), [user.username], ['user']);
  return html`<h3>${t('access.permissions')}</h3><${Loaded} of=${codes} lines=${1}>${(held) => html`<p class="badges">${held.length ? held.map((c) => html`<${Badge} key=${c}>${permissionText(c)}<//>`) : html`<span class="dim">${t('ui.none')}</span>`}</p>`}<//>`;
}

async function remove(user) {
  if (!(await confirm({ title: t('access.deleteUser', { name: user.username }), body: t('access.deleteUserBody'), action: t('ui.delete'), danger: true }))) return;
  try {
    await del(`/admin/users/${user.id}`);
    toast(t('ui.deleted', { name: user.username }));
    navigate('/users');
  } catch (error) { toastError(error); }
}

function Profile({ user, onClose }) {
  const fields = ['email', 'chinese_name', 'cellphone', 'position', 'location'];
  const form = useForm(Object.fromEntries(fields.map((f) => [f, user[f]])), async (values) => {
    warn(await put(`/admin/users/${user.id}`, Object.fromEntries(fields.filter((f) => values[f] !== user[f]).map((f) => [f, values[f]]))));
    toast(t('ui.saved'));
    onClose();
  });
  const labels = { email: 'access.mail', chinese_name: 'access.fullName', cellphone: 'access.phone', position: 'access.position', location: 'access.place' };
  return html`<${FormDialog} form=${form} title=${t('access.profile')} onClose=${onClose}>${fields.map((f) => html`<${Input} key=${f} label=${t(labels[f])} ...${form.at(f)} />`)}<${Failure} error=${form.error} /><//>`;
}

// Choose is a dialog of check boxes: all is [[id, text, hint], …].
function Choose({ title, all, held, hint, save, onClose }) {
  const form = useForm({ chosen: held }, async ({ chosen }) => {
    warn(await save(chosen));
    toast(t('ui.saved'));
    onClose();
  });
  const { chosen } = form.values;
  return html`<${FormDialog} form=${form} title=${title} onClose=${onClose}>${hint && html`<p class="soft">${hint}</p>`}
    <div class="checks">${all.map(([id, text, note]) => html`<${Checkbox} key=${id} label=${text} hint=${note} value=${chosen.includes(id)} onValue=${(yes) => form.set({ chosen: yes ? [...chosen, id] : chosen.filter((c) => c !== id) })} />`)}</div>
    <${Failure} error=${form.problem} /><//>`;
}

function ChooseRoles({ user, onClose }) {
  const roles = useLoad(({ signal }) => get('/admin/roles', { pageSize: 1000 }, { signal }), []);
  if (!roles.data) return html`<${Dialog} title=${t('shell.nav.roles')} onClose=${onClose}><${Loaded} of=${roles}>${() => null}<//><//>`;
  return html`<${Choose} title=${t('access.rolesOf', { name: user.username })} hint=${t('access.rolesHint')} onClose=${onClose} held=${user.roles.map((r) => r.id)}
    all=${[...roles.data.roles].reverse().map((r) => [r.id, r.name, t('access.privilegesOf', { n: r.privileges.length })])} save=${(chosen) => put(`/admin/users/${user.id}`, { role_ids: chosen })} />`;
}

function ChooseCodes({ user, onClose }) {
  const both = useLoad(async ({ signal }) => ({ all: (await get('/api/permission', { count: 100 }, { signal })).data, held: await codesOf(user, { signal }) }), []);
  if (!both.data) return html`<${Dialog} title=${t('access.permissions')} onClose=${onClose}><${Loaded} of=${both}>${() => null}<//><//>`;
  return html`<${Choose} title=${t('access.permissionsOf', { name: user.username })} onClose=${onClose} held=${both.data.held} all=${both.data.all.map((p) => [p.permission_code, permissionText(p.permission_code, p.permission), p.permission])}
    save=${(chosen) => post('/api/user', { action: 'update', data: { username: user.username, permissions: [...chosen].sort((a, b) => a - b).join(',') } })} />`;
}
