// A record as it is typed: the cells of its row as fields, and below them what the API says of it.
import { html, cx, useEffect, useLayoutEffect, useRef, useState } from '../../../kernel/view.js';
import { useSignal } from '../../../kernel/signal.js';
import { t } from '../../../kernel/text.js';
import { types, valueHint } from '../../../dns/names.js';
import { proposal, send } from '../../../changes/change.js';

// Editor edits the fields of a record. write(fields) is the request that would carry them out: it is
// decided as a dry run while they are typed, so that what is wrong or odd stands at its field.
export function Editor({ id, fields, views, adding, focus, write, etag, onChange, onPreview, onKeep, onCancel, top }) {
  const box = useRef(null);
  const [said, ask] = useSaid(write, fields, etag);
  useLayoutEffect(() => {
    const field = box.current.querySelector(`[name="${focus}"]`) ?? box.current.querySelector('[name="host"]');
    field.focus();
    field.select?.();
  }, []);

  const change = (name) => (event) => onChange({ ...fields, [name]: event.currentTarget.value });
  const of = (name) => said.filter((s) => s.field === name);
  const props = (name) => ({
    name, value: fields[name], onInput: change(name), autocomplete: 'off', spellcheck: false, 'aria-label': t(`zones.${name}`),
    'aria-invalid': of(name).some((s) => s.wrong) ? 'true' : undefined, 'aria-describedby': of(name).length ? 'editor-said' : undefined,
    class: cx(of(name).some((s) => s.wrong) && 'wrong', of(name).some((s) => !s.wrong) && 'odd'),
  });

  function key(event) {
    if (event.isComposing) return;
    if (event.key === 'Escape') onCancel();
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey || event.shiftKey)) onKeep();
    else if (event.key === 'Enter' && event.target.tagName !== 'BUTTON') onPreview();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  function toggleView(name) {
    const next = views.filter((v) => (v === name ? !fields.view_names.includes(v) : fields.view_names.includes(v)));
    if (next.length > 0) onChange({ ...fields, view_names: next });
  }

  const choices = types.includes(fields.record_type) ? types : [fields.record_type, ...types];
  return html`
    <div class=${cx('editor', top && 'editor-top')} ref=${box} role=${adding ? 'group' : 'gridcell'} aria-label=${adding ? t('zones.add') : undefined} data-version=${etag && `${id} ${etag}`} onKeyDown=${key} onChange=${ask} onMouseDown=${(e) => e.stopPropagation()}>
      <div class="editor-fields">
        <span class="vtable-check"></span>
        <input ...${props('host')} data-testid="record-host" placeholder="@" />
        <select ...${props('record_type')} data-testid="record-type" onInput=${undefined} onChange=${change('record_type')}>
          ${choices.map((type) => html`<option key=${type} value=${type}>${type}</option>`)}
        </select>
        <input ...${props('ttl')} inputmode="numeric" />
        <input ...${props('value')} data-testid="record-value" placeholder=${valueHint[fields.record_type] ?? '\\# …'} />
        ${views.length > 1 && !adding
    ? html`<select name="view_name" aria-label=${t('zones.view_name')} value=${fields.view_names[0]} onChange=${(e) => onChange({ ...fields, view_names: [e.currentTarget.value] })}>
            ${views.map((v) => html`<option key=${v} value=${v}>${v}</option>`)}</select>`
    : html`<span class="editor-view">${fields.view_names.join(', ')}</span>`}
        <input ...${props('comment')} placeholder=${t('zones.comment')} />
      </div>
      <div class="editor-more">
        ${adding && views.length > 1 && html`
          <div class="editor-views" role="group" aria-label=${t('zones.view_name')}>
            ${views.map((v) => html`<label key=${v}><input type="checkbox" checked=${fields.view_names.includes(v)} onChange=${() => toggleView(v)} />${v}</label>`)}
          </div>`}
        <ul class="said" id="editor-said" aria-live="polite">
          ${said.map((s, i) => html`<li key=${i} class=${s.wrong ? 'wrong' : 'odd'}>${s.field && html`<b>${t(`zones.${s.field}`)}</b> `}${s.text}</li>`)}
        </ul>
        <span class="editor-keys">
          <button type="button" class="button primary" data-testid="preview" onClick=${onPreview}>${t('zones.preview')} <kbd>↵</kbd></button>
          <button type="button" class="button" onClick=${onKeep} title=${t('zones.keepHint')}>${t('zones.keep')} <kbd>⇧↵</kbd></button>
          <button type="button" class="button quiet" onClick=${onCancel}>${t('zones.cancel')} <kbd>Esc</kbd></button>
        </span>
      </div>
    </div>`;
}

// idle is how long, in milliseconds, nothing is typed before the API is asked; a field that is left asks at once.
const idle = 900;

// useSaid is what the API says of the fields once they are typed, [{ field, text, wrong }], and what asks it now. While a preview
// says so, nothing is asked beside it: the answer could come after the change, and be about a version that is gone.
function useSaid(write, fields, etag) {
  const [said, set] = useState([]);
  const [now, askNow] = useState(0);
  const asked = useRef(now);
  const typed = JSON.stringify(fields);
  const previewed = useSignal(proposal) !== null;
  useEffect(() => {
    if (!fields.value.trim()) {
      set([]);
      return undefined;
    }
    if (previewed) return undefined;
    const control = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const { warnings } = await send(write(fields), true, { signal: control.signal });
        set(once(warnings.map(({ field, text }) => ({ field: plain(field), text }))));
      } catch (error) {
        if (error.name !== 'AbortError') set(once(refusals(error)));
      }
    }, asked.current === now ? idle : 0);
    asked.current = now;
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [typed, etag, now, previewed]);
  return [said, () => askNow((n) => n + 1)];
}

// once leaves out what was said of another view already.
const once = (said) => said.filter((s, i) => said.findIndex((o) => o.field === s.field && o.text === s.text) === i);

// refusals are what a refusal says, of the operations of a batch one by one.
export function refusals(error) {
  const list = error.operations?.length ? error.operations : [{ field: error.field, error: error.message }];
  return list.map((r) => ({ field: plain(r.field ?? ''), text: withoutField(r.error, r.field), wrong: true }));
}

const names = ['host', 'record_type', 'ttl', 'value', 'comment', 'view_name'];

// plain takes the operation away: operations[0].value is value; what is no field of the editor stands for all.
function plain(field) {
  const name = field.replace(/^operations\[\d+\]\.?/, '').replace('view_names', 'view_name');
  return names.includes(name) ? name : '';
}

const withoutField = (text, field) => (field && text.startsWith(`${field}: `) ? text.slice(field.length + 2) : text);
