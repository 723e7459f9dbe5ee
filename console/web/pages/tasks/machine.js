// One machine: what it offers, its tasks, who can log in, and its history.
import { html, useState } from '../../kernel/view.js';
import { useSignal } from '../../kernel/signal.js';
import { t } from '../../kernel/text.js';
import { del, get } from '../../kernel/http.js';
import { asOf, navigate } from '../../kernel/router.js';
import { useEvery, useLive, useLoad } from '../../kernel/data.js';
import { mayCode } from '../../kernel/session.js';
import { Badge, Button, Empty, Facts, Loaded, Page, Panel, Tabs, Time, confirm, toast, toastError } from '../../ui/all.js';
import { History } from '../history/history.js';
import { AccountAccess } from './access.js';
import { MachineForm } from './machineform.js';
import { Online } from './machines.js';
import { NewTask } from './newtask.js';
import { TaskTable } from './tasks.js';
import { may } from './state.js';

export default function MachinePage({ name }) {
  const past = useSignal(asOf);
  const [dialog, setDialog] = useState('');
  const machine = useLive(({ signal }) => get('/api/machine', { machine_name: name }, { signal }), [name], ['machine']);
  useEvery(5000, () => { if (!past) machine.reload(); });
  const one = machine.data?.data[0];
  const close = () => setDialog('');
  const actions = one && !past && html`
    ${may('add') && html`<${Button} kind="primary" icon="plus" onClick=${() => setDialog('task')}>${t('tasks.new')}<//>`}
    ${mayCode(12) && html`<${Button} icon="edit" onClick=${() => setDialog('edit')} data-testid="machine-edit">${t('machines.edit')}<//>`}
    ${mayCode(13) && html`<${Button} icon="trash" onClick=${() => remove(name)} data-testid="machine-delete">${t('machines.delete')}<//>`}`;
  return html`<${Page} title=${name} crumbs=${[[t('machines.title'), '/machines']]} note=${one && html`<${Online} online=${one.online} />`} actions=${actions}>
    <${Loaded} of=${machine}>${() => (one ? html`<${Body} machine=${one} />` : html`<${Empty} icon="machines" title=${t('machines.none')} />`)}<//>
    ${dialog === 'edit' && html`<${MachineForm} machine=${one} onClose=${close} onSaved=${machine.reload} />`}
    ${dialog === 'task' && html`<${NewTask} given=${{ ip: one.inside_ip || one.outside_ip }} onClose=${close} onPlanned=${(id) => navigate(`/tasks/${id}`)} />`}
  <//>`;
}

async function remove(name) {
  if (!(await confirm({ title: t('machines.delete'), body: t('machines.deleteAsk', { name }), action: t('machines.delete'), danger: true }))) return;
  try {
    await del('/api/machine', { query: { machine_name: name } });
    toast(t('machines.deleted'));
    navigate('/machines');
  } catch (error) {
    toastError(error);
  }
}

function Body({ machine }) {
  const tabs = [['offers', t('machines.offers')], may('see') && ['tasks', t('machines.tasks')], mayCode(16) && ['logins', t('machines.logins')], ['history', t('machines.history')]].filter(Boolean);
  const [tab, setTab] = useState('offers');
  return html`<${Panel}><${Facts} of=${[
    [t('machines.inside'), html`<span class="mono">${machine.inside_ip}</span>`],
    [t('machines.outside'), machine.outside_ip && html`<span class="mono">${machine.outside_ip}</span>`],
    [t('machines.usage'), machine.usage], [t('machines.location'), machine.location],
    [t('machines.lastSeen'), machine.last_seen ? html`<${Time} value=${machine.last_seen} form="full" />` : t('machines.never')],
  ]} /><//>
  <${Tabs} tabs=${tabs} at=${tab} onTab=${setTab} label=${machine.machine_name}>
    ${tab === 'offers' && html`<${Offers} name=${machine.machine_name} />`}
    ${tab === 'tasks' && html`<${Tasks} name=${machine.machine_name} />`}
    ${tab === 'logins' && html`<${AccountAccess} machine=${machine.machine_name} />`}
    ${tab === 'history' && html`<${History} path=${`/v1/machines/${machine.id}/history`} kinds=${['machine']} name=${machine.machine_name} />`}
  <//>`;
}

function Tasks({ name }) {
  const tasks = useLive(({ signal }) => get('/api/task', { machine_name: name, order: 'desc', count: 50 }, { signal }), [name], ['task']);
  return html`<${Loaded} of=${tasks}>${({ data }) => html`<${TaskTable} tasks=${data} empty=${html`<${Empty} icon="tasks" title=${t('tasks.none')} />`} />`}<//>`;
}

function Offers({ name }) {
  const offers = useLoad(({ signal }) => get(`/v1/machines/${encodeURIComponent(name)}/offers`, {}, { signal, past: false }), [name]);
  return html`<${Loaded} of=${offers}>${(all) => (all.known && all.actions.length > 0 ? html`<p class="dim">${t('machines.offersHint')}</p>
    <ul class="offers">${all.actions.map((a) => html`<li key=${a.action}><b class="mono">${a.action}</b>
      ${a.targets ? a.targets.map((x) => html`<div key=${x.target} class="offer"><span class="mono">${x.target}</span> ${x.versions?.map((v) => html`<${Badge} key=${v}>${v}<//> `)}</div>`)
        : html`<span class="dim">${t('machines.anyTarget')}</span>`}</li>`)}</ul>`
    : html`<${Empty} icon="machines" title=${t('machines.offersUnknown')} />`)}<//>`;
}
