// How a task is, and what may be done with it.
import { html } from '../../kernel/view.js';
import { t } from '../../kernel/text.js';
import { mayCode } from '../../kernel/session.js';
import { Badge, Progress } from '../../ui/all.js';

/** States in which a task is under way: its percent moves, and it can be cancelled. */
const underWay = new Set(['queued', 'running', 'revert_queued', 'reverting']);

const kinds = {
  queued: 'wait', running: 'accent', succeeded: 'good', failed: 'bad', unknown: 'bad', revert_queued: 'wait', reverting: 'accent',
  revert_failed: 'bad', revert_unknown: 'bad',
};

export const states = [
  'created', 'queued', 'running', 'succeeded', 'failed', 'cancelled', 'expired', 'unknown', 'revert_queued', 'reverting', 'reverted', 'revert_failed', 'revert_unknown',
];

export const isUnderWay = (task) => underWay.has(task.state);

export const TaskState = ({ state }) => html`<${Badge} kind=${kinds[state]}>${t(`tasks.state.${state}`)}<//>`;

/** TaskProgress is a bar while the task is under way, and nothing before and after. */
export function TaskProgress({ task }) {
  if (!isUnderWay(task)) return null;
  return html`<span class="task-progress"><${Progress} percent=${task.percent} kind="accent" label=${t('tasks.percent')} /><span class="number">${task.percent} %</span></span>`;
}

const codes = { add: 6, delete: 7, see: 8, update: 9, revert: 10 };

/** may says whether the user holds the code for something on tasks. */
export const may = (what) => mayCode(codes[what]);

/** offered lists what makes sense for a task as it is, and the user may do. */
export function offered(task) {
  const can = {
    update: ['created', 'failed', 'cancelled', 'expired'].includes(task.state),
    revert: ['succeeded', 'failed', 'revert_failed', 'revert_unknown', 'unknown'].includes(task.state) && task.start_time > 0,
    cancel: isUnderWay(task) || task.state === 'unknown' || task.state === 'revert_unknown',
    delete: !isUnderWay(task),
  };
  const right = { update: 'update', revert: 'revert', cancel: 'update', delete: 'delete' };
  return Object.keys(can).filter((what) => can[what] && may(right[what]));
}
