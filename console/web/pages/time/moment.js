// Moments as people type them. Pure: no DOM.

const steps = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };

// momentOf reads a moment: a position (1021, #1021), how long ago (-90m, 2h), a day or a time in the user's zone, or
// RFC 3339. It is '' for none, which means now, and null for what is no moment.
export function momentOf(text, now = Date.now()) {
  const typed = text.trim();
  if (typed === '' || /^(now|现在)$/i.test(typed)) return '';
  if (/^#?\d+$/.test(typed)) return typed.replace('#', '');
  const ago = /^[-−]?(\d+)\s*([smhdw])$/.exec(typed);
  if (ago) return new Date(now - Number(ago[1]) * steps[ago[2]] * 1000).toISOString();
  const date = new Date(/^\d{4}-\d\d-\d\d$/.test(typed) ? `${typed}T00:00:00` : typed.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d(:\d\d)?) ?([+−-]\d\d:\d\d|Z)?$/, (_, d, c, s, o) => `${d}T${c}${(o ?? '').replace('−', '-')}`));
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
