// The page on which the browser proves the log to its user.
import { html, cx, useRef, useState } from '../../../kernel/view.js';
import { save } from '../../../kernel/save.js';
import { number, t } from '../../../kernel/text.js';
import { Button, Icon, Input, Page, Panel, Progress, TextArea, toast, toastError } from '../../../ui/all.js';
import { BadNote, Wrong, continues, newest, parseCheckpoint, wholeTree } from './check.js';
import { readLog } from './read.js';

/** What this browser remembers of the checkpoint and the key that its user kept. */
const stored = 'opsledger.kept';

export default function Proof() {
  if (!globalThis.crypto?.subtle) return html`<${Page} title=${t('proof.title')}><p class="failure">${t('proof.needsCrypto')}</p><//>`;
  return html`<${Page} title=${t('proof.title')}><p class="page-intro">${t('proof.intro')}</p><${Check} /><//>`;
}

function Check() {
  const [kept, setKept] = useState(() => remembered());
  const [steps, setSteps] = useState(null);
  const control = useRef(null);
  const running = steps?.some((s) => s.state === 'running');

  const run = async () => {
    control.current = new AbortController();
    await verify(kept, control.current.signal, setSteps);
  };
  return html`<div class="proof">
    <${Panel} title=${t('proof.kept')}>
      <${KeptCheckpoint} value=${kept.checkpoint} onValue=${(checkpoint) => setKept({ ...kept, checkpoint })} />
      <${Input} label=${t('proof.keptKey')} hint=${t('proof.keptKeyHint')} mono value=${kept.key} onValue=${(key) => setKept({ ...kept, key })} data-testid="proof-key" />
      <div class="row"><${Button} kind="primary" icon="proof" busy=${running} onClick=${run} data-testid="proof-verify">${t('proof.verify')}<//>
        ${running && html`<${Button} icon="stop" onClick=${() => control.current.abort()}>${t('proof.stop')}<//>`}</div>
    <//>
    ${steps && html`<${StepList} steps=${steps} kept=${Boolean(kept.checkpoint.trim())} />`}
    <${Keep} onKept=${setKept} />
  </div>`;
}

/** KeptCheckpoint takes the text of a checkpoint, typed, pasted, or from a file. */
function KeptCheckpoint({ value, onValue }) {
  const [over, setOver] = useState(false);
  const file = useRef(null);
  const take = async (files) => { if (files[0]) onValue((await files[0].text()).slice(0, 65536)); };
  return html`<div class=${cx('drop', over && 'over')} onDragOver=${(e) => { e.preventDefault(); setOver(true); }} onDragLeave=${() => setOver(false)}
    onDrop=${(e) => { e.preventDefault(); setOver(false); take(e.dataTransfer.files); }}>
    <${TextArea} label=${t('proof.kept')} hint=${t('proof.keptHint')} mono rows=${5} value=${value} onValue=${onValue} data-testid="proof-kept" />
    <input type="file" hidden ref=${file} onChange=${(e) => take(e.currentTarget.files)} aria-label=${t('proof.choose')} />
    <${Button} small icon="upload" onClick=${() => file.current.click()}>${t('proof.choose')}<//>
  </div>`;
}

/** Keep hands out the newest checkpoint and its key, for a later check. */
function Keep({ onKept }) {
  const keep = async () => {
    try {
      const read = readLog();
      const { checkpoint, key } = await newest(read, '');
      const now = { checkpoint: checkpoint.note, key: key.text };
      localStorage.setItem(stored, JSON.stringify(now));
      save(`opsledger-${checkpoint.size}.checkpoint`, checkpoint.note);
      onKept(now);
      toast(t('proof.remembered'));
    } catch (error) {
      toastError(error);
    }
  };
  return html`<${Panel} title=${t('proof.keep')}><p>${t('proof.keepHint')}</p>
    <${Button} icon="download" onClick=${keep} data-testid="proof-keep">${t('proof.keep')}<//><//>`;
}

function remembered() {
  try {
    return { checkpoint: '', key: '', ...JSON.parse(localStorage.getItem(stored)) };
  } catch {
    return { checkpoint: '', key: '' };
  }
}

/**
 * verify takes the steps one by one, and says of each how it is; a step that fails is the last one. What was kept
 * is read first, so that a wrong paste is said before anything is asked for.
 */
async function verify(kept, signal, onSteps) {
  const steps = new Steps(onSteps);
  try {
    const read = readLog(signal);
    const old = kept.checkpoint.trim() ? readKept(kept.checkpoint, steps) : null;
    const checkpoint = await steps.take('stepKey', () => checkKey(read, kept.key));
    if (old) await steps.take('stepKept', () => checkKept(read, old, checkpoint));
    else steps.show('stepKept', { state: 'skipped', text: t('proof.skippedKept') });
    await steps.take('stepTree', (progress) => checkTree(read, checkpoint, old, progress, signal));
  } catch { /* the step says it */ }
}

/** Steps are those that were taken, in order, each { name, state, text, percent }. */
class Steps {
  constructor(onSteps) {
    this.all = new Map();
    this.onSteps = onSteps;
  }

  show(name, step) {
    this.all.set(name, { name, ...step });
    this.onSteps([...this.all.values()]);
  }

  /** take does what fn does, which returns [result, text]. */
  async take(name, fn) {
    this.show(name, { state: 'running' });
    try {
      const [result, text] = await fn((shown) => this.show(name, { state: 'running', ...shown }));
      this.show(name, { state: 'good', text });
      return result;
    } catch (error) {
      this.show(name, { state: found(error) ? 'bad' : 'cut', text: reasonOf(error) });
      throw error;
    }
  }
}

/** found says whether an error is something wrong with the log, and not with the way to it. */
const found = (error) => error instanceof Wrong || error instanceof BadNote;

function readKept(text, steps) {
  try {
    return parseCheckpoint(`${text.trim()}\n`);
  } catch (error) {
    steps.show('stepKept', { state: 'bad', text: reasonOf(error) });
    throw error;
  }
}

async function checkKey(read, keptKey) {
  const kept = keptKey.trim();
  const { checkpoint, key } = await newest(read, kept);
  return [checkpoint, t(kept ? 'proof.doneKeyKept' : 'proof.doneKeyTrusted', { size: checkpoint.size, name: key.name })];
}

async function checkKept(read, kept, checkpoint) {
  await continues(read, kept, checkpoint);
  return [null, t('proof.doneKept', { size: checkpoint.size, kept: kept.size })];
}

async function checkTree(read, checkpoint, kept, progress, signal) {
  const say = (n) => progress({ text: t('proof.runningTree', { n, of: checkpoint.size }), percent: Math.floor((100 * n) / checkpoint.size) });
  await wholeTree(read, checkpoint, kept, say, signal);
  return [null, t('proof.doneTree', { n: checkpoint.size })];
}

function reasonOf(error) {
  if (found(error)) return t(`proof.wrong.${error.code}`, { position: number(error.position ?? 0) });
  if (error.name === 'AbortError') return t('proof.stopped');
  if (error.name === 'NotSupportedError') return t('proof.noEd25519');
  return t('proof.unreachable', { error: error.message });
}

const icons = { good: 'check', bad: 'warning', cut: 'stop', skipped: 'info' };

function StepList({ steps, kept }) {
  const has = (state) => steps.some((s) => s.state === state);
  const how = has('bad') ? 'bad' : has('cut') ? 'cut' : 'good';
  const verdict = { bad: 'verdictBad', cut: 'verdictCut', good: kept ? 'verdictGood' : 'verdictPartly' }[how];
  return html`<section class="panel steps" aria-live="polite">
    ${!has('running') && html`<p class=${cx('verdict', how)} data-testid="proof-verdict" data-state=${how}><${Icon} name=${how === 'good' ? 'proof' : 'warning'} size=${22} /> ${t(`proof.${verdict}`)}</p>`}
    <ol>${steps.map((s) => html`<li key=${s.name} class=${cx('step', s.state)} data-testid="proof-step" data-step=${s.name} data-state=${s.state}>
      <span class="step-icon">${icons[s.state] ? html`<${Icon} name=${icons[s.state]} />` : html`<span class="spinner" />`}</span>
      <div><b>${t(`proof.${s.name}`)}</b><p>${s.text}</p>${s.percent !== undefined && s.state === 'running' && html`<${Progress} percent=${s.percent} label=${t('proof.stepTree')} />`}</div></li>`)}</ol>
  </section>`;
}
