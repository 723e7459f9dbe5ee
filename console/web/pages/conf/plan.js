// The stages in which configurations go to the servers.
import { html, useState } from '../../kernel/view.js';
import { put, request } from '../../kernel/http.js';
import { useLive } from '../../kernel/data.js';
import { t } from '../../kernel/text.js';
import { Button, Empty, Failure, FormDialog, Input, Loaded, Panel, TextArea, toast, useForm, warn } from '../../ui/all.js';

export const usePlan = () => useLive(({ signal }) => request('GET', '/v1/rollout', { signal }), [], ['rollout']);

export function Plan({ of: loaded, past }) {
  const [editing, edit] = useState(null); // the plan that is changed, as it was read
  return html`<${Panel} title=${t('conf.plan')} flush actions=${!past && loaded.data && html`<${Button} small icon="edit" data-testid="plan-edit" onClick=${() => edit(loaded.data)}>${t('ui.edit')}<//>`}>
    <${Loaded} of=${loaded} lines=${2}>${({ data: { order, soak_s: soak } }) => (order.length === 0 ? html`<${Empty} icon="servers" title=${t('conf.noPlan')}>${t('conf.noPlanHint')}<//>`
      : html`<ol class="feed">${[...order, null].map((names, i) => html`<li key=${i} class="line"><b>${t('conf.stage', { n: i + 1 })}</b><span class="grow cut">${names?.join(', ') ?? t('conf.allOthers')}</span></li>`)}</ol>
        <p class="pager dim">${t('conf.soakIs', { n: soak })}</p>`)}<//>
    ${editing && html`<${Edit} plan=${editing.data} etag=${editing.etag} onClose=${() => edit(null)} />`}<//>`;
}

// linesOf takes a text apart into stages: one a line, names with commas or spaces between them.
const linesOf = (text) => text.split('\n').map((line) => line.split(/[\s,]+/).filter(Boolean)).filter((names) => names.length > 0);

function Edit({ plan, etag, onClose }) {
  const form = useForm({ order: plan.order.map((names) => names.join(', ')).join('\n'), soak_s: String(plan.soak_s) }, async ({ order, soak_s: soak }) => {
    const reply = await put('/v1/rollout', { order: linesOf(order), soak_s: Number(soak) }, { headers: { 'If-Match': etag } });
    warn(reply);
    toast(t('ui.saved'));
    onClose();
  });
  return html`<${FormDialog} form=${form} title=${t('conf.plan')} onClose=${onClose}>
    <${TextArea} label=${t('conf.stages')} mono rows=${5} hint=${t('conf.stagesHint')} data-testid="plan-order" ...${form.at('order')} />
    <${Input} label=${t('conf.soak')} type="number" min="0" max="86400" hint=${t('conf.soakHint')} data-testid="plan-soak" ...${form.at('soak_s')} />
    <${Failure} error=${form.error} /><//>`;
}
