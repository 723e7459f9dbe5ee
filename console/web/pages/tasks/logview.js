// A list of lines of which only those that are looked at are in the document, so that 100,000 of them
// scroll as a hundred do.
import { html, cx, useEffect, useLayoutEffect, useRef, useState } from '../../kernel/view.js';
import { t } from '../../kernel/text.js';
import { shortTime, fullTime } from '../../kernel/time.js';

/** Height of a line in pixels; the style sheet says the same. */
const height = 20;
/** Lines above and below what is seen. */
const margin = 20;

/**
 * LogView shows lines, of which `growing` says that more may come: it then follows their end until the user
 * scrolls up. `marked` is the index of the line to bring into sight, −1 for none; `hits` are those found.
 */
export function LogView({ lines, growing, label, marked = -1, hits }) {
  const box = useRef(null);
  const [top, setTop] = useState(0);
  const [follows, setFollows] = useState(true);
  const seen = Math.ceil((box.current?.clientHeight ?? 480) / height);
  const first = Math.max(0, Math.floor(top / height) - margin);
  const shown = lines.slice(first, first + seen + 2 * margin);

  useLayoutEffect(() => {
    if (growing && follows && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.length, growing, follows]);
  useEffect(() => {
    if (marked >= 0 && box.current) box.current.scrollTop = Math.max(0, marked * height - box.current.clientHeight / 2);
  }, [marked]);

  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    setTop(scrollTop);
    setFollows(scrollHeight - scrollTop - clientHeight < height);
  };
  return html`<div class="log" ref=${box} onScroll=${scrolled} tabindex="0" role="log" aria-label=${label} aria-live="off" data-testid="task-log">
    <div class="log-all" style=${{ height: `${lines.length * height}px` }}>
      <div class="log-shown" style=${{ transform: `translateY(${first * height}px)` }}>
        ${shown.map((line, i) => html`<${Line} key=${first + i} line=${line} marked=${first + i === marked} hit=${hits?.has(first + i)} />`)}
      </div>
    </div>
  </div>`;
}

function Line({ line, marked, hit }) {
  if (line.from !== undefined) return html`<div class="log-line log-missing">${t('tasks.missing', { from: line.from, to: line.to })}</div>`;
  return html`<div class=${cx('log-line', line.err && 'log-err', hit && 'log-hit', marked && 'log-marked')}>
    <span class="log-number">${line.line}</span><time class="log-time" title=${fullTime(line.at)}>${shortTime(line.at)}</time><span class="log-text">${line.text}</span>
  </div>`;
}
