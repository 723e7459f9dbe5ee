// A zone's name, group, type and views: of a new one, or of one that there is.
import { html } from '../../kernel/view.js';
import { get } from '../../kernel/http.js';
import { t } from '../../kernel/text.js';
import { navigate } from '../../kernel/router.js';
import { useLoad } from '../../kernel/data.js';
import { FormDialog } from '../../ui/dialog.js';
import { Checkbox, Input, Select, TextArea } from '../../ui/field.js';
import { Failure, useForm } from '../../ui/form.js';
import { Skeleton } from '../../ui/state.js';
import { propose, send } from '../../changes/change.js';
import { shown } from '../../dns/names.js';

export function ZoneForm({ zone, onClose }) {
  const views = useLoad(async ({ signal }) => (await get('/dns/views', { pageSize: 1000 }, { signal })).views);
  if (!views.data) return html`<${FormDialog} title=${t('zones.newZone')} form=${{ busy: true, send: () => {} }} onClose=${onClose}><${Skeleton} /><//>`;
  return html`<${Filled} zone=${zone} views=${views.data} onClose=${onClose} />`;
}

function Filled({ zone, views, onClose }) {
  const initial = zone
    ? { name: zone.name, zone_group: zone.zone_group, zone_type: zone.zone_type, forwarders: zone.forwarders, view_ids: zone.view_ids }
    : { name: '', zone_group: 1, zone_type: 'master', forwarders: '', view_ids: views.map((v) => v.id) };
  const form = useForm(initial, async (values) => {
    const write = { method: zone ? 'PUT' : 'POST', path: zone ? `/dns/zones/${zone.id}` : '/dns/zones', body: bodyOf(values) };
    await send(write, true); // what is wrong stands at its field, before the form is left
    onClose();
    propose({
      title: zone ? t('zones.changeZone', { zone: shown(zone.name) }) : t('zones.addZone', { zone: values.name }), write,
      applied: (reply) => { if (!zone) navigate(`/zones/${reply.headers.get('Opsledger-Id')}`); },
    });
  });
  const { values, set } = form;
  const external = values.zone_group === 0, forward = values.zone_type !== 'master';
  const toggle = (id) => set({ view_ids: values.view_ids.includes(id) ? values.view_ids.filter((v) => v !== id) : [...values.view_ids, id] });
  return html`
    <${FormDialog} title=${zone ? t('zones.changeZone', { zone: shown(zone.name) }) : t('zones.newZone')} form=${form} submit=${t('zones.preview')} onClose=${onClose}>
      <${Input} label=${t('zones.name')} ...${form.at('name')} name="name" required mono autofocus placeholder="example.com" data-testid="zone-name" />
      <div class="form-row">
        <${Select} label=${t('zones.group')} ...${form.at('zone_group')} options=${[1, 2, 0].map((g) => [g, t(`zones.groups.${g}`)])} />
        <${Select} label=${t('zones.type')} ...${form.at('zone_type')} options=${[['master', t('zones.master')], ['forward only', t('zones.forward')]]} />
      </div>
      ${forward && html`<${TextArea} label=${t('zones.forwarders')} ...${form.at('forwarders')} mono rows="3" placeholder="192.0.2.53" />`}
      ${!external && html`
        <fieldset class="field"><legend>${t('zones.views')}</legend>
          ${views.length === 0 && html`<p class="note">${t('zones.noViews')}</p>`}
          ${views.map((v) => html`<${Checkbox} key=${v.id} label=${v.name} value=${values.view_ids.includes(v.id)} onValue=${() => toggle(v.id)} />`)}
          ${form.at('view_ids').error && html`<p class="note wrong" role="alert">${form.at('view_ids').error}</p>`}
        </fieldset>`}
      <${Failure} error=${form.error} />
    <//>`;
}

function bodyOf({ name, zone_group, zone_type, forwarders, view_ids }) {
  return { name: name.trim(), zone_group, zone_type, ...(zone_type === 'master' ? {} : { forwarders }), ...(zone_group === 0 ? {} : { view_ids }) };
}
