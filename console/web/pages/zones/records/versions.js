// Versions of records: the one that an edit began with, and what others have made of it since.
import { get, request } from '../../../kernel/http.js';
import { t } from '../../../kernel/text.js';
import { fullTime } from '../../../kernel/time.js';
import { shown } from '../../../dns/names.js';
import { fieldsOf, write } from './drafts.js';

// begin returns the record of now and its version. One that is gone has neither: applying says so.
export async function begin(record) {
  try {
    const { data, etag } = await request('GET', `/dns/records/${record.id}`);
    return { record: data, etag };
  } catch {
    return { record: null, etag: undefined };
  }
}

// titleOf names a change after what it does.
export function titleOf(drafts, zone) {
  const all = [...drafts.values()];
  if (all.length > 1) return t('zones.changesOf', { n: all.length, zone: shown(zone) });
  const { kind, fields, was } = all[0];
  const { host, record_type, value } = fields ?? was;
  return t(`zones.title.${kind}`, { name: host === '@' || host === '' ? shown(zone) : `${shown(host)}.${shown(zone)}`, type: record_type, value });
}

// conflictOf explains a refusal of one record's change by what the record is now; null where that is not why.
export async function conflictOf(refusal, drafts, zone) {
  if (drafts.size !== 1 || (refusal.status !== 412 && refusal.status !== 404)) return null;
  const [[id, draft]] = drafts;
  if (draft.kind === 'add') return null;
  const now = await begin(draft.was);
  const text = (fields) => fields && { ...fields, view_names: fields.view_names.join(', ') };
  const was = text(fieldsOf(draft.was)), theirs = now.record && text(fieldsOf(now.record)), mine = text(draft.fields);
  const rows = Object.keys(was).map((name) => [t(`zones.${name === 'view_names' ? 'view_name' : name}`), was[name], theirs?.[name] ?? null, mine?.[name] ?? null]);
  return { rows, by: await lastBy(id), again: () => again(id, draft, now, zone) };
}

// again is the write that puts mine over theirs: of a record that is gone, a new one.
function again(id, draft, now, zone) {
  if (draft.kind === 'delete') return { method: 'DELETE', path: `/dns/records/${id}`, etag: now.etag };
  const kind = now.record ? 'change' : 'add';
  return { ...write(zone, new Map([[id, { ...draft, kind }]])), etag: now.etag };
}

async function lastBy(id) {
  const { history } = await get(`/v1/records/${id}/history`, { limit: 1 });
  if (history.length === 0) return '';
  const [{ actor, time, door }] = history;
  return t('changes.lastBy', { who: actor.username ?? '–', when: fullTime(time), door: door ?? '–' });
}
