import { html, useState } from '../../kernel/view.js';
import { get, post } from '../../kernel/http.js';
import { useLive } from '../../kernel/data.js';
import { useKey } from '../../kernel/keys.js';
import { mayAdd } from '../../kernel/session.js';
import { asOf, href, navigate } from '../../kernel/router.js';
import { useSignal } from '../../kernel/signal.js';
import { number, t } from '../../kernel/text.js';
import { Badge, Button, Empty, FormDialog, Failure, Loaded, Page, Panel, Table, toast, useForm, warn } from '../../ui/all.js';
import { useHealth } from './health.js';
import { emptyServer, ServerFields, ServerState } from './parts.js';

export default function Servers() {
  const list = useLive(({ signal }) => get('/dns/servers', { pageSize: 1000 }, { signal }), [], ['server']);
  const past = useSignal(asOf) !== '';
  const [adding, setAdding] = useState(false);
  const may = mayAdd('server') && !past;
  useKey('n', 'servers.add', may && (() => setAdding(true)));
  const health = useHealth((list.data?.servers ?? []).map((s) => s.id));
  return html`<${Page} title=${t('shell.nav.servers')} note=${list.data && number(list.data.total)}
      actions=${may && html`<${Button} icon="plus" kind="primary" onClick=${() => setAdding(true)}>${t('servers.add')}<//>`}>
    <${Panel} flush><${Loaded} of=${list}>${({ servers }) => html`<${Table} label=${t('shell.nav.servers')} rows=${servers} testid="server-row"
      onOpen=${(s) => navigate(`/servers/${s.id}`)} columns=${columns(health, past)}
      empty=${html`<${Empty} icon="servers" title=${t('servers.none')}>${t('servers.noneHint')}<//>`} />`}<//><//>
    ${adding && html`<${Add} onClose=${() => setAdding(false)} />`}<//>`;
}

const columns = (health, past) => [
  { key: 'host', title: t('servers.host'), class: 'wide', render: (s) => html`<a href=${href(`/servers/${s.id}`)}>${s.host}</a>` },
  { key: 'ip', title: 'IP', class: 'mono' },
  { key: 'env', title: t('servers.env') },
  { key: 'type', title: t('servers.kind'), render: (s) => html`<${Badge}>${s.dns_server_type === 'master' ? t('servers.master') : t('servers.slave')}<//>` },
  ...(past ? [] : [
    { key: 'state', title: t('ui.state'), render: (s) => html`<${ServerState} health=${health[s.id]} />` },
    { key: 'lag', title: t('servers.lag'), align: 'end', render: (s) => (health[s.id]?.lag === undefined || health[s.id].lag === null ? '–' : number(health[s.id].lag)) },
    { key: 'rate', title: t('servers.rate'), align: 'end', render: (s) => (health[s.id]?.query_rate === null || !health[s.id] ? '–' : `${number(health[s.id].query_rate, 1)}/s`) },
    { key: 'zones', title: t('servers.zones'), align: 'end', render: (s) => (health[s.id]?.zones ? number(health[s.id].zones.total) : '–') },
  ]),
];

function Add({ onClose }) {
  const form = useForm(emptyServer, async (values) => {
    const reply = await post('/dns/servers', values);
    warn(reply);
    toast(t('ui.saved'));
    onClose();
  });
  return html`<${FormDialog} form=${form} title=${t('servers.add')} submit=${t('ui.add')} onClose=${onClose}><${ServerFields} form=${form} /><${Failure} error=${form.error} /><//>`;
}
