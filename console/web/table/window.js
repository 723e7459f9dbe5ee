// Which rows of a long table are drawn. Pure: no DOM.

// windowOf returns the first row that is drawn and the one behind the last, for a table of count
// rows that is scrolled to top. It has overscan rows more at both ends, so that a frame that comes
// late shows rows, and begins at an even row, so that stripes do not jump.
export function windowOf({ top, height, rowHeight, count, overscan = 12 }) {
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan) & ~1;
  const end = Math.min(count, Math.ceil((top + height) / rowHeight) + overscan);
  return { first: Math.min(first, Math.max(0, count - 1)), end };
}

// scrollTo returns where a table has to be scrolled to so that the row is seen whole.
export function scrollTo({ top, height, rowHeight, row }) {
  const start = row * rowHeight;
  if (start < top) return start;
  if (start + rowHeight > top + height) return start + rowHeight - height;
  return top;
}

// moved returns the row to which a key leads from a row, or null where the key leads nowhere.
export function moved(key, row, { count, page }) {
  const to = {
    ArrowDown: row + 1, ArrowUp: row - 1, PageDown: row + page, PageUp: row - page, Home: 0, End: count - 1,
  }[key];
  return to === undefined || count === 0 ? null : Math.min(count - 1, Math.max(0, to));
}
