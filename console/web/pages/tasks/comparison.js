// What two attempts printed, side by side in one list.
import { html, cx } from '../../kernel/view.js';
import { t } from '../../kernel/text.js';
import { get } from '../../kernel/http.js';
import { useLoad } from '../../kernel/data.js';
import { Empty, Loaded, Select } from '../../ui/all.js';
import { diffArrays } from '../../lib/diff/array.js';
import { readOutput } from './output.js';

/** How many lines of each attempt are compared at most, and for how many milliseconds. */
const most = 5000;
const timeout = 2000;
/** Lines without a difference that are shown around one. */
const context = 3;

export function Comparison({ task, attempts, pair, onPair }) {
  const [first, second] = [...pair].sort((a, b) => a - b);
  const options = [['', ''], ...attempts.map((a) => [a.number, `#${a.number} ${t(a.kind === 'revert' ? 'tasks.kindRevert' : 'tasks.kindUpdate')} ${t(`tasks.state.${a.state}`)}`])];
  const set = (i) => (n) => onPair([0, 1].map((k) => (k === i ? n : [first, second][k])).filter(Boolean));
  const compared = useLoad(() => (first && second ? compare(task, first, second) : null), [task, first, second]);
  return html`<div class="comparison">
    <div class="filters"><${Select} label=${`${t('tasks.attempt')} −`} value=${first ?? ''} options=${options} onValue=${set(0)} />
      <${Select} label=${`${t('tasks.attempt')} +`} value=${second ?? ''} options=${options} onValue=${set(1)} /></div>
    ${!(first && second) ? html`<${Empty} icon="copy" title=${t('tasks.compareHint')} />`
      : html`<${Loaded} of=${compared}>${(result) => result && html`<${Result} ...${result} />`}<//>`}
  </div>`;
}

async function compare(task, first, second) {
  const texts = async (n) => (await readOutput(get, task, n, most)).map((line) => line.text);
  const [before, after] = await Promise.all([texts(first), texts(second)]);
  const parts = await new Promise((resolve) => { diffArrays(before, after, { callback: resolve, timeout }); });
  // Where they are too different to be compared in time, all of one goes and all of the other comes.
  return { parts: parts ?? [{ removed: true, value: before }, { added: true, value: after }], long: before.length === most || after.length === most };
}

function Result({ parts, long }) {
  if (!parts.some((p) => p.added || p.removed)) return html`<${Empty} icon="check" title=${t('tasks.compareSame')} />`;
  return html`${long && html`<p class="dim">${t('tasks.compareLong', { n: most })}</p>`}
    <div class="difference mono" role="region" tabindex="0" aria-label=${t('tasks.compare')}>${parts.map((part, i) => lines(part, i, parts.length))}</div>`;
}

function lines(part, i, count) {
  const sign = part.added ? '+' : part.removed ? '−' : ' ';
  const kind = part.added ? 'added' : part.removed ? 'removed' : '';
  const all = part.value;
  if (!kind && all.length > 2 * context + 1) {
    const head = i === 0 ? [] : all.slice(0, context);
    const tail = i === count - 1 ? [] : all.slice(-context);
    return [...head.map((text, k) => row(sign, kind, text, `${i}h${k}`)), html`<div key=${`${i}gap`} class="gap">⋯ ${all.length - head.length - tail.length}</div>`,
      ...tail.map((text, k) => row(sign, kind, text, `${i}t${k}`))];
  }
  return all.map((text, k) => row(sign, kind, text, `${i}-${k}`));
}

const row = (sign, kind, text, key) => html`<div key=${key} class=${cx('difference-line', kind)}><span aria-hidden="true">${sign}</span>${text}</div>`;
