// The form that adds a machine, or changes one.
import { html } from '../../kernel/view.js';
import { t } from '../../kernel/text.js';
import { post } from '../../kernel/http.js';
import { Checkbox, Failure, FormDialog, Input, toast, useForm, warn } from '../../ui/all.js';

const none = { machine_name: '', inside_ip: '', outside_ip: '', usage: '', location: '', is_initialized: 0 };

/** MachineForm changes `machine`, or adds one where none is given. The name of a machine is its key, and stays. */
export function MachineForm({ machine, onClose, onSaved }) {
  const first = machine ? Object.fromEntries(Object.keys(none).map((name) => [name, machine[name]])) : none;
  const form = useForm(first, async (values) => {
    warn(await post('/api/machine', { action: machine ? 'update' : 'add', data: values }));
    toast(t(machine ? 'machines.saved' : 'machines.added'));
    onClose();
    onSaved();
  });
  return html`<${FormDialog} title=${machine ? machine.machine_name : t('machines.new')} form=${form} onClose=${onClose}>
    <${Failure} error=${form.error} />
    ${!machine && html`<${Input} label=${t('machines.name')} required ...${form.at('machine_name')} data-testid="machine-name" />`}
    <${Input} label=${t('machines.inside')} required mono ...${form.at('inside_ip')} data-testid="machine-inside" />
    <${Input} label=${t('machines.outside')} mono ...${form.at('outside_ip')} data-testid="machine-outside" />
    <${Input} label=${t('machines.usage')} ...${form.at('usage')} data-testid="machine-usage" />
    <${Input} label=${t('machines.location')} ...${form.at('location')} data-testid="machine-location" />
    <${Checkbox} label=${t('machines.initialized')} value=${form.values.is_initialized === 1} onValue=${(yes) => form.at('is_initialized').onValue(yes ? 1 : 0)} />
  <//>`;
}
