// The list of tasks.
import { html, useState } from '../../kernel/view.js';
import { useSignal } from '../../kernel/signal.js';
import { t } from '../../kernel/text.js';
import { get } from '../../kernel/http.js';
import { asOf, href, navigate, setQuery, useQuery } from '../../kernel/router.js';
import { useLive } from '../../kernel/data.js';
import { useKey } from '../../kernel/keys.js';
import { Button, Empty, Input, Loaded, Page, Pager, Select, Table, Time } from '../../ui/all.js';
import { NewTask } from './newtask.js';
import { TaskProgress, TaskState, may, states } from './state.js';

const size = 50;
const filters = ['state', 'machine_name', 'action', 'creator'];

export default function Tasks() {
  const query = useQuery();
  const past = useSignal(asOf);
  const [planning, setPlanning] = useState(false);
  const page = Math.max(1, Number(query.page) || 1);
  const chosen = Object.fromEntries(filters.map((name) => [name, query[name] ?? '']));
  const load = ({ signal }) => get('/api/task', { ...chosen, order: 'desc', start: (page - 1) * size, count: size }, { signal });
  const tasks = useLive(load, [page, ...Object.values(chosen)], ['task']);
  const mayPlan = may('add') && !past;
  useKey('n', 'tasks.new', mayPlan ? () => setPlanning(true) : null);
  const set = (name) => (value) => setQuery({ [name]: value, page: '' });
  const anyFilter = Object.values(chosen).some(Boolean);
  return html`<${Page} title=${t('tasks.title')} note=${tasks.data && t('tasks.count', { n: tasks.data.count })}
    actions=${mayPlan && html`<${Button} kind="primary" icon="plus" onClick=${() => setPlanning(true)} data-testid="task-new">${t('tasks.new')}<//>`}>
    <div class="filters">
      <${Select} label=${t('tasks.state')} value=${chosen.state} onValue=${set('state')} options=${[['', t('tasks.all')], ...states.map((s) => [s, t(`tasks.state.${s}`)])]} />
      <${Input} label=${t('tasks.machine')} value=${chosen.machine_name} onValue=${set('machine_name')} />
      <${Input} label=${t('tasks.action')} value=${chosen.action} onValue=${set('action')} />
      <${Input} label=${t('tasks.creator')} value=${chosen.creator} onValue=${set('creator')} />
    </div>
    <${Loaded} of=${tasks} lines=${8}>${({ data, count }) => html`
      <${TaskTable} tasks=${data} empty=${html`<${Empty} icon="tasks" title=${t(anyFilter ? 'tasks.noneFound' : 'tasks.none')}>${!anyFilter && t('tasks.noneHint')}<//>`} />
      <${Pager} page=${page} size=${size} total=${count} onPage=${(p) => setQuery({ page: p }, { push: true })} />`}<//>
    ${planning && html`<${NewTask} onClose=${() => setPlanning(false)} onPlanned=${(id) => navigate(`/tasks/${id}`)} />`}
  <//>`;
}

/** TaskTable lists tasks, each of which opens its page. */
export function TaskTable({ tasks, empty }) {
  const columns = [
    { key: 'state', title: t('tasks.state'), render: (task) => html`<${TaskState} state=${task.state} />` },
    { key: 'what', title: t('tasks.task'), class: 'wide', render: (task) => html`<a href=${href(`/tasks/${task.task_id}`)}><b>${task.action}</b> ${task.target}</a>
      ${task.version && html` <span class="mono dim">${task.version}</span>`}<div class="dim clip">${task.result || task.description}</div>` },
    { key: 'percent', title: t('tasks.percent'), render: (task) => html`<${TaskProgress} task=${task} />` },
    { key: 'ip', title: t('tasks.machine'), render: (task) => html`<span class="mono">${task.ip}</span>` },
    { key: 'creator', title: t('tasks.creator') },
    { key: 'created', title: t('tasks.created'), align: 'end', render: (task) => html`<${Time} value=${task.create_time} />` },
  ];
  return html`<${Table} columns=${columns} rows=${tasks} rowKey=${(task) => task.task_id} onOpen=${(task) => navigate(`/tasks/${task.task_id}`)}
    testid="task-row" label=${t('tasks.title')} empty=${empty} />`;
}
