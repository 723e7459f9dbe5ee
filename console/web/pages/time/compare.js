// What is different in a zone between two moments.
import { html, useState } from '../../kernel/view.js';
import { get } from '../../kernel/http.js';
import { number, t } from '../../kernel/text.js';
import { asOf, setQuery, useQuery } from '../../kernel/router.js';
import { useLoad } from '../../kernel/data.js';
import { useSignal } from '../../kernel/signal.js';
import { Button } from '../../ui/button.js';
import { Input } from '../../ui/field.js';
import { Empty, Loaded } from '../../ui/state.js';
import { undo } from '../../changes/undo.js';
import { Entry } from './entry.js';
import { momentOf } from './moment.js';

const shownRows = 500;

export function CompareTab({ zone }) {
  const { from = '', to = '' } = useQuery();
  const moment = useSignal(asOf);
  const [typed, setTyped] = useState({ from, to: to || moment });
  const [wrong, setWrong] = useState({});
  function compare(event) {
    event?.preventDefault();
    const read = { from: momentOf(typed.from), to: momentOf(typed.to) };
    setWrong({ from: read.from === null || read.from === '', to: read.to === null });
    if (read.from && read.to !== null) setQuery({ tab: 'compare', from: read.from, to: read.to });
  }
  const field = (name) => html`<${Input} label=${t(`time.${name}`)} value=${typed[name]} onValue=${(text) => setTyped({ ...typed, [name]: text })} mono placeholder=${name === 'to' ? t('time.now') : '-1h'}
    error=${wrong[name] && t('time.noMoment')} data-testid=${`compare-${name}`} />`;
  return html`
    <div class="compare">
      <form class="form" onSubmit=${compare}><div class="form-row">${field('from')}${field('to')}<div class="field end"><${Button} type="submit" kind="primary">${t('time.compare')}<//></div></div>
        <p class="note">${t('time.momentHint')}</p></form>
      ${from ? html`<${Difference} zone=${zone} from=${from} to=${to} mayUndo=${!moment && !to && zone.can_update} />` : html`<${Empty} icon="clock" title=${t('time.chooseMoments')} />`}
    </div>`;
}

function Difference({ zone, from, to, mayUndo }) {
  const difference = useLoad(({ signal }) => get(`/v1/zones/${zone.id}/diff`, { from, to }, { signal, past: false }), [zone.id, from, to]);
  return html`<${Loaded} of=${difference}>${({ from: first, to: last, zone: itself, added, removed, changed }) => {
    const rows = [
      ...(itself ? [{ before: itself.before, after: itself.after }] : []),
      ...removed.map((before) => ({ before, after: null })), ...changed, ...added.map((after) => ({ before: null, after })),
    ];
    return html`
      <p class="counts"><span class="mono">#${first} → #${last}</span> <b class="minus">−${number(removed.length)}</b> <b class="changed">~${number(changed.length)}</b> <b class="plus">+${number(added.length)}</b>
        ${mayUndo && rows.length > 0 && html` <${Button} small icon="undo" data-testid="undo" onClick=${() => undo({ zone_id: zone.id, as_of: String(first) }, t('time.zoneAt', { position: first }))}>${t('time.backToFirst')}<//>`}</p>
      ${rows.length === 0 ? html`<${Empty} icon="check" title=${t('time.same')} />` : rows.slice(0, shownRows).map((row) => html`<${Entry} key=${`${row.before?.id} ${row.after?.id}`} ...${row} />`)}
      ${rows.length > shownRows && html`<p class="dim">${t('time.moreRows', { n: rows.length - shownRows })}</p>`}`;
  }}<//>`;
}
