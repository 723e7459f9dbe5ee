// The form that plans a task.
import { html, useRef } from '../../kernel/view.js';
import { t } from '../../kernel/text.js';
import { get, post } from '../../kernel/http.js';
import { session } from '../../kernel/session.js';
import { useLoad } from '../../kernel/data.js';
import { Button, Failure, FormDialog, Input, Select, TextArea, toast, useForm, warn } from '../../ui/all.js';
import { send } from './actions.js';
import { may } from './state.js';

/** NewTask plans a task, perhaps with some values given, and runs it where that was asked for. */
export function NewTask({ onClose, onPlanned, given = {} }) {
  const machines = useLoad(({ signal }) => get('/api/machine', { count: 1000 }, { signal, past: false })).data?.data ?? [];
  const runs = useRef(false); // whether the task is run as soon as it is planned
  const form = useForm({ ip: '', action: '', target: '', version: '', content: '', description: '', ...given }, plan);
  const machine = machines.find((m) => [m.inside_ip, m.outside_ip].includes(form.values.ip));
  const offers = useLoad(({ signal }) => (machine ? get(`/v1/machines/${encodeURIComponent(machine.machine_name)}/offers`, {}, { signal, past: false }) : null), [machine?.machine_name]).data;

  async function plan(values) {
    const run = runs.current;
    runs.current = false;
    const reply = await post('/api/task', { action: 'add', data: { ...values, creator: session.value.user.username } });
    warn(reply);
    if (run) await send('update', reply.data.task_id);
    toast(t(run ? 'tasks.asked' : 'tasks.planned'));
    onClose();
    onPlanned(reply.data.task_id);
  }

  const choices = machines.map((m) => [m.inside_ip || m.outside_ip, `${m.machine_name} · ${m.inside_ip || m.outside_ip}`]);
  const action = offers?.known ? offers.actions.find((a) => a.action === form.values.action) : null;
  const target = action?.targets?.find((x) => x.target === form.values.target);
  const planAndRun = () => {
    runs.current = true;
    form.send();
  };
  const extra = may('update') && html`<${Button} icon="play" disabled=${form.busy} onClick=${planAndRun} data-testid="task-plan-run">${t('tasks.planAndRun')}<//>`;
  return html`<${FormDialog} title=${t('tasks.new')} form=${form} submit=${t('tasks.plan')} onClose=${onClose} extra=${extra} wide>
    <${Failure} error=${form.error} />
    <${Select} label=${t('tasks.machine')} required options=${[['', ''], ...choices]} ...${form.at('ip')} data-testid="task-machine"
      warning=${machine && machine.online === false ? t('tasks.offline') : undefined} />
    <div class="form-row">
      <${Input} label=${t('tasks.action')} required list="task-actions" ...${form.at('action')} data-testid="task-action" hint=${machine && offers && !offers.known ? t('tasks.notOffered') : undefined} />
      <${Input} label=${t('tasks.target')} required list="task-targets" ...${form.at('target')} data-testid="task-target" />
      <${Input} label=${t('tasks.version')} list="task-versions" ...${form.at('version')} data-testid="task-version" />
    </div>
    <${TextArea} label=${t('tasks.content')} hint=${t('tasks.contentHint')} mono rows=${3} ...${form.at('content')} data-testid="task-content" />
    <${TextArea} label=${t('tasks.description')} rows=${2} ...${form.at('description')} data-testid="task-description" />
    <datalist id="task-actions">${offers?.actions?.map((a) => html`<option key=${a.action} value=${a.action} />`)}</datalist>
    <datalist id="task-targets">${action?.targets?.map((x) => html`<option key=${x.target} value=${x.target} />`)}</datalist>
    <datalist id="task-versions">${target?.versions?.map((v) => html`<option key=${v} value=${v} />`)}</datalist>
  <//>`;
}
