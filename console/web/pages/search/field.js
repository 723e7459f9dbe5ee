// The search of the bar at the top: one field that finds everything, by keyboard.
import { html, cx, useEffect, useId, useRef, useState } from '../../kernel/view.js';
import { navigate } from '../../kernel/router.js';
import { t } from '../../kernel/text.js';
import { useKey } from '../../kernel/keys.js';
import { Icon } from '../../ui/icon.js';
import { find } from './find.js';

export function SearchField() {
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const { hits, busy, error } = useHits(open ? text : '');
  const input = useRef(null);
  const id = useId();
  const focus = () => { input.current.focus(); input.current.select(); };
  useKey('/', 'shell.search', focus);
  useEffect(() => {
    const key = (event) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      focus();
    };
    document.addEventListener('keydown', key);
    return () => document.removeEventListener('keydown', key);
  }, []);
  useEffect(() => setAt(0), [text]);

  function go(hit) {
    setOpen(false);
    input.current.blur();
    if (hit) navigate(hit.path, hit.query ?? {});
    else if (text.trim()) navigate('/search', { q: text.trim() });
  }
  function key(event) {
    if (event.isComposing) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
    if (to !== undefined && hits.length > 0) {
      event.preventDefault();
      setAt((to + hits.length) % hits.length);
    } else if (event.key === 'Escape') {
      setOpen(false);
      if (text) setText('');
      else input.current.blur();
    }
  }
  const shown = open && text.trim().length > 1;
  return html`
    <form class="search" role="search" onSubmit=${(e) => { e.preventDefault(); go(e.submitter ? null : hits[at]); }}>
      <${Icon} name="search" />
      <input ref=${input} type="search" value=${text} placeholder=${t('shell.searchHint')} aria-label=${t('shell.search')} data-testid="search" autocomplete="off" spellcheck=${false}
        role="combobox" aria-expanded=${shown ? 'true' : 'false'} aria-controls=${`${id}-hits`} aria-autocomplete="list" aria-activedescendant=${shown && hits.length > 0 ? `${id}-${at}` : undefined}
        onInput=${(e) => { setText(e.currentTarget.value); setOpen(true); }} onFocus=${() => setOpen(true)} onBlur=${() => setOpen(false)} onKeyDown=${key} />
      <kbd class="wide-only" aria-hidden="true">/</kbd>
      ${shown && html`
        <div class="search-hits" onMouseDown=${(e) => e.preventDefault()}>
          <ul role="listbox" id=${`${id}-hits`} aria-label=${t('shell.search')}>${hits.map((hit, i) => html`
            <li key=${hit.key} id=${`${id}-${i}`} role="option" aria-selected=${i === at ? 'true' : 'false'} class=${cx(i === at && 'active')} data-testid="search-hit" onMouseMove=${() => setAt(i)} onClick=${() => go(hit)}>
              <${Icon} name=${hit.icon} /><b>${hit.title}</b><span class="dim">${hit.note}</span><small>${t(`search.kinds.${hit.kind}`)}</small></li>`)}
          </ul>
          <p class="search-foot dim" role="status">${busy ? t('search.busy') : error ? error.message : hits.length === 0 ? t('search.none') : ''}
            <button type="button" class="button quiet small" tabindex="-1" onClick=${() => go(null)}><span>${t('search.all')}</span></button></p>
        </div>`}
    </form>`;
}

const most = 6; // hits of each kind
const idle = { hits: [], busy: false };

// useHits are what is found for a text, a moment after it was typed; the hits before stay until then. A search of many records goes on
// until it has some, or has looked through all.
function useHits(text) {
  const [state, set] = useState(idle);
  const wanted = text.trim();
  useEffect(() => {
    if (wanted.length < 2) return set(idle);
    const stop = new AbortController();
    set((s) => ({ ...s, busy: true }));
    const timer = setTimeout(async () => {
      try {
        for (let cursor = '', hits = []; cursor !== null;) {
          const found = await find(wanted, most, stop.signal, cursor);
          hits = [...hits, ...found.hits];
          cursor = hits.length < most ? found.cursor : null;
          set({ hits, busy: cursor !== null });
        }
      } catch (error) {
        if (error.name !== 'AbortError') set({ ...idle, error });
      }
    }, 60);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [wanted]);
  return state;
}
