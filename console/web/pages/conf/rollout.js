// A configuration that goes out in stages: how far it is, and what can be done about it.
import { html, useState } from '../../kernel/view.js';
import { get, post } from '../../kernel/http.js';
import { useEvery, useLive } from '../../kernel/data.js';
import { href } from '../../kernel/router.js';
import { mayEditConf } from '../../kernel/session.js';
import { t } from '../../kernel/text.js';
import { Badge, Button, confirm, LiveState, Panel, Time, toastError, warn } from '../../ui/all.js';

// useRollout is the newest rollout with its stages, null where there was none and undefined for who may not see it.
export function useRollout() {
  const loaded = useLive(async ({ signal }) => {
    if (!mayEditConf()) return undefined;
    const [newest] = (await get('/v1/rollouts', { limit: 1 }, { signal })).rollouts;
    return newest ? get(`/v1/rollouts/${newest.position}`, {}, { signal }) : null;
  }, [], ['rollout', 'bind_conf', 'server']);
  useEvery(2000, () => { if (loaded.data?.state === 'running') loaded.reload(); }); // how its servers are is beside the log
  return loaded;
}

const kinds = { running: 'accent', done: 'good', stopped: 'bad' };

// RolloutPanel shows a rollout, and with may lets it go on or stops it.
export function RolloutPanel({ rollout, may }) {
  const [busy, setBusy] = useState(false);
  const step = async (what, question) => {
    if (question && !(await confirm(question))) return;
    setBusy(true);
    try {
      warn(await post(`/v1/rollouts/${rollout.position}/${what}`));
    } catch (error) { toastError(error); } finally { setBusy(false); }
  };
  const stop = () => step('stop', { title: t('conf.stopTitle'), body: t('conf.stopBody'), action: t('conf.stop'), danger: true });
  const actions = may && rollout.state === 'running' && html`<${Button} small icon="play" disabled=${busy} data-testid="rollout-continue" onClick=${() => step('continue')}>${t('conf.continue')}<//>
    <${Button} small icon="stop" kind="danger" disabled=${busy} data-testid="rollout-stop" onClick=${stop}>${t('conf.stop')}<//>`;
  const note = html`#${rollout.position}, <${Time} value=${rollout.ended ?? rollout.begun} />`;
  return html`<${Panel} title=${t('conf.rollout')} note=${note} flush class="rollout" actions=${html`<span data-testid="rollout-state" data-state=${rollout.state}><${Badge} kind=${kinds[rollout.state]}>${t(`conf.rollout.${rollout.state}`, { n: rollout.stage, of: rollout.stages_total })}<//></span>${actions}`}>
    ${rollout.reason && html`<div class="failure" role="alert"><p>${rollout.reason}</p></div>`}
    <ol class="feed">${rollout.stages.map((stage, i) => html`<${Stage} key=${i} stage=${stage} number=${i + 1} rollout=${rollout} />`)}</ol><//>`;
}

function Stage({ stage, number: n, rollout }) {
  const here = rollout.state === 'running' && n === rollout.stage;
  const note = stage.reached_position ? t('conf.reachedAt', { position: stage.reached_position }) : t('conf.notReached');
  return html`<li data-testid="rollout-stage" aria-current=${here ? 'step' : undefined}>
    <div class="line"><b class="grow cut">${t('conf.stage', { n })} <span class="soft">${stage.names?.join(', ') ?? t('conf.allOthers')}</span></b><span class=${here ? 'accent-text' : 'dim'}>${here ? t('conf.hereNow', { n: rollout.soak_s }) : note}</span></div>
    ${stage.servers.length === 0 ? html`<span class="dim small-line">${t('conf.noServers')}</span>` : html`<ul class="stage-servers">${stage.servers.map((s) => html`<li key=${s.server_id}>
      <a href=${href(`/servers/${s.server_id}`)}>${s.host}</a> ${s.state && html`<${LiveState} state=${s.state} testid="stage-server" />`} <span class=${s.state === 'FAILED' ? 'bad-text' : 'dim'}>${s.error}</span></li>`)}</ul>`}</li>`;
}
