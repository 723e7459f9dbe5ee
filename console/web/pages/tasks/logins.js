// Which logins were granted, by user or by address of a machine.
import { html, useState } from '../../kernel/view.js';
import { useSignal } from '../../kernel/signal.js';
import { t } from '../../kernel/text.js';
import { get, post } from '../../kernel/http.js';
import { asOf, setQuery, useQuery } from '../../kernel/router.js';
import { useLive } from '../../kernel/data.js';
import { mayCode } from '../../kernel/session.js';
import { Button, Empty, Failure, FormDialog, Input, Loaded, Page, Panel, Table, Tabs, confirm, toast, toastError, useForm } from '../../ui/all.js';

const manage = 17;

export default function Logins() {
  const query = useQuery();
  const past = useSignal(asOf);
  const [granting, setGranting] = useState(false);
  const mode = query.mode === 'ip' ? 'ip' : 'user';
  const sought = query.q ?? '';
  const load = ({ signal }) => (sought ? get('/api/ssh_key_manage', { mode, [mode === 'ip' ? 'ip' : 'username']: sought }, { signal }) : null);
  const grants = useLive(load, [mode, sought], ['account', 'user', 'machine']);
  const may = mayCode(manage) && !past;
  return html`<${Page} title=${t('machines.accessTitle')} crumbs=${[[t('machines.title'), '/machines']]}
    actions=${may && html`<${Button} kind="primary" icon="plus" onClick=${() => setGranting(true)} data-testid="grant-new">${t('machines.grant')}<//>`}>
    <${Tabs} tabs=${[['user', t('machines.byUser')], ['ip', t('machines.byMachine')]]} at=${mode} onTab=${(m) => setQuery({ mode: m, q: '' })} label=${t('machines.accessTitle')}>
      <div class="filters"><${Input} type="search" label=${t(mode === 'ip' ? 'tasks.address' : 'machines.username')} value=${sought} onValue=${(q) => setQuery({ q })} data-testid="grant-find" /></div>
      ${sought && html`<${Panel} flush><${Loaded} of=${grants}>${(found) => found && html`<${Grants} grants=${found.data} reload=${grants.reload} may=${may} />`}<//><//>`}
    <//>
    ${granting && html`<${GrantForm} onClose=${() => setGranting(false)} onSaved=${grants.reload} />`}
  <//>`;
}

function Grants({ grants, reload, may }) {
  const columns = [
    { key: 'username', title: t('machines.user') },
    { key: 'system_user', title: t('machines.account'), render: (g) => html`<span class="mono">${g.system_user}</span>` },
    { key: 'ip', title: t('tasks.address'), class: 'wide', render: (g) => html`<span class="mono">${g.ip}</span>` },
    may && { key: 'actions', align: 'end', render: (g) => html`<${Button} small onClick=${() => takeBack(g).then(reload)}>${t('machines.takeBack')}<//>` },
  ].filter(Boolean);
  return html`<${Table} columns=${columns} rows=${grants} rowKey=${(g) => `${g.username} ${g.system_user} ${g.ip}`} label=${t('machines.granted')} testid="grant-row"
    empty=${html`<${Empty} icon="credentials" title=${t('machines.noGrants')} />`} />`;
}

async function takeBack({ username, ip, system_user: account }) {
  const body = t('machines.grantAsk', { user: username, account, address: ip });
  if (!(await confirm({ title: t('machines.takeBack'), body, action: t('machines.takeBack'), danger: true }))) return;
  try {
    await post('/api/ssh_key_manage', { action: 'delete', data: { username, ip, system_user: account } });
    toast(t('machines.grantDeleted'));
  } catch (error) {
    toastError(error);
  }
}

function GrantForm({ onClose, onSaved }) {
  const form = useForm({ username: '', ip: '', system_user: '' }, async (values) => {
    await post('/api/ssh_key_manage', { action: 'add', data: values });
    toast(t('machines.grantAdded'));
    onClose();
    onSaved();
  });
  return html`<${FormDialog} title=${t('machines.grant')} form=${form} onClose=${onClose}>
    <${Failure} error=${form.error} />
    <${Input} label=${t('machines.username')} required ...${form.at('username')} />
    <${Input} label=${t('tasks.address')} required mono ...${form.at('ip')} />
    <${Input} label=${t('machines.account')} required mono ...${form.at('system_user')} />
  <//>`;
}
