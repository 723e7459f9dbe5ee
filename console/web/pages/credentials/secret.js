// A secret, which is shown this one time.
import { html, useState } from '../../kernel/view.js';
import { t } from '../../kernel/text.js';
import { Button, Dialog } from '../../ui/all.js';

export function Secret({ title, secret, more, onClose }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(secret);
      setCopied(true);
    } catch { // without TLS browsers give no clipboard: the text is selected instead
      document.querySelector('.secret input').select();
    }
  };
  return html`<${Dialog} title=${title} onClose=${onClose} actions=${html`<span class="grow" /><${Button} kind="primary" onClick=${onClose} data-testid="secret-done">${t('credentials.kept')}<//>`}>
    <p class="hint wait">${t('credentials.once')}</p>
    <div class="secret"><input class="input mono" readonly value=${secret ?? ''} aria-label=${t('credentials.secret')} data-testid="secret" onFocus=${(e) => e.currentTarget.select()} /><${Button} icon=${copied ? 'check' : 'copy'} onClick=${copy}>${t(copied ? 'ui.copied' : 'ui.copy')}<//></div>${more}<//>`;
}
