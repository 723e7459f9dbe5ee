import { html } from '../../kernel/view.js';
import { t } from '../../kernel/text.js';
import { Input, LiveState, Select } from '../../ui/all.js';
import { stateOf } from './health.js';

export function ServerState({ health, testid }) {
  const state = stateOf(health);
  if (!state) return html`<span class="dim">–</span>`;
  if (state === 'AWAY') return html`<span class="live bad" data-testid=${testid} data-state="FAILED"><i aria-hidden="true" />${t('servers.away')}</span>`;
  return html`<${LiveState} state=${state} title=${health.error} testid=${testid} />`;
}

export const emptyServer = { host: '', ip: '', env: '', dns_server_type: 'master', zb_process_itemid: '', zb_port_itemid: '', zb_resolve_itemid: '', zb_resolve_rate_itemid: '' };

export const ServerFields = ({ form }) => html`
  <div class="form-row"><${Input} label=${t('servers.host')} required mono ...${form.at('host')} /><${Input} label="IP" required mono ...${form.at('ip')} /></div>
  <div class="form-row"><${Input} label=${t('servers.env')} required ...${form.at('env')} />
    <${Select} label=${t('servers.kind')} ...${form.at('dns_server_type')} options=${[['master', t('servers.master')], ['slave', t('servers.slave')]]} /></div>
  <details><summary>${t('servers.monitoring')}</summary><div class="form-row">
    <${Input} label=${t('servers.zb_process')} ...${form.at('zb_process_itemid')} /><${Input} label=${t('servers.zb_port')} ...${form.at('zb_port_itemid')} />
    <${Input} label=${t('servers.zb_resolve')} ...${form.at('zb_resolve_itemid')} /><${Input} label=${t('servers.zb_rate')} ...${form.at('zb_resolve_rate_itemid')} />
  </div></details>`;
