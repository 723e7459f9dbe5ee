// The keys that do something here, shown by '?'.
import { html } from '../../kernel/view.js';
import { signal, useSignal } from '../../kernel/signal.js';
import { bindings, useKey } from '../../kernel/keys.js';
import { t } from '../../kernel/text.js';
import { Dialog } from '../../ui/dialog.js';

const open = signal(false);
export const openHelp = () => { open.value = true; };

export function Help() {
  useKey('?', 'shell.help', openHelp);
  const shown = useSignal(open);
  const all = useSignal(bindings);
  if (!shown) return null;
  const newest = new Map(all.map((b) => [b.keys, b]));
  const fixed = [['↑ ↓', 'shell.keys.rows'], ['Enter', 'shell.keys.open'], ['Esc', 'shell.keys.close'], ['Tab', 'shell.keys.tab']];
  const groups = [[...newest.values()].filter((b) => !b.keys.includes(' ')), [...newest.values()].filter((b) => b.keys.includes(' '))];
  return html`<${Dialog} title=${t('shell.help')} onClose=${() => { open.value = false; }} wide>
    <div class="keys">${groups.map((group, i) => html`<dl key=${i}><div class="keys-title">${t(i ? 'shell.keys.goto' : 'shell.keys.here')}</div>
      ${group.map((b) => html`<${Line} key=${b.keys} keys=${b.keys} text=${t(b.text)} />`)}
      ${i === 0 && fixed.map(([keys, text]) => html`<${Line} key=${keys} keys=${keys} text=${t(text)} />`)}</dl>`)}</div><//>`;
}

const Line = ({ keys, text }) => html`<div><dt>${keys.split(' ').map((k) => html`<kbd key=${k}>${k}</kbd>`)}</dt><dd>${text}</dd></div>`;
