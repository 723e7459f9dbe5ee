// Tasks that are under way, with how far each is.
import { html } from '../../kernel/view.js';
import { get } from '../../kernel/http.js';
import { useEvery, useLive } from '../../kernel/data.js';
import { href } from '../../kernel/router.js';
import { mayCode } from '../../kernel/session.js';
import { has, t } from '../../kernel/text.js';
import { Badge, Empty, Progress, Skeleton, Time } from '../../ui/all.js';

const open = new Set(['queued', 'running', 'revert_queued', 'reverting', 'cancelling']);
const bad = new Set(['failed', 'revert_failed', 'unknown', 'revert_unknown', 'expired']);

// useTasks are the newest tasks, or undefined for who may not see them.
export function useTasks() {
  const loaded = useLive(async ({ signal }) => {
    if (!mayCode(8)) return undefined;
    const { data } = await get('/api/task', { start: 0, count: 30, order: 'desc' }, { signal });
    return data.map((task) => ({ ...task, open: open.has(task.state), bad: bad.has(task.state) }));
  }, [], ['task']);
  useEvery(2000, () => { if (loaded.data?.some((task) => task.open)) loaded.reload(); });
  return loaded.data;
}

export function Tasks({ tasks }) {
  if (!tasks) return html`<${Skeleton} lines=${3} />`;
  const shown = [...tasks.filter((task) => task.open), ...tasks.filter((task) => !task.open)].slice(0, 6);
  if (shown.length === 0) return html`<${Empty} icon="tasks" title=${t('overview.noTasks')} />`;
  return html`<ol class="feed">${shown.map((task) => html`<li key=${task.task_id}><div class="line"><a class="cut grow" href=${href(`/tasks/${task.task_id}`)}>${task.action} ${task.target} ${task.version}</a>
      <${Badge} kind=${task.open ? 'accent' : task.bad ? 'bad' : task.state === 'succeeded' ? 'good' : ''}>${has(`overview.task.${task.state}`) ? t(`overview.task.${task.state}`) : task.state}<//></div>
    ${task.open && html`<div class="line"><${Progress} percent=${task.percent} label=${task.action} /><span class="dim">${task.percent} %</span></div>`}
    <div class="dim small-line">${task.machine_name ?? task.ip} · ${task.creator} · <${Time} value=${task.start_time || task.create_time} /></div></li>`)}</ol>`;
}
