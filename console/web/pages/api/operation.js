// One operation: what it says, and a form to try it.
import { html, useState } from '../../kernel/view.js';
import { randomKey } from '../../kernel/http.js';
import { language, t } from '../../kernel/text.js';
import { Badge, Button, Checkbox, Input, Panel, TextArea } from '../../ui/all.js';

// resolve follows references within the description.
function resolve(description, what) {
  let found = what;
  for (let i = 0; found?.$ref && i < 8; i++) found = found.$ref.slice(2).split('/').reduce((at, part) => at?.[part.replace(/~1/g, '/').replace(/~0/g, '~')], description);
  return found;
}

function exampleOf(media) {
  if (!media) return '';
  const example = media.example ?? Object.values(media.examples ?? {})[0]?.value;
  return example === undefined ? '' : typeof example === 'string' ? example : JSON.stringify(example, null, 2);
}

export function Operation({ operation, description }) {
  const { method, path, summary, description: text } = operation;
  const parameters = operation.parameters.map((p) => resolve(description, p)).filter((p) => p && p.in !== 'cookie');
  const body = resolve(description, operation.requestBody);
  const kind = body && (body.content['application/json'] ? 'application/json' : Object.keys(body.content)[0]);
  return html`<${Panel} title=${html`<span class="line"><${Badge} kind=${{ get: 'good', delete: 'bad' }[method] ?? 'accent'}>${method.toUpperCase()}<//><code class="api-path">${path}</code></span>`}>
      <div class="stack"><p class="strong">${summary}</p>${text && html`<${Text} text=${text} />`}</div><//>
    <${Try} operation=${operation} parameters=${parameters} kind=${kind} example=${kind && exampleOf(body.content[kind])} />
    <${Panel} title=${t('api.replies')}><${Replies} operation=${operation} description=${description} /><//>`;
}

// Text shows what the description writes, of whose marks only code matters here.
const Text = ({ text }) => html`<div class="stack soft">${text.trim().split(/\n\s*\n/).map((part, i) => html`<p key=${i}>${part.split(/(`[^`]+`)/).map((piece) => (piece.startsWith('`') ? html`<code>${piece.slice(1, -1)}</code>` : piece))}</p>`)}</div>`;

function Replies({ operation, description }) {
  return html`<dl class="replies">${Object.entries(operation.responses).map(([status, reply]) => {
    const found = resolve(description, reply);
    const example = exampleOf(Object.values(found?.content ?? {})[0]);
    return html`<div key=${status}><dt><${Badge} kind=${status < '300' ? 'good' : status < '400' ? '' : 'wait'}>${status}<//></dt><dd>${found?.description && html`<${Text} text=${found.description} />`}${example && status < '300' && html`<pre class="code" tabindex="0">${example}</pre>`}</dd></div>`;
  })}</dl>`;
}

function Try({ operation, parameters, kind, example }) {
  const { method, path } = operation;
  const [values, set] = useState({});
  const [body, setBody] = useState(example ?? '');
  const [dry, setDry] = useState(method !== 'get' && parameters.some((p) => p.name === 'Opsledger-Dry-Run'));
  const [reply, setReply] = useState(null);
  const [busy, setBusy] = useState(false);
  const stream = path === '/v1/events' || path.endsWith('/log');
  const shown = parameters.filter((p) => !/^(Opsledger-Dry-Run|Idempotency-Key)$/.test(p.name));
  const send = async (event) => {
    event.preventDefault();
    setBusy(true);
    const query = new URLSearchParams();
    const headers = { Accept: stream ? 'application/json' : '*/*', 'Opsledger-Language': language.value };
    let url = path;
    for (const p of parameters) {
      const value = values[p.name];
      if (p.in === 'path') url = url.replace(`{${p.name}}`, encodeURIComponent(value ?? ''));
      else if (value === undefined || value === '') continue;
      else if (p.in === 'query') query.append(p.name, value);
      else headers[p.name] = value;
    }
    if (method !== 'get') headers[dry ? 'Opsledger-Dry-Run' : 'Idempotency-Key'] = dry ? 'true' : randomKey();
    if (kind && body) headers['Content-Type'] = kind;
    const begun = performance.now();
    try {
      const response = await fetch(url + (query.size ? `?${query}` : ''), { method: method.toUpperCase(), headers, body: kind && body ? body : undefined });
      const text = await response.text();
      setReply({ status: response.status, ms: Math.round(performance.now() - begun), headers: [...response.headers].filter(([name]) => name.startsWith('opsledger') || /^(etag|location|retry-after)$/.test(name)), text: pretty(text) });
    } catch (error) {
      setReply({ status: 0, ms: 0, headers: [], text: error.message });
    } finally { setBusy(false); }
  };
  return html`<${Panel} title=${t('api.try')}><form class="form" onSubmit=${send}>
    ${shown.length > 0 && html`<div class="form-row">${shown.map((p) => html`<${Input} key=${`${p.in}-${p.name}`} label=${p.name} mono required=${p.in === 'path' || p.required} hint=${p.in === 'path' ? '' : p.in} title=${p.description} value=${values[p.name] ?? ''} onValue=${(v) => set({ ...values, [p.name]: v })} />`)}</div>`}
    ${kind && html`<${TextArea} label=${`${t('api.body')} (${kind})`} mono rows=${Math.min(14, Math.max(4, body.split('\n').length + 1))} value=${body} onValue=${setBody} />`}
    <div class="line"><${Button} type="submit" kind=${method === 'delete' && !dry ? 'danger' : 'primary'} busy=${busy} data-testid="api-send">${t('api.send')}<//>
      ${method !== 'get' && html`<${Checkbox} label=${t('api.dry')} value=${dry} onValue=${setDry} />`}</div></form>
    ${reply && html`<div class="stack api-reply" aria-live="polite"><div class="line"><${Badge} kind=${reply.status >= 200 && reply.status < 300 ? 'good' : 'bad'}><span data-testid="api-status">${reply.status || t('ui.error')}</span><//><span class="dim">${reply.ms} ms</span>${reply.headers.map(([name, value]) => html`<code key=${name}>${name}: ${value}</code>`)}</div><pre class="code" tabindex="0">${reply.text}</pre></div>`}<//>`;
}

function pretty(text) {
  const cut = text.length > 100000 ? `${text.slice(0, 100000)}…` : text;
  try { return JSON.stringify(JSON.parse(cut), null, 2); } catch { return cut; }
}
