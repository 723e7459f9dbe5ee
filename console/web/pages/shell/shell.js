// What is around every page: navigation, the bar at the top, messages. Without a session it is the login.
import { html, useEffect, useErrorBoundary, useRef, useState } from '../../kernel/view.js';
import { useSignal } from '../../kernel/signal.js';
import { useSession } from '../../kernel/session.js';
import { asOf, match, place } from '../../kernel/router.js';
import { language, needTexts, t } from '../../kernel/text.js';
import { away } from '../../kernel/http.js';
import { routes } from '../../routes.js';
import { Confirmations } from '../../ui/dialog.js';
import { Toasts } from '../../ui/toast.js';
import { Empty, Skeleton } from '../../ui/state.js';
import { Button } from '../../ui/button.js';
import { Login } from './login.js';
import { Navigation } from './navigation.js';
import { TopBar } from './topbar.js';
import { Help } from './help.js';
import { AsOfBar } from '../time/bar.js';

export function Shell() {
  const who = useSession();
  useSignal(language);
  if (who === undefined) return null;
  return html`${who ? html`<${Frame} key=${who.user.id} />` : html`<${Login} />`}<${Connection} /><${Toasts} />`;
}

function Frame() {
  const [open, setOpen] = useState(false); // the navigation of a narrow screen
  const where = useSignal(place);
  useEffect(() => setOpen(false), [where.path]);
  const past = useSignal(asOf) !== '';
  return html`<div class=${past ? 'frame past' : 'frame'}>
    <a class="skip" href="#main">${t('shell.skip')}</a>
    <${Navigation} open=${open} onClose=${() => setOpen(false)} />
    <div class="column">
      <${TopBar} onMenu=${() => setOpen(!open)} open=${open} />
      <${AsOfBar} />
      <main id="main" tabindex="-1"><${Outlet} /></main>
    </div>
    <${Help} /><${Confirmations} />
  </div>`;
}

// Outlet shows the page of the address, which is loaded when it is first asked for.
function Outlet() {
  const { path } = useSignal(place);
  const found = match(routes, path);
  const [pages, setPages] = useState({});
  const [failed, setFailed] = useState(null);
  const page = found && pages[found.route.path];
  useEffect(() => {
    if (!found || page) return;
    setFailed(null);
    Promise.all([found.route.load(), needTexts(found.route.texts)])
      .then(([module]) => setPages((all) => ({ ...all, [found.route.path]: module.default })), setFailed);
  }, [found?.route.path]);
  if (!found || (found.route.needs && !found.route.needs())) return html`<${Empty} icon="search" title=${t('shell.noPage')} />`;
  if (failed) return html`<${Unloaded} error=${failed} />`;
  if (!page) return html`<div class="page"><${Skeleton} lines=${8} /></div>`;
  return html`<${Shown} key=${path} page=${page} params=${found.params} />`;
}

// Shown keeps a fault of one page to that page, and moves the focus to its heading, as a new document would.
function Shown({ page: PageOf, params }) {
  const root = useRef(null);
  const [error, reset] = useErrorBoundary((e) => console.error(e));
  useEffect(() => {
    if (document.activeElement === document.body || document.activeElement?.closest('.navigation')) root.current?.querySelector('h1')?.focus();
  }, []);
  if (error) return html`<${Empty} icon="warning" title=${t('shell.broken')} action=${html`<${Button} onClick=${reset}>${t('ui.again')}<//>`}>${error.message}<//>`;
  return html`<div ref=${root} class="outlet"><${PageOf} ...${params} /></div>`;
}

// Unloaded is shown where a page's file is not there, as after an update of the program under the page.
const Unloaded = () => html`<${Empty} icon="refresh" title=${t('shell.updated')} action=${html`<${Button} kind="primary" onClick=${() => location.reload()}>${t('shell.reload')}<//>`} />`;

function Connection() {
  return useSignal(away) ? html`<div class="away" role="alert"><span class="spinner" />${t('shell.away')}</div>` : null;
}
