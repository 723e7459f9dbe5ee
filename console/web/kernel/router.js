// Addresses of pages. The part behind /console is matched with the routes, ?as_of= and ?lang= are of
// every page, and the rest of the query is the page's own.
import { signal, useSignal } from './signal.js';

const base = '/console';

// place is where the browser is: { path, query }, path without /console.
export const place = signal(read());

function read() {
  const path = location.pathname.slice(base.length).replace(/\/+$/, '') || '/';
  return { path, query: Object.fromEntries(new URLSearchParams(location.search)) };
}

// asOf is the moment that the page shows: a position or a time as text, '' for now.
export const asOf = signal(place.value.query.as_of ?? '');

function arrive() {
  place.value = read();
  asOf.value = place.value.query.as_of ?? '';
}

addEventListener('popstate', arrive);

// href is the address of a page. It keeps the moment that is shown, unless the query has another.
export function href(path, query = {}) {
  const all = { ...(asOf.value ? { as_of: asOf.value } : {}), ...query };
  const text = new URLSearchParams(Object.entries(all).filter(([, v]) => v !== '' && v !== undefined && v !== null)).toString();
  return base + (path === '/' ? '/' : path) + (text ? `?${text}` : '');
}

// navigate goes to a page; with replace the one of now is not gone back to.
export function navigate(path, query, { replace = false } = {}) {
  go(href(path, query), replace);
}

function go(address, replace) {
  if (address === location.pathname + location.search) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', address);
  arrive();
}

// setQuery changes a part of the page's query; '' and undefined take a name away.
export function setQuery(changes, { push = false } = {}) {
  const { path, query } = place.value;
  go(href(path, { ...query, ...changes }), !push);
}

export const useQuery = () => useSignal(place).query;

// showAsOf shows the page as it was, or as it is for ''.
export const showAsOf = (moment) => setQuery({ as_of: moment }, { push: true });

// match finds the route of a path and what its :names stand for.
export function match(routes, path) {
  for (const route of routes) {
    const params = fit(route.path.split('/'), path.split('/'));
    if (params) return { route, params };
  }
  return null;
}

function fit(pattern, parts) {
  if (pattern.length !== parts.length) return null;
  const params = {};
  for (let i = 0; i < pattern.length; i++) {
    if (!pattern[i].startsWith(':')) {
      if (pattern[i] !== parts[i]) return null;
    } else if (parts[i] === '') {
      return null;
    } else {
      params[pattern[i].slice(1)] = decode(parts[i]);
    }
  }
  return params;
}

function decode(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

// Links to pages need no handler of their own: a plain click on one goes there without a new document.
document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest?.('a[href]');
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
  if (link.pathname !== base && !link.pathname.startsWith(`${base}/`)) return;
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  go(link.pathname + link.search, false);
});
