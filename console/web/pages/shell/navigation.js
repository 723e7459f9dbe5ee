import { html } from '../../kernel/view.js';
import { useSignal } from '../../kernel/signal.js';
import { href, match, navigate, place } from '../../kernel/router.js';
import { t } from '../../kernel/text.js';
import { useKey } from '../../kernel/keys.js';
import { navigation, routes } from '../../routes.js';
import { Icon } from '../../ui/icon.js';
import { IconButton } from '../../ui/button.js';

// entries are the pages of the navigation that are offered.
function entries() {
  const heads = new Map();
  for (const route of routes) if (route.nav && !route.path.includes(':') && !heads.has(route.nav) && (!route.needs || route.needs())) heads.set(route.nav, route.path);
  return navigation.map(([group, names]) => [group, names.filter((n) => heads.has(n)).map((n) => [n, heads.get(n)])]).filter(([, names]) => names.length > 0);
}

export function Navigation({ open, onClose }) {
  const { path } = useSignal(place);
  const at = match(routes, path)?.route.nav;
  return html`<nav class=${open ? 'navigation open' : 'navigation'} aria-label=${t('shell.navigation')}>
    <div class="brand"><a href=${href('/')} class="brand-name"><${Mark} /><span>opsledger</span></a><${IconButton} icon="close" class="narrow-only" label=${t('ui.close')} onClick=${onClose} /></div>
    <div class="navigation-list">${entries().map(([group, names]) => html`<div key=${group} class="navigation-group">
      ${group && html`<p id=${`group-${group}`}>${t(`shell.group.${group}`)}</p>`}
      <ul aria-labelledby=${group ? `group-${group}` : undefined}>${names.map(([name, to]) => html`<li key=${name}><${Entry} name=${name} to=${to} current=${name === at} /></li>`)}</ul>
    </div>`)}</div>
  </nav>${open && html`<div class="shade" onClick=${onClose} />`}`;
}

const keysOf = { overview: 'g o', zones: 'g z', views: 'g v', servers: 'g s', conf: 'g b', tasks: 'g t', machines: 'g m', audit: 'g a', proof: 'g p', users: 'g u', roles: 'g r', credentials: 'g c', webhooks: 'g w', api: 'g i' };

function Entry({ name, to, current }) {
  useKey(keysOf[name], `shell.nav.${name}`, keysOf[name] && (() => navigate(to)));
  return html`<a href=${href(to)} class=${current ? 'current' : ''} aria-current=${current ? 'page' : undefined} data-testid=${`nav-${name}`}><${Icon} name=${name === 'logins' ? 'credentials' : name === 'privileges' ? 'acls' : name} /><span>${t(`shell.nav.${name}`)}</span></a>`;
}

export const Mark = () => html`<svg class="mark" width="22" height="22" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" /><path class="lines" d="M9 8h14M9 13h14M9 18h9M9 23h5" /><path class="tick" d="M18.500 23l2.500 2.500 4.500-5.500" /></svg>`;
