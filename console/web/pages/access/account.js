// Who one is, and what one may do.
import { html, useState } from '../../kernel/view.js';
import { get } from '../../kernel/http.js';
import { useLive } from '../../kernel/data.js';
import { useSession } from '../../kernel/session.js';
import { href } from '../../kernel/router.js';
import { t } from '../../kernel/text.js';
import { Badge, Button, Facts, Loaded, Page, Panel, Time } from '../../ui/all.js';
import { PasswordDialog } from './password.js';
import { permissionText } from './words.js';

export default function Account() {
  const who = useSession();
  const one = useLive(({ signal }) => get(`/admin/users/${who.user.id}`, {}, { signal }), [who.user.id], ['user']);
  const [changing, setChanging] = useState(false);
  const { user } = who;
  return html`<${Page} title=${t('shell.account')} note=${user.username} actions=${user.source === 'local' && html`<${Button} onClick=${() => setChanging(true)}>${t('access.changePassword')}<//>`}>
    <div class="grid"><${Panel} title=${t('access.profile')}><${Loaded} of=${one}>${(u) => html`<${Facts} of=${[[t('access.username'), u.username], [t('ui.type'), t(`access.${user.source}`)], [t('access.mail'), u.email], [t('access.fullName'), u.chinese_name], [t('access.phone'), u.cellphone], [t('access.since'), html`<${Time} value=${u.member_since} />`], [t('access.sessionEnds'), html`<${Time} value=${who.expires_at} />`]]} />`}<//><//>
      <${Panel} title=${t('access.mayDo')}><div class="stack"><div><h3>${t('shell.nav.roles')}</h3><${Loaded} of=${one} lines=${1}>${(u) => html`<p class="badges">${u.roles.length ? u.roles.map((r) => html`<${Badge} key=${r.id} kind=${r.name === 'admin' ? 'accent' : ''}>${r.name}<//>`) : html`<span class="dim">${t('ui.none')}</span>`}</p>`}<//></div>
        <div><h3>${t('access.permissions')}</h3><p class="badges">${who.permissions.length ? who.permissions.map((c) => html`<${Badge} key=${c}>${permissionText(c)}<//>`) : html`<span class="dim">${who.admin ? t('access.everything') : t('ui.none')}</span>`}</p></div>
        <p><a href=${href('/credentials')}>${t('shell.nav.credentials')}</a></p></div><//></div>
    ${changing && html`<${PasswordDialog} id=${user.id} name=${user.username} own=${!who.admin} onClose=${() => setChanging(false)} />`}<//>`;
}
