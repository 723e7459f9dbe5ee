// The output of one attempt, with a search in it.
import { html, useMemo, useState } from '../../kernel/view.js';
import { save } from '../../kernel/save.js';
import { t } from '../../kernel/text.js';
import { Badge, Button, Empty, Input } from '../../ui/all.js';
import { LogView } from './logview.js';
import { useOutput } from './output.js';

export function TaskOutput({ task, attempt }) {
  const output = useOutput(task, attempt.number);
  const [sought, setSought] = useState('');
  const [at, setAt] = useState(0);
  const hits = useHits(output.lines, sought);
  const marked = hits.length ? hits[at % hits.length] : -1;
  const keyed = (event) => {
    if (event.key !== 'Enter' || !hits.length) return;
    event.preventDefault();
    setAt((at + (event.shiftKey ? hits.length - 1 : 1)) % hits.length);
  };
  const { length } = output.lines;
  return html`<div class="output">
    <div class="output-bar">
      <${Badge} kind=${output.ended ? '' : 'accent'}>${t(output.ended ? 'tasks.complete' : 'tasks.following')}<//>
      <span class="dim" data-testid="task-log-lines">${t('tasks.lines', { n: length })}</span><span class="grow" />
      ${sought && html`<span class="dim" role="status">${t('tasks.found', { n: hits.length })}</span>`}
      <${Input} type="search" aria-label=${t('tasks.find')} placeholder=${t('tasks.find')} value=${sought} onValue=${(v) => { setSought(v); setAt(0); }} onKeyDown=${keyed} />
      <${Button} small icon="download" disabled=${!length} onClick=${() => save(`task-${task}-${attempt.number}.log`, textOf(output.lines))}>${t('tasks.save')}<//>
    </div>
    ${output.error && html`<p class="failure" role="alert">${output.error.message}</p>`}
    ${length === 0 ? html`<${Empty} icon="tasks" title=${t('tasks.noOutput')} />`
      : html`<${LogView} lines=${output.lines} growing=${!output.ended && !sought} label=${t('tasks.output')} marked=${marked} hits=${useSet(hits)} />`}
  </div>`;
}

/** useHits returns the indexes of the lines that hold a text, without case. */
function useHits(lines, sought) {
  return useMemo(() => {
    if (!sought) return [];
    const wanted = sought.toLowerCase();
    const found = [];
    lines.forEach((line, i) => { if (line.text?.toLowerCase().includes(wanted)) found.push(i); });
    return found;
  }, [lines.length, sought]);
}

const useSet = (hits) => useMemo(() => new Set(hits), [hits]);

/** textOf is the output as a file has it. */
const textOf = (lines) => lines.map((l) => `${l.text ?? t('tasks.missing', l)}\n`).join('');
