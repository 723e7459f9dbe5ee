// What is done to all records that are selected.
import { html, useState } from '../../../kernel/view.js';
import { t } from '../../../kernel/text.js';
import { Button } from '../../../ui/button.js';
import { Dialog } from '../../../ui/dialog.js';
import { Input } from '../../../ui/field.js';
import { Menu } from '../../../ui/menu.js';
import { setAll } from './drafts.js';

export function Bulk({ records, count, drafts, onDrafts, onDelete }) {
  const [asked, ask] = useState(null); // 'ttl' | 'value' | 'comment'
  return html`
    <${Menu} icon="edit" text=${t('zones.selected', { n: count })} label=${t('zones.bulk')} items=${[
    { text: t('zones.bulkTtl'), icon: 'clock', run: () => ask('ttl') },
    { text: t('zones.bulkValue'), icon: 'edit', run: () => ask('value') },
    { text: t('zones.bulkComment'), icon: 'edit', run: () => ask('comment') },
    null,
    { text: t('zones.bulkDelete'), icon: 'trash', danger: true, run: onDelete },
  ]} />
    ${asked === 'ttl' && html`<${SetField} name="ttl" onClose=${() => ask(null)} onSet=${(text) => onDrafts(setAll(drafts, records(), 'ttl', () => text))} />`}
    ${asked === 'comment' && html`<${SetField} name="comment" onClose=${() => ask(null)} onSet=${(text) => onDrafts(setAll(drafts, records(), 'comment', () => text))} />`}
    ${asked === 'value' && html`<${ReplaceValue} records=${records()} onClose=${() => ask(null)}
      onSet=${(find, by) => onDrafts(setAll(drafts, records(), 'value', (value) => value.replaceAll(find, by)))} />`}`;
}

function SetField({ name, onClose, onSet }) {
  const [text, setText] = useState('');
  const send = (event) => {
    event.preventDefault();
    onSet(text);
    onClose();
  };
  return html`
    <${Dialog} title=${t('zones.setFor', { field: t(`zones.${name}`) })} onClose=${onClose}>
      <form class="form" onSubmit=${send}>
        <${Input} label=${t(`zones.${name}`)} value=${text} onValue=${setText} inputmode=${name === 'ttl' ? 'numeric' : undefined} mono />
        <div class="form-end"><${Button} type="submit" kind="primary" disabled=${name === 'ttl' && !/^\d+$/.test(text)}>${t('zones.keep')}<//></div>
      </form>
    <//>`;
}

function ReplaceValue({ records, onClose, onSet }) {
  const [find, setFind] = useState('');
  const [by, setBy] = useState('');
  const found = find ? records.filter((r) => r.value.includes(find)).length : 0;
  const send = (event) => {
    event.preventDefault();
    onSet(find, by);
    onClose();
  };
  return html`
    <${Dialog} title=${t('zones.bulkValue')} onClose=${onClose}>
      <form class="form" onSubmit=${send}>
        <${Input} label=${t('zones.find')} value=${find} onValue=${setFind} mono hint=${t('zones.foundIn', { n: found, all: records.length })} />
        <${Input} label=${t('zones.by')} value=${by} onValue=${setBy} mono />
        <div class="form-end"><${Button} type="submit" kind="primary" disabled=${found === 0}>${t('zones.keep')}<//></div>
      </form>
    <//>`;
}
