// Zone text that goes and comes, line by line, with − and +.
import { html, useState } from '../kernel/view.js';
import { t } from '../kernel/text.js';
import { shown } from '../dns/names.js';

const first = 200; // lines that are shown until more are asked for

// ZoneText shows the diff of a dry run: [{ zone_id, view, removed, added, more }].
export function ZoneText({ diff, zones }) {
  const [all, setAll] = useState(false);
  let room = all ? Infinity : first;
  const total = diff.reduce((n, d) => n + d.removed.length + d.added.length, 0);
  const parts = [];
  for (const d of diff) {
    if (room <= 0) break;
    const lines = merged(d).slice(0, room);
    room -= lines.length;
    parts.push({ d, lines });
  }
  return html`
    <div class="zonetext" data-testid="diff">
      ${parts.map(({ d, lines }) => html`
        <section key=${`${d.zone_id} ${d.view}`}>
          <h3>${zones(d.zone_id)}${d.view && html` <span class="chip">${d.view}</span>`}
            <span class="counts"><b class="minus">−${d.removed.length}</b> <b class="plus">+${d.added.length}</b></span></h3>
          <pre>${lines.map(([sign, line], i) => html`<div key=${i} class=${sign === '+' ? 'plus' : 'minus'}><i>${sign}</i>${columns(line)}</div>`)}</pre>
          ${d.more && html`<p class="dim">${t('changes.more')}</p>`}
        </section>`)}
      ${!all && total > first && html`<button type="button" class="button" onClick=${() => setAll(true)}>${t('changes.allLines', { n: total })}</button>`}
    </div>`;
}

// merged puts what goes and what comes of one name and type beside each other.
function merged({ removed, added }) {
  const key = (line) => { const [name, , , type] = line.split('\t'); return `${name} ${type}`; };
  const lines = [...removed.map((line) => ['−', line]), ...added.map((line) => ['+', line])].map(([sign, line]) => ({ sign, line, key: key(line) }));
  const order = new Map();
  for (const { key: k } of lines) if (!order.has(k)) order.set(k, order.size);
  return lines.sort((a, b) => order.get(a.key) - order.get(b.key) || (a.sign === b.sign ? 0 : a.sign === '−' ? -1 : 1)).map(({ sign, line }) => [sign, line]);
}

// columns shows a line by its parts; a line of something else stays as it is.
function columns(line) {
  const parts = line.split('\t');
  if (parts.length < 5) return line;
  const [name, ttl, , type, ...value] = parts;
  return html`<span title=${name}>${shown(name)}</span><span>${ttl}</span><span>${type}</span><span>${value.join(' ')}</span>`;
}
