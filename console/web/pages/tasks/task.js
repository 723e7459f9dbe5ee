// One task: what it is, what was done of it, and what it printed.
import { html, useMemo, useState } from '../../kernel/view.js';
import { useSignal } from '../../kernel/signal.js';
import { t } from '../../kernel/text.js';
import { get } from '../../kernel/http.js';
import { asOf, href, navigate } from '../../kernel/router.js';
import { useLive, useLoad } from '../../kernel/data.js';
import { mayCode } from '../../kernel/session.js';
import { Button, Empty, Facts, Loaded, Page, Panel, Tabs, Time } from '../../ui/all.js';
import { History } from '../history/history.js';
import { Attempts } from './attempts.js';
import { Comparison } from './comparison.js';
import { TaskOutput } from './taskoutput.js';
import { TaskProgress, TaskState, offered } from './state.js';
import { act, iconOf, wordOf } from './actions.js';

export default function TaskPage({ id }) {
  const past = useSignal(asOf);
  const task = useLive(({ signal }) => get('/api/task', { task_id: id }, { signal }), [id], ['task']);
  const one = task.data?.data[0];
  if (task.data && !one) return html`<${Page} title=${t('tasks.task')} crumbs=${[[t('tasks.title'), '/tasks']]}><${Empty} icon="tasks" title=${t('tasks.noneFound')} /><//>`;
  return html`<${Page} title=${one ? `${one.action} ${one.target}` : t('tasks.task')} crumbs=${[[t('tasks.title'), '/tasks']]}
    note=${one && html`<${TaskState} state=${one.state} /> <${TaskProgress} task=${one} />`}
    actions=${one && !past && html`<${Actions} task=${one} reload=${task.reload} />`}>
    <${Loaded} of=${task}>${() => html`<${Body} task=${one} reload=${task.reload} />`}<//>
  <//>`;
}

function Actions({ task, reload }) {
  const press = async (what) => {
    if (!(await act(what, task))) return;
    if (what === 'delete') navigate('/tasks');
    else reload();
  };
  return offered(task).map((what, i) => html`<${Button} key=${what} icon=${iconOf(what)} kind=${i === 0 && what === 'update' ? 'primary' : 'plain'}
    onClick=${() => press(what)} data-testid=${`task-${what}`}>${wordOf(what, task)}<//>`);
}

function Body({ task }) {
  const [tab, setTab] = useState('output');
  const [chosen, choose] = useState(0); // number of the attempt whose output is shown, 0 for the newest
  const [pair, setPair] = useState([]);
  const attempts = useLive(({ signal }) => get(`/v1/tasks/${task.task_id}/attempts`, {}, { signal }), [task.task_id], ['task']);
  const all = attempts.data?.attempts;
  const shown = all?.find((a) => a.number === chosen) ?? all?.[0];
  const tabs = [['output', t('tasks.output')], ['compare', t('tasks.compare')], ['history', t('tasks.history')]];
  return html`<div class="task">
    <${What} task=${task} />
    <${Panel} title=${t('tasks.attempts')} flush>
      <${Loaded} of=${attempts}>${() => html`<${Attempts} attempts=${all} shown=${shown?.number} onShow=${(n) => { choose(n); setTab('output'); }} pair=${pair} onPair=${setPair} />`}<//>
    <//>
    <${Tabs} tabs=${tabs} at=${tab} onTab=${setTab} label=${t('tasks.task')}>
      ${tab === 'output' && (shown ? html`<${TaskOutput} key=${shown.number} task=${task.task_id} attempt=${shown} />` : html`<${Empty} icon="tasks" title=${t('tasks.noAttempts')} />`)}
      ${tab === 'compare' && html`<${Comparison} task=${task.task_id} attempts=${all ?? []} pair=${pair} onPair=${setPair} />`}
      ${tab === 'history' && html`<${History} path=${`/v1/tasks/${task.task_id}/history`} kinds=${['task']} name=${`${task.action} ${task.target}`} />`}
    <//>
  </div>`;
}

function What({ task }) {
  const machine = useMachine(task.ip);
  return html`<${Panel}><${Facts} of=${[
    [t('tasks.machine'), machine ? html`<a href=${href(`/machines/${encodeURIComponent(machine.machine_name)}`)}>${machine.machine_name}</a> <span class="mono dim">${task.ip}</span>` : html`<span class="mono">${task.ip}</span>`],
    [t('tasks.version'), task.version && html`<span class="mono">${task.version}</span>`],
    [t('tasks.creator'), task.creator],
    [t('tasks.created'), html`<${Time} value=${task.create_time} form="full" />`],
    [t('tasks.executor'), task.executor],
    [t('tasks.result'), task.result],
    [t('tasks.description'), task.description],
    [t('tasks.content'), task.content && html`<pre class="mono">${task.content}</pre>`],
  ]} /><//>`;
}

/** useMachine is the machine that has an address, for who may see machines. */
function useMachine(ip) {
  const may = mayCode(14);
  const machines = useLoad(({ signal }) => (may ? get('/api/machine', { count: 1000 }, { signal }) : null), [ip]).data?.data;
  return useMemo(() => machines?.find((m) => m.inside_ip === ip || m.outside_ip === ip), [machines, ip]);
}
