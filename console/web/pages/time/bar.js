// The bar that says which moment the page shows, and takes another.
import { html } from '../../kernel/view.js';
import { useSignal } from '../../kernel/signal.js';
import { asOf, showAsOf } from '../../kernel/router.js';
import { t } from '../../kernel/text.js';
import { fullTime, parseTime } from '../../kernel/time.js';
import { Button } from '../../ui/button.js';
import { Icon } from '../../ui/icon.js';

export function AsOfBar() {
  const moment = useSignal(asOf);
  if (!moment) return null;
  const text = /^\d+$/.test(moment) ? `#${moment}` : fullTime(parseTime(moment));
  return html`<div class="asof" role="status" data-testid="as-of"><${Icon} name="clock" /><span>${t('shell.past', { moment: text })}</span><${Button} small onClick=${() => showAsOf('')}>${t('shell.now')}<//></div>`;
}
