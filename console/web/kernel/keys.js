// Keys: one list, which the help shows. A key is one such as 'n' or '/', or two in a row such as 'g z'.
import { useEffect, useRef } from './view.js';
import { signal } from './signal.js';

export const bindings = signal([]);

// bind has a key do something until what it returns is called. What is bound last has it.
export function bind(keys, text, fn) {
  const binding = { keys, text, fn };
  bindings.value = [...bindings.value, binding];
  return () => { bindings.value = bindings.value.filter((b) => b !== binding); };
}

// useKey binds a key while a component is shown. Text is what the help says of it, a key of the dictionary.
export function useKey(keys, text, fn) {
  const held = useRef(fn);
  held.current = fn;
  useEffect(() => (fn ? bind(keys, text, (event) => held.current(event)) : undefined), [keys, text, Boolean(fn)]);
}

let first = '';
let forgotten = 0;

function typing(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !/^(checkbox|radio|range|button)$/.test(target.type);
}

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key.length !== 1 || typing(event.target) || document.querySelector('dialog[open]')) return;
  const both = first ? `${first} ${event.key}` : event.key;
  const newest = [...bindings.value].reverse();
  const found = newest.find((b) => b.keys === both) ?? newest.find((b) => b.keys === event.key);
  clearTimeout(forgotten);
  first = '';
  if (found) {
    event.preventDefault();
    found.fn(event);
  } else if (newest.some((b) => b.keys.startsWith(`${event.key} `))) {
    first = event.key;
    forgotten = setTimeout(() => { first = ''; }, 1200);
  }
});
