// The attempts of a task, the newest first.
import { html } from '../../kernel/view.js';
import { number, t } from '../../kernel/text.js';
import { parseTime } from '../../kernel/time.js';
import { Empty, Progress, Table, Time } from '../../ui/all.js';
import { TaskState } from './state.js';

/** Attempts lists them. `pair` are the numbers of those that are to be compared, at most two. */
export function Attempts({ attempts, shown, onShow, pair, onPair }) {
  const toggle = (n) => onPair((now) => (now.includes(n) ? now.filter((x) => x !== n) : [...now.slice(-1), n]));
  const columns = [
    { key: 'pair', title: t('tasks.compare'), render: (a) => html`<input type="checkbox" checked=${pair.includes(a.number)} onChange=${() => toggle(a.number)}
      aria-label=${`${t('tasks.compare')} ${a.number}`} />` },
    { key: 'number', title: t('tasks.attempt'), render: (a) => html`<span class="mono">#${a.number}</span>` },
    { key: 'kind', title: t('tasks.kind'), render: (a) => t(a.kind === 'revert' ? 'tasks.kindRevert' : 'tasks.kindUpdate') },
    { key: 'state', title: t('tasks.state'), render: (a) => html`<${TaskState} state=${a.state} />` },
    { key: 'percent', title: t('tasks.percent'), render: (a) => (a.state === 'running' ? html`<${Progress} percent=${a.percent} kind="accent" label=${t('tasks.percent')} />` : html`<span class="number">${a.percent} %</span>`) },
    { key: 'executor', title: t('tasks.executor') },
    { key: 'accepted', title: t('tasks.accepted'), render: (a) => html`<${Time} value=${a.accepted} form="short" />` },
    { key: 'took', title: t('tasks.took'), align: 'end', render: took },
    { key: 'result', title: t('tasks.result'), class: 'wide', render: (a) => html`<span class="clip">${a.result}</span>` },
  ];
  return html`<${Table} columns=${columns} rows=${attempts} rowKey=${(a) => a.number} selected=${shown} onOpen=${(a) => onShow(a.number)} testid="attempt-row"
    label=${t('tasks.attempts')} empty=${html`<${Empty} icon="tasks" title=${t('tasks.noAttempts')} />`} />`;
}

/** took says how long an attempt ran, in seconds. */
function took({ started, ended }) {
  if (!started || !ended) return '';
  const seconds = (parseTime(ended) - parseTime(started)) / 1000;
  return `${number(seconds, seconds < 10 ? 1 : 0)} s`;
}
