// The search of the bar at the top.
import { html, useRef, useState } from '../../kernel/view.js';
import { navigate } from '../../kernel/router.js';
import { t } from '../../kernel/text.js';
import { useKey } from '../../kernel/keys.js';
import { Icon } from '../../ui/icon.js';

export function SearchField() {
  const [text, setText] = useState('');
  const input = useRef(null);
  useKey('/', 'shell.search', () => input.current.focus());
  const go = (event) => {
    event.preventDefault();
    if (text.trim()) navigate('/search', { q: text.trim() });
  };
  return html`<form class="search" role="search" onSubmit=${go}><${Icon} name="search" />
    <input ref=${input} type="search" value=${text} placeholder=${t('shell.searchHint')} aria-label=${t('shell.search')} data-testid="search" onInput=${(e) => setText(e.currentTarget.value)} /><kbd class="wide-only" aria-hidden="true">/</kbd></form>`;
}
