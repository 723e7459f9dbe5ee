// The BIND main configuration: edited as a text, checked by named before it is applied, with its former texts.
import { html, useState } from '../../kernel/view.js';
import { get, request } from '../../kernel/http.js';
import { useLive } from '../../kernel/data.js';
import { asOf, showAsOf } from '../../kernel/router.js';
import { useSignal } from '../../kernel/signal.js';
import { isAdmin } from '../../kernel/session.js';
import { t } from '../../kernel/text.js';
import { Button, Checkbox, Dialog, Empty, Failure, Loaded, Page, Panel, Time, toast, warn } from '../../ui/all.js';
import { around, difference } from './lines.js';
import { Plan, usePlan } from './plan.js';
import { RolloutPanel, useRollout } from './rollout.js';
import { Difference, Editor, linesOf } from './editor.js';

export default function Conf() {
  const loaded = useLive(({ signal }) => request('GET', '/dns/bind_conf', { signal }), [], ['bind_conf']);
  const past = useSignal(asOf) !== '';
  const rollout = useRollout().data;
  const plan = usePlan();
  return html`<${Page} title=${t('shell.nav.conf')} note=${t('conf.hint')}>${rollout?.state === 'running' && html`<${RolloutPanel} rollout=${rollout} may=${!past} />`}<div class="columns">
    <${Loaded} of=${loaded}>${(reply) => html`<${Text} key=${reply.etag ?? reply.asOf} text=${reply.data.bind_conf} etag=${reply.etag} staged=${plan.data?.data.order.length > 0} />`}<//>
    <div class="stack"><${Plan} of=${plan} past=${past} />${rollout && rollout.state !== 'running' && html`<${RolloutPanel} rollout=${rollout} />`}
      <${Panel} title=${t('conf.former')} flush><${Former} /><//></div></div><//>`;
}

function Text({ text, etag, staged }) {
  const past = useSignal(asOf) !== '';
  const [value, setValue] = useState(text);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const [preview, setPreview] = useState(null);
  const [atOnce, setAtOnce] = useState(false);
  const ask = async (options) => {
    setBusy(true);
    setError(null);
    try {
      return await request('POST', '/dns/bind_conf', { body: { bind_conf: value }, headers: { ...(etag ? { 'If-Match': etag } : {}), ...(atOnce ? { 'Opsledger-Rollout': 'now' } : {}) }, ...options });
    } catch (e) {
      setError(e);
      setPreview(null);
      return null;
    } finally { setBusy(false); }
  };
  const check = async () => {
    const reply = await ask({ dry: true });
    if (reply) setPreview({ lines: around(difference(reply.data.config?.before ?? text, reply.data.config?.after ?? value)), servers: reply.data.servers ?? [] });
  };
  const apply = async () => {
    const reply = await ask({});
    if (!reply) return;
    setPreview(null);
    warn(reply);
    toast(t('conf.applied'));
  };
  const wrong = error ? linesOf(error.message) : [];
  return html`<div class="stack"><${Panel} title="named.conf" note=${value !== text ? t('conf.changed') : ''} flush actions=${!past && html`
      <${Button} small disabled=${value === text || busy} onClick=${() => { setValue(text); setError(null); }}>${t('conf.discard')}<//>
      <${Button} small kind="primary" data-testid="preview" busy=${busy && !preview} disabled=${value === text} onClick=${check}>${t('conf.check')}<//>`}>
      <${Editor} value=${value} onValue=${setValue} wrong=${wrong} label="named.conf" readonly=${past} /><//>
    ${error?.status === 412 ? html`<div class="failure" role="alert"><p>${t('conf.conflict')}</p></div>` : html`<${Failure} error=${error} />`}
    ${preview && html`<${Dialog} wide title=${t('conf.previewTitle')} onClose=${() => setPreview(null)} actions=${html`<span class="grow" /><${Button} onClick=${() => setPreview(null)}>${t('ui.cancel')}<//><${Button} kind="primary" busy=${busy} autofocus data-testid="apply" onClick=${apply}>${t('ui.apply')}<//>`}>
      <p class="hint good">${t('conf.accepted')}</p>${preview.lines.length ? html`<${Difference} lines=${preview.lines} />` : html`<p>${t('conf.same')}</p>`}<p class="dim">${t('conf.servers', { n: preview.servers.length })}</p>${staged && isAdmin() && html`<${Checkbox} label=${t('conf.atOnce')} value=${atOnce} onValue=${setAtOnce} />`}<//>`}</div>`;
}

// Former are the changes of the text. Each shows the page as it was with it.
function Former() {
  const loaded = useLive(({ signal }) => get('/v1/events', { type: 'BindConfChanged', limit: 30, order: 'desc' }, { signal, past: false }), [], ['bind_conf']);
  return html`<${Loaded} of=${loaded}>${({ events }) => (events.length === 0 ? html`<${Empty} icon="clock" title=${t('conf.noFormer')} />` : html`<ol class="feed">${events.map((e) => html`<li key=${e.position}>
    <div class="line"><span class="grow"><b>#${e.position}</b> <span class="dim">${e.actor?.username || 'system'}, ${e.door}</span></span><${Button} small onClick=${() => showAsOf(String(e.position))}>${t('conf.show')}<//></div>
    <span class="dim"><${Time} value=${e.time} form="full" /></span></li>`)}</ol>`)}<//>`;
}
