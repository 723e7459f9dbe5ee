import { html, useEffect, useState } from '../../kernel/view.js';
import { login } from '../../kernel/session.js';
import { t } from '../../kernel/text.js';
import { Button } from '../../ui/button.js';
import { Checkbox, Input } from '../../ui/field.js';
import { Failure, useForm } from '../../ui/form.js';
import { LanguageMenu, ThemeMenu } from './topbar.js';
import { Mark } from './navigation.js';

// Login asks for the name and the password of a local account or of one of the directory: the API finds out which it is. While
// the directory does not answer, only local accounts can log in, and have to say that they are one.
export function Login() {
  const [away, setAway] = useState(false);
  const form = useForm({ username: '', password: '', local: false }, async ({ username, password, local }) => {
    try {
      await login({ username: username.trim(), password, ...(local ? { source: 'local' } : {}) });
    } catch (error) {
      if (error.status === 503) setAway(true);
      if (error.status === 403) error.message = t('shell.wrongLogin');
      throw error;
    }
  });
  useEffect(() => { document.title = `${t('shell.login')} · opsledger`; }, []);
  return html`<div class="login"><div class="login-tools"><${LanguageMenu} /><${ThemeMenu} /></div>
    <main class="login-card">
      <div class="login-brand"><${Mark} /><h1>opsledger</h1></div>
      <form class="form" onSubmit=${form.send} novalidate>
        <${Input} label=${t('shell.username')} ...${form.at('username')} name="username" autocomplete="username" autocapitalize="none" autofocus data-testid="login-username" />
        <${Input} label=${t('shell.password')} ...${form.at('password')} name="password" type="password" autocomplete="current-password" data-testid="login-password" />
        ${away && html`<${Checkbox} label=${t('shell.localAccount')} value=${form.values.local} onValue=${(local) => form.set({ local })} />`}
        <${Failure} error=${form.error} />
        <${Button} type="submit" kind="primary" busy=${form.busy} class="full" data-testid="login-submit">${t('shell.login')}<//>
      </form>
      <p class="login-note">${t('shell.loginNote')}</p>
    </main></div>`;
}
