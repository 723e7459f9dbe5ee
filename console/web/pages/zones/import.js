// Zone files that are pasted, chosen or dropped: previewed as the difference, then imported.
import { html, useEffect, useRef, useState } from '../../kernel/view.js';
import { t } from '../../kernel/text.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Select, TextArea } from '../../ui/field.js';
import { shown } from '../../dns/names.js';
import { propose } from '../../changes/change.js';

export function ImportDialog({ zone, views, given, onClose, onStaged }) {
  const [text, setText] = useState(typeof given === 'string' ? given : '');
  const [file, setFile] = useState(given instanceof File ? given : null);
  const [view, setView] = useState(views[0]);
  const [mode, setMode] = useState('merge');
  const choose = useRef(null);
  const body = file ?? text;
  function preview(event) {
    event.preventDefault();
    onClose();
    propose({
      title: t('zones.importing', { zone: shown(zone.name), view }), danger: mode === 'replace',
      write: { method: 'POST', path: `/v1/zones/${zone.id}/import`, query: { view, mode }, body, type: 'text/dns' },
      applied: (reply) => { if (reply.status === 202) onStaged(reply.data.id); },
    });
  }
  const actions = html`<span class="grow" /><${Button} onClick=${onClose}>${t('zones.cancel')}<//>
    <${Button} kind="primary" data-testid="import-preview" disabled=${!file && !text.trim()} onClick=${preview}>${t('zones.preview')}<//>`;
  return html`
    <${Dialog} title=${t('zones.importInto', { zone: shown(zone.name) })} wide onClose=${onClose} actions=${actions}>
      <form class="form" onSubmit=${preview}>
        <div class="form-row">
          ${views.length > 1 && html`<${Select} label=${t('zones.view_name')} value=${view} onValue=${setView} options=${views} />`}
          <${Select} label=${t('zones.mode')} value=${mode} onValue=${setMode} options=${[['merge', t('zones.merge')], ['replace', t('zones.replace')]]} hint=${t(`zones.${mode}Hint`)} data-testid="import-mode" />
        </div>
        ${file
    ? html`<p class="file"><b>${file.name}</b> <span class="dim">${t('zones.bytes', { n: file.size })}</span> <${Button} small kind="quiet" icon="close" aria-label=${t('zones.cancel')} onClick=${() => setFile(null)} /></p>`
    : html`<${TextArea} label=${t('zones.zoneFile')} value=${text} onValue=${setText} mono rows="14" data-testid="import-text" hint=${t('zones.zoneFileHint')}
            placeholder=${'$TTL 600\nwww   A     192.0.2.1\n@     MX    10 mail'} />`}
        <input ref=${choose} type="file" class="unseen" tabindex="-1" aria-label=${t('zones.chooseFile')} onChange=${(e) => setFile(e.currentTarget.files[0] ?? null)} />
        <div><${Button} icon="upload" onClick=${() => choose.current.click()}>${t('zones.chooseFile')}<//></div>
      </form>
    <//>`;
}

// useDrop takes a zone file that is dropped, or pasted where nothing is typed: take(text or File).
export function useDrop(take) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    if (!take) return undefined;
    const paste = (event) => {
      if (event.defaultPrevented || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || document.querySelector('dialog[open]')) return;
      const text = event.clipboardData.getData('text/plain');
      if (text.trim()) take(text);
    };
    document.addEventListener('paste', paste);
    return () => document.removeEventListener('paste', paste);
  }, [take]);
  if (!take) return { over: false, handlers: {} };
  const files = (event) => event.dataTransfer.types.includes('Files') || event.dataTransfer.types.includes('text/plain');
  return {
    over,
    handlers: {
      onDragOver: (e) => { if (files(e)) { e.preventDefault(); setOver(true); } },
      onDragLeave: (e) => { if (!e.currentTarget.contains(e.relatedTarget)) setOver(false); },
      onDrop: (e) => {
        e.preventDefault();
        setOver(false);
        take(e.dataTransfer.files[0] ?? e.dataTransfer.getData('text/plain'));
      },
    },
  };
}
