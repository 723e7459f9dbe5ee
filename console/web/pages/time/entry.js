// A thing before and after, as lines with − and +.
import { html, cx } from '../../kernel/view.js';
import { shown } from '../../dns/names.js';

// Entry shows a record, a zone or its settings before and after; what is the same in both is quiet.
export function Entry({ before, after }) {
  const was = before && parts(before), is = after && parts(after);
  const line = (sign, of, other) => of && html`
    <div class=${sign === '+' ? 'plus' : 'minus'}><i>${sign}</i>${of.map(([name, value], i) => value !== '' && html`<span key=${name} class=${cx(`p-${name}`, other && other[i]?.[1] === value && 'same')}>${name.length > 12 || !plain.has(name) ? html`<small>${name}</small> ` : ''}${value}</span>`)}</div>`;
  return html`<pre class="entry">${line('−', was, is)}${line('+', is, was)}</pre>`;
}

const plain = new Set(['host', 'ttl', 'type', 'value', 'view', 'comment', 'zone', 'views']);

// parts are the names and values of a thing, in one order for both of its states.
function parts(of) {
  if ('record_type' in of) return [['host', shown(of.host)], ['ttl', of.ttl], ['type', of.record_type], ['value', of.value], ['view', of.view_name], ['comment', of.comment ? `; ${of.comment}` : '']];
  if ('soa' in of) {
    const { soa, default_ttl, serial_at_least, ptr } = of;
    return [...Object.entries(soa).map(([name, value]) => [name, text(value)]), ['default_ttl', text(default_ttl)], ['serial_at_least', text(serial_at_least)], ['ptr', text(ptr?.from?.join(', '))]];
  }
  if ('zone_type' in of) return [['zone', shown(of.name)], ['zone_type', of.zone_type], ['zone_group', text(of.zone_group)], ['views', of.view_name_list], ['forwarders', of.forwarders]];
  return Object.entries(of).map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : text(value)]);
}

const text = (value) => (value === null || value === undefined ? '' : String(value));
