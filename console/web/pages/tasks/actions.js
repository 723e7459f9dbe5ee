// What is done to a task, each after a question.
import { t } from '../../kernel/text.js';
import { del, post } from '../../kernel/http.js';
import { session } from '../../kernel/session.js';
import { confirm, toast, toastError, warn } from '../../ui/all.js';

const icons = { update: 'play', revert: 'undo', cancel: 'stop', delete: 'trash' };
const dangerous = new Set(['revert', 'delete']);

/** wordOf names an action on a task, which is run again after a failure. */
export function wordOf(what, task) {
  if (what === 'update') return t(task.state === 'failed' ? 'tasks.runAgain' : 'tasks.run');
  return t(`tasks.${what}`);
}

export const iconOf = (what) => icons[what];

/** act asks, and then does something to a task; it says whether it was done. */
export async function act(what, task, machine) {
  const names = { action: task.action, target: task.target, machine: machine ?? task.ip };
  const ask = what === 'update' ? t('tasks.runAsk', names) : t(`tasks.${what}Ask`, names);
  const action = wordOf(what, task);
  if (!(await confirm({ title: action, body: ask, action, danger: dangerous.has(what) }))) return false;
  try {
    const reply = await send(what, task.task_id);
    warn(reply);
    toast(t(what === 'delete' ? 'tasks.deleted' : 'tasks.asked'));
    return true;
  } catch (error) {
    toastError(error);
    return false;
  }
}

/** send has the API do something to a task. */
export function send(what, task) {
  if (what === 'delete') return del('/api/task', { query: { task_id: task } });
  const data = what === 'cancel' ? { task_id: task } : { executor: session.value.user.username, task_id: task };
  return post('/api/update', { action: what, data });
}
