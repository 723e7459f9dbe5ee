// The bar at the top: search, how the live stream is, language, theme, the user.
import { html } from '../../kernel/view.js';
import { useSignal } from '../../kernel/signal.js';
import { logout, useSession } from '../../kernel/session.js';
import { asOf, href } from '../../kernel/router.js';
import { language, languages, speak, t } from '../../kernel/text.js';
import { setTheme, theme, themes } from '../../kernel/theme.js';
import { stream } from '../../kernel/events.js';
import { IconButton } from '../../ui/button.js';
import { Menu } from '../../ui/menu.js';
import { toastError } from '../../ui/toast.js';
import { SearchField } from '../search/field.js';
import { openHelp } from './help.js';

export function TopBar({ onMenu, open }) {
  return html`<header class="topbar">
    <${IconButton} icon="menu" class="narrow-only" label=${t('shell.navigation')} aria-expanded=${open ? 'true' : 'false'} onClick=${onMenu} />
    <${SearchField} />
    <span class="grow" />
    <${Live} />
    <${IconButton} icon="keyboard" class="wide-only" label=${t('shell.help')} onClick=${openHelp} />
    <${LanguageMenu} /><${ThemeMenu} /><${UserMenu} />
  </header>`;
}

function Live() {
  const how = useSignal(stream);
  if (useSignal(asOf)) return null;
  return html`<span class=${`stream ${how}`} role="status" title=${t(`shell.stream.${how}`)}><i aria-hidden="true" /><span class="wide-only">${t(`shell.streamShort.${how}`)}</span></span>`;
}

export const LanguageMenu = () => {
  const now = useSignal(language);
  return html`<${Menu} icon="globe" label=${t('shell.language')} testid="language" items=${Object.entries(languages).map(([id, text]) => ({ text, checked: id === now, run: () => speak(id) }))} />`;
};

const themeIcons = { light: 'sun', dark: 'moon', system: 'system' };

export const ThemeMenu = () => {
  const now = useSignal(theme);
  return html`<${Menu} icon=${themeIcons[now]} label=${t('shell.theme')} testid="theme" items=${themes.map((id) => ({ text: t(`shell.themes.${id}`), icon: themeIcons[id], checked: id === now, run: () => setTheme(id) }))} />`;
};

function UserMenu() {
  const { user } = useSession() ?? {};
  if (!user) return null;
  const items = [
    { text: t('shell.account'), icon: 'users', href: href('/account') },
    { text: t('shell.nav.credentials'), icon: 'credentials', href: href('/credentials') },
    { text: t('shell.help'), icon: 'keyboard', run: openHelp },
    null,
    { text: t('shell.logout'), icon: 'logout', run: () => logout().catch(toastError) },
  ];
  return html`<${Menu} label=${t('shell.user', { name: user.username })} text=${html`<span class="avatar" aria-hidden="true">${user.username.slice(0, 2)}</span><span class="wide-only">${user.username}</span>`} items=${items} testid="user-menu" />`;
}
