// An event as a sentence.
import { html } from '../../kernel/view.js';
import { has, t } from '../../kernel/text.js';

/** actorOf names who did it: a user, opsledger itself, or a user who is gone. */
export const actorOf = ({ id, username }) => (id === 0 ? t('audit.system') : username ?? `#${id}`);

/** Sentence says what an event is, with the name of its resource. */
export function Sentence({ type, actor, resource }) {
  return html`<span><b>${actorOf(actor)}</b> ${said(type, resource)}</span>`;
}

/** saidOf is the sentence as a text. */
export const saidOf = ({ type, actor, resource }) => `${actorOf(actor)} ${said(type, resource)}`;

function said(type, resource) {
  const name = resource?.name ?? (resource?.id === undefined || resource.id === null ? '' : `#${String(resource.id).slice(0, 8)}`); // a task's id is long
  return has(`events.${type}`) ? t(`events.${type}`, { name }) : `${type} ${name}`;
}
