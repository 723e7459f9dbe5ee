import { html } from '../../kernel/view.js';
import { put } from '../../kernel/http.js';
import { t } from '../../kernel/text.js';
import { Checkbox, Failure, FormDialog, Input, toast, useForm, warn } from '../../ui/all.js';

// PasswordDialog sets the password of a user; of one's own with the old one.
export function PasswordDialog({ id, name, own, onClose }) {
  const form = useForm({ ...(own ? { old_password: '' } : {}), password: '', password2: '', revoke_credentials: false }, async (values) => {
    warn(await put(`/v1/users/${id}/password`, values));
    toast(t('access.passwordSet'));
    onClose();
  });
  return html`<${FormDialog} form=${form} title=${t('access.passwordOf', { name })} onClose=${onClose}><p class="soft">${t('access.passwordHint')}</p>
    ${own && html`<${Input} label=${t('access.oldPassword')} required type="password" autocomplete="current-password" ...${form.at('old_password')} />`}
    <${Input} label=${t('access.newPassword')} required type="password" autocomplete="new-password" ...${form.at('password')} /><${Input} label=${t('access.again')} required type="password" autocomplete="new-password" ...${form.at('password2')} />
    <${Checkbox} label=${t('access.endCredentials')} value=${form.values.revoke_credentials} onValue=${(v) => form.set({ revoke_credentials: v })} /><${Failure} error=${form.error} /><//>`;
}
