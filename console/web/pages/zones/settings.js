// A zone's SOA, default TTL, serial and PTRs.
import { html } from '../../kernel/view.js';
import { request } from '../../kernel/http.js';
import { t } from '../../kernel/text.js';
import { useLive } from '../../kernel/data.js';
import { Button } from '../../ui/button.js';
import { Input, TextArea } from '../../ui/field.js';
import { Failure, useForm } from '../../ui/form.js';
import { Panel } from '../../ui/page.js';
import { Loaded } from '../../ui/state.js';
import { shown } from '../../dns/names.js';
import { propose, send } from '../../changes/change.js';

export function SettingsTab({ zone, readOnly }) {
  const settings = useLive(({ signal }) => request('GET', `/v1/zones/${zone.id}/settings`, { signal }), [zone.id], ['zone']);
  return html`<${Loaded} of=${settings}>${({ data, etag }) => html`<${Form} key=${JSON.stringify(data)} zone=${zone} settings=${data} etag=${etag} readOnly=${readOnly} />`}<//>`;
}

const numbers = ['refresh', 'retry', 'expire', 'minimum'];

// flat are the fields of the form; an empty one means the default.
const flat = ({ soa, default_ttl, serial_at_least, ptr }) => ({
  mname: soa.mname ?? '', rname: soa.rname, ...Object.fromEntries(numbers.map((n) => [n, String(soa[n])])),
  default_ttl: String(default_ttl), serial_at_least: serial_at_least === null ? '' : String(serial_at_least), from: (ptr?.from ?? []).join('\n'),
});

function Form({ zone, settings, etag, readOnly }) {
  const before = flat(settings);
  const reverse = /\.(in-addr|ip6)\.arpa\.?$/i.test(zone.name);
  const form = useForm(before, async (values) => {
    const write = { method: 'PUT', path: `/v1/zones/${zone.id}/settings`, body: changes(before, values), etag };
    try {
      await send(write, true);
    } catch (error) {
      error.field = error.field.replace(/^soa\./, '').replace(/^ptr\..*/, 'from');
      throw error;
    }
    propose({ title: t('zones.settingsOf', { zone: shown(zone.name) }), write });
  });
  const same = JSON.stringify(form.values) === JSON.stringify(before);
  const field = (name, more = {}) => html`<${Input} label=${t(`zones.${name}`)} ...${form.at(name)} mono disabled=${readOnly} name=${name} ...${more} />`;
  return html`
    <form class="form settings" onSubmit=${form.send} novalidate>
      <${Panel} title="SOA">
        <div class="form-row">${field('mname', { placeholder: t('zones.generated'), hint: t('zones.mnameHint') })}${field('rname')}</div>
        <div class="form-row">${numbers.map((n) => field(n, { inputmode: 'numeric' }))}</div>
      <//>
      <${Panel} title=${t('zones.ttlAndSerial')}>
        <div class="form-row">${field('default_ttl', { inputmode: 'numeric', hint: t('zones.defaultTtlHint') })}${field('serial_at_least', { inputmode: 'numeric', hint: t('zones.serialHint') })}</div>
      <//>
      ${reverse && html`<${Panel} title="PTR"><${TextArea} label=${t('zones.ptrFrom')} ...${form.at('from')} mono rows="4" disabled=${readOnly} hint=${t('zones.ptrHint')} /><//>`}
      <${Failure} error=${form.error} />
      ${!readOnly && html`<div class="form-end"><${Button} onClick=${() => form.reset(before)} disabled=${same}>${t('zones.discard')}<//>
        <${Button} type="submit" kind="primary" busy=${form.busy} disabled=${same} data-testid="settings-preview">${t('zones.preview')}<//></div>`}
    </form>`;
}

// changes are the settings that the form gives another value; an empty field returns to the default.
function changes(before, values) {
  const body = {}, soa = {};
  const value = (name) => (values[name].trim() === '' ? null : numbers.includes(name) || name.startsWith('default') || name.startsWith('serial') ? Number(values[name]) : values[name].trim());
  for (const name of Object.keys(values)) {
    if (values[name] === before[name]) continue;
    if (name === 'from') body.ptr = { from: values.from.split(/[\s,]+/).filter(Boolean) };
    else if (name === 'default_ttl' || name === 'serial_at_least') body[name] = value(name);
    else soa[name] = value(name);
  }
  return Object.keys(soa).length > 0 ? { ...body, soa } : body;
}
