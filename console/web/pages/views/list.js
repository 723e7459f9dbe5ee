// Views in the order in which named matches them, each with its list of clients (ACL).
import { html, useState } from '../../kernel/view.js';
import { del, get, post, put } from '../../kernel/http.js';
import { useLive } from '../../kernel/data.js';
import { useKey } from '../../kernel/keys.js';
import { isAdmin, mayAdd } from '../../kernel/session.js';
import { asOf } from '../../kernel/router.js';
import { useSignal } from '../../kernel/signal.js';
import { number, t } from '../../kernel/text.js';
import { Badge, Button, confirm, Empty, Failure, FormDialog, Icon, IconButton, Input, Loaded, Page, Panel, TextArea, toast, toastError, useForm, warn } from '../../ui/all.js';

// ordered puts the views in the order of their ids in the list; a view that is in no list comes at the end.
function ordered(views, ids) {
  const at = new Map(ids.map((id, i) => [id, i]));
  return [...views].sort((a, b) => (at.get(a.id) ?? ids.length + a.id) - (at.get(b.id) ?? ids.length + b.id));
}

export default function Views() {
  const loaded = useLive(async ({ signal }) => {
    const [list, order] = await Promise.all([get('/dns/views', { pageSize: 1000 }, { signal }), get('/v1/views/order', {}, { signal })]);
    return ordered(list.views, order.view_ids);
  }, [], ['view', 'view_order']);
  const past = useSignal(asOf) !== '';
  const [edited, edit] = useState(null); // a view, {} for a new one
  const may = mayAdd('view') && !past;
  useKey('n', 'views.add', may && (() => edit({})));
  return html`<${Page} title=${t('views.title')} note=${loaded.data && number(loaded.data.length)}
      actions=${may && html`<${Button} icon="plus" kind="primary" data-testid="view-add" onClick=${() => edit({})}>${t('views.add')}<//>`}>
    <p class="soft">${t('views.hint')}</p>
    <${Panel} flush><${Loaded} of=${loaded}>${(views) => (views.length ? html`<${Order} views=${views} may=${isAdmin() && !past} past=${past} onEdit=${edit} />`
      : html`<${Empty} icon="views" title=${t('views.none')}>${t('views.noneHint')}<//>`)}<//><//>
    ${edited && html`<${Edit} view=${edited} onClose=${() => edit(null)} />`}<//>`;
}

// Order lets an admin move views, by the mouse or by Alt with arrow keys; nothing is sent before it is saved.
function Order({ views, may, past, onEdit }) {
  const key = views.map((v) => v.id).join();
  const [moves, setMoves] = useState({ key, ids: null }); // while they are not saved; another order of the log ends them
  const ids = moves.key === key ? moves.ids : null;
  const setIds = (to) => setMoves({ key, ids: to });
  const [dragged, drag] = useState(null);
  const [busy, setBusy] = useState(false);
  const shown = ids ? ordered(views, ids) : views;
  const move = (id, to) => {
    const now = shown.map((v) => v.id);
    const from = now.indexOf(id);
    if (to < 0 || to >= now.length || to === from) return;
    now.splice(to, 0, ...now.splice(from, 1));
    setIds(now.join() === key ? null : now);
  };
  const moved = (event, id, i) => {
    if (!event.altKey || !may) return;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    move(id, i + step);
    requestAnimationFrame(() => document.querySelector(`[data-view="${id}"]`)?.focus());
  };
  const save = async () => {
    setBusy(true);
    try {
      const reply = await put('/v1/views/order', { view_ids: ids });
      warn(reply);
      toast(t('views.orderSaved'));
      setIds(null);
    } catch (error) { toastError(error); } finally { setBusy(false); }
  };
  return html`<ol class="order">${shown.map((v, i) => html`<li key=${v.id} data-view=${v.id} data-testid="view-row" tabindex="0" class=${dragged === v.id ? 'dragged' : ''} draggable=${may} onKeyDown=${(e) => moved(e, v.id, i)}
      onDragStart=${(e) => { drag(v.id); e.dataTransfer.effectAllowed = 'move'; }} onDragEnd=${() => drag(null)}
      onDragOver=${(e) => { if (dragged === null) return; e.preventDefault(); if (dragged !== v.id) move(dragged, i); }} onDrop=${(e) => e.preventDefault()}>
      ${may && html`<span class="handle" aria-hidden="true"><${Icon} name="drag" /></span>`}<span class="place dim">${i + 1}</span>
      <span class="order-name"><b>${v.name}</b></span><span class="badges grow">${entries(v.acl).slice(0, 12).map((e, n) => html`<${Badge} key=${n} kind=${e.startsWith('!') ? 'bad' : e === 'any' ? 'accent' : ''}><span class="mono">${e}</span><//>`)}${entries(v.acl).length > 12 && html`<span class="dim">+${entries(v.acl).length - 12}</span>`}</span>
      <span class="order-do">${may && html`<${IconButton} icon="up" small label=${t('views.up', { name: v.name })} disabled=${i === 0} onClick=${() => move(v.id, i - 1)} /><${IconButton} icon="down" small label=${t('views.down', { name: v.name })} disabled=${i === shown.length - 1} onClick=${() => move(v.id, i + 1)} />`}
      ${!past && v.can_update && html`<${IconButton} icon="edit" small label=${t('views.edit', { name: v.name })} onClick=${() => onEdit(v)} />`}
      ${!past && v.can_delete && html`<${IconButton} icon="trash" small label=${t('views.delete', { name: v.name })} onClick=${() => remove(v)} />`}</span></li>`)}</ol>
    ${ids && html`<div class="bar" role="status"><span>${t('views.orderChanged')}</span><span class="grow" /><${Button} small onClick=${() => setIds(null)}>${t('ui.cancel')}<//><${Button} small kind="primary" busy=${busy} data-testid="order-save" onClick=${save}>${t('views.saveOrder')}<//></div>`}`;
}

const entries = (acl) => acl.split(/[\s,;]+/).filter(Boolean);

async function remove(view) {
  if (!(await confirm({ title: t('views.deleteTitle', { name: view.name }), body: t('views.deleteBody'), action: t('ui.delete'), danger: true }))) return;
  try {
    await del(`/dns/views/${view.id}`);
    toast(t('ui.deleted', { name: view.name }));
  } catch (error) { toastError(error); }
}

function Edit({ view, onClose }) {
  const known = view.id !== undefined;
  const form = useForm({ name: view.name ?? '', acl: view.acl ?? '' }, async (values) => {
    const reply = known ? await put(`/dns/views/${view.id}`, values) : await post('/dns/views', values);
    warn(reply);
    toast(t('ui.saved'));
    onClose();
  });
  return html`<${FormDialog} form=${form} title=${known ? t('views.edit', { name: view.name }) : t('views.add')} submit=${known ? undefined : t('ui.add')} onClose=${onClose}>
    <${Input} label=${t('ui.name')} required mono ...${form.at('name')} />
    <${TextArea} label=${t('views.acl')} required mono rows=${10} hint=${t('views.aclHint')} ...${form.at('acl')} />
    <${Failure} error=${form.error} /><//>`;
}
