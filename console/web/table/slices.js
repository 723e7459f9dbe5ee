// Work on many rows in slices, so that no frame waits for it. Pure: no DOM.

// sliceTime is how long, in milliseconds, a slice works before the page has its turn.
const sliceTime = 8;

// turn lets the browser draw and take input. A message comes sooner than a timer, which browsers delay.
function turn() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { port1.close(); resolve(); };
    port2.postMessage(null);
  });
}

// Slices gives the page its turn whenever a slice is over, and ends with an AbortError once the
// signal says that nobody waits for the result any more.
export class Slices {
  #began = performance.now();
  #signal;
  constructor(signal) { this.#signal = signal; }
  get over() { return performance.now() - this.#began > sliceTime; }
  async next() {
    await turn();
    this.#signal?.throwIfAborted();
    this.#began = performance.now();
  }
}

// filter returns the items that keep lets through.
export async function filter(items, keep, slices) {
  const kept = [];
  for (let i = 0; i < items.length; i++) {
    if (keep(items[i])) kept.push(items[i]);
    if ((i & 255) === 255 && slices.over) await slices.next();
  }
  return kept;
}

// sort returns the items in order. It is stable: what compares as equal stays as it was. A merge sort
// by runs, since Array.sort cannot be interrupted.
export async function sort(items, compare, slices) {
  const run = 1024;
  let from = [];
  for (let i = 0; i < items.length; i += run) {
    for (const item of items.slice(i, i + run).sort(compare)) from.push(item);
    if (slices.over) await slices.next();
  }
  for (let width = run; width < from.length; width *= 2) {
    const to = [];
    for (let start = 0; start < from.length; start += 2 * width) {
      const middle = Math.min(start + width, from.length), end = Math.min(start + 2 * width, from.length);
      let left = start, right = middle;
      while (left < middle || right < end) {
        const takeLeft = right >= end || (left < middle && compare(from[left], from[right]) <= 0);
        to.push(takeLeft ? from[left++] : from[right++]);
        if ((to.length & 1023) === 0 && slices.over) await slices.next();
      }
    }
    from = to;
  }
  return from;
}
