// Who can log in to an account of a machine, now or at another time.
import { html, useState } from '../../kernel/view.js';
import { t } from '../../kernel/text.js';
import { get } from '../../kernel/http.js';
import { fromInput, fullTime } from '../../kernel/time.js';
import { useLive } from '../../kernel/data.js';
import { Badge, Empty, Input, Loaded, Table } from '../../ui/all.js';

/** AccountAccess asks for an account of a machine and a time, and shows who could log in. */
export function AccountAccess({ machine }) {
  const [account, setAccount] = useState('root');
  const [at, setAt] = useState('');
  const access = useLive(({ signal }) => (account ? get('/v1/access', { machine, account, at: fromInput(at) }, { signal }) : null), [machine, account, at], ['account', 'user', 'machine']);
  return html`<div class="filters">
    <${Input} label=${t('machines.account')} mono value=${account} onValue=${setAccount} data-testid="access-account" />
    <${Input} label=${t('machines.at')} type="datetime-local" step="1" hint=${t('machines.atHint')} value=${at} onValue=${setAt} data-testid="access-at" />
  </div>
  <${Loaded} of=${access}>${(found) => found && html`<${Found} found=${found} account=${account} />`}<//>`;
}

function Found({ found, account }) {
  const columns = [
    { key: 'user', title: t('machines.user'), render: (u) => html`<b>${u.username}</b>` },
    { key: 'keys', title: t('machines.keys'), class: 'wide', render: (u) => (u.keys.length ? u.keys.map((k) => html`<div key=${k.fingerprint} class="mono">${k.type} ${k.fingerprint}</div>`) : html`<span class="dim">${t('machines.noKeys')}</span>`) },
  ];
  return html`<p>${found.since && html`<span class="dim">${t('machines.since', { time: fullTime(found.since) })}</span> `}
    ${found.installed === true && html`<${Badge} kind="good">${t('machines.installed')}<//>`}
    ${found.installed === false && found.problem && html`<${Badge} kind="bad" title=${found.error}>${t('machines.notInstalled', { problem: found.problem })}<//>`}</p>
    <${Table} columns=${columns} rows=${found.users} rowKey=${(u) => u.user_id} label=${t('machines.logins')} testid="access-row"
      empty=${html`<${Empty} icon="credentials" title=${t('machines.nobody', { account })} />`} />`;
}
