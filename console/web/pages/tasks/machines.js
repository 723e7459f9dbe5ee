// The list of machines.
import { html, useMemo, useState } from '../../kernel/view.js';
import { useSignal } from '../../kernel/signal.js';
import { t } from '../../kernel/text.js';
import { get } from '../../kernel/http.js';
import { asOf, href, navigate } from '../../kernel/router.js';
import { useEvery, useLive } from '../../kernel/data.js';
import { useKey } from '../../kernel/keys.js';
import { mayCode } from '../../kernel/session.js';
import { Badge, Button, Empty, Input, Loaded, Page, Table, Time } from '../../ui/all.js';
import { MachineForm } from './machineform.js';

const most = 1000;

export default function Machines() {
  const past = useSignal(asOf);
  const [adding, setAdding] = useState(false);
  const [sought, setSought] = useState('');
  const machines = useLive(({ signal }) => get('/api/machine', { count: most }, { signal }), [], ['machine']);
  useEvery(5000, () => { if (!past) machines.reload(); }); // whether one is online is no event
  const mayAdd = mayCode(11) && !past;
  useKey('n', 'machines.new', mayAdd ? () => setAdding(true) : null);
  const rows = useMemo(() => matching(machines.data?.data, sought), [machines.data, sought]);
  return html`<${Page} title=${t('machines.title')} note=${machines.data && t('machines.count', { n: machines.data.count })}
    actions=${mayAdd && html`<${Button} kind="primary" icon="plus" onClick=${() => setAdding(true)} data-testid="machine-new">${t('machines.new')}<//>`}>
    <div class="filters"><${Input} type="search" label=${t('machines.find')} value=${sought} onValue=${setSought} /></div>
    <${Loaded} of=${machines} lines=${8}>${() => html`<${Table} columns=${columns()} rows=${rows} rowKey=${(m) => m.id} testid="machine-row"
      label=${t('machines.title')} onOpen=${(m) => navigate(`/machines/${encodeURIComponent(m.machine_name)}`)}
      empty=${html`<${Empty} icon="machines" title=${t('machines.none')}>${t('machines.noneHint')}<//>`} />`}<//>
    ${adding && html`<${MachineForm} onClose=${() => setAdding(false)} onSaved=${machines.reload} />`}
  <//>`;
}

function matching(machines = [], sought) {
  const wanted = sought.trim().toLowerCase();
  return machines.filter((m) => [m.machine_name, m.inside_ip, m.outside_ip, m.usage, m.location].some((text) => text.toLowerCase().includes(wanted)));
}

/** Online says whether a machine's agent is there; null is for the past, of which nobody knows. */
export function Online({ online }) {
  if (online === null) return html`<${Badge}>${t('machines.unknown')}<//>`;
  return html`<${Badge} kind=${online ? 'good' : 'bad'}>${t(online ? 'machines.online' : 'machines.offline')}<//>`;
}

const columns = () => [
  { key: 'online', title: t('machines.state'), render: (m) => html`<${Online} online=${m.online} />` },
  { key: 'name', title: t('machines.name'), render: (m) => html`<a href=${href(`/machines/${encodeURIComponent(m.machine_name)}`)}><b>${m.machine_name}</b></a>` },
  { key: 'inside', title: t('machines.inside'), render: (m) => html`<span class="mono">${m.inside_ip}</span>` },
  { key: 'outside', title: t('machines.outside'), render: (m) => html`<span class="mono">${m.outside_ip}</span>` },
  { key: 'usage', title: t('machines.usage'), class: 'wide' },
  { key: 'location', title: t('machines.location') },
  { key: 'seen', title: t('machines.lastSeen'), align: 'end', render: (m) => (m.last_seen ? html`<${Time} value=${m.last_seen} />` : html`<span class="dim">${t('machines.never')}</span>`) },
];
