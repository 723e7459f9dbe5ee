// Undoing is a change like any other: previewed, applied, followed.
import { t } from '../kernel/text.js';
import { propose } from './change.js';

// undo proposes a revert: { positions } | { from, to, zone_id } | { zone_id, as_of }.
export function undo(what, title, applied) {
  return propose({ title: t('changes.undoing', { what: title }), write: { method: 'POST', path: '/v1/reverts', body: what }, applied });
}
