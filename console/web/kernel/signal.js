// A value that is watched: whoever uses it in a component is drawn anew when it changes.
import { useEffect, useState } from './view.js';

export function signal(value) {
  const watchers = new Set();
  return {
    get value() { return value; },
    set value(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const watch of [...watchers]) watch(next);
    },
    watch(fn) {
      watchers.add(fn);
      return () => watchers.delete(fn);
    },
  };
}

export function useSignal(s) {
  const [value, set] = useState(() => s.value);
  useEffect(() => {
    set(() => s.value); // it may have changed between the drawing and this
    return s.watch((next) => set(() => next));
  }, [s]);
  return value;
}
