// Data of pages: loaded when a page is shown, and again when the log says that it changed.
import { useCallback, useEffect, useRef, useState } from './view.js';
import { useSignal } from './signal.js';
import { asOf } from './router.js';
import { language } from './text.js';
import { onChange } from './events.js';

// useLoad runs load({ signal }) now and whenever one of deps, the page's moment or the language changes. It returns
// { data, error, loading, reload }; what was there is kept until the new is.
export function useLoad(load, deps = []) {
  const moment = useSignal(asOf);
  const lang = useSignal(language);
  const [state, set] = useState({ data: undefined, error: null, loading: true });
  const newest = useRef(null);
  const reload = useCallback(async () => {
    newest.current?.abort();
    const control = new AbortController();
    newest.current = control;
    set((s) => ({ ...s, loading: true }));
    try {
      const data = await load({ signal: control.signal });
      if (newest.current === control) set({ data, error: null, loading: false });
    } catch (error) {
      if (newest.current === control && error.name !== 'AbortError') set((s) => ({ ...s, error, loading: false }));
    }
  }, [...deps, moment, lang]);
  useEffect(() => {
    reload();
    return () => newest.current?.abort();
  }, [reload]);
  return { ...state, reload };
}

// useChanges calls fn after events on the kinds, many of them at once: fn(events), of which one may be null.
export function useChanges(kinds, fn, { delay = 150 } = {}) {
  const held = useRef(fn);
  held.current = fn;
  useEffect(() => {
    let events = [];
    let timer = 0;
    const end = onChange(kinds, (event) => {
      events.push(event);
      timer ||= setTimeout(() => {
        const all = events;
        events = [];
        timer = 0;
        held.current(all);
      }, delay);
    });
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [String(kinds)]);
}

// useLive is useLoad, and loads again when something of the kinds changed.
export function useLive(load, deps, kinds) {
  const loaded = useLoad(load, deps);
  useChanges(kinds, loaded.reload);
  return loaded;
}

// useEvery runs fn every so many milliseconds while the page is looked at.
export function useEvery(ms, fn) {
  const held = useRef(fn);
  held.current = fn;
  useEffect(() => {
    const timer = setInterval(() => { if (!document.hidden) held.current(); }, ms);
    return () => clearInterval(timer);
  }, [ms]);
}
