// What a user wants to change and has not applied. Pure: no DOM, no requests.
//
// Drafts are a Map by the record's id, or by 'new-1', 'new-2' … of
// { kind: 'add' | 'change' | 'delete', was (the record, null of a new one), fields }.

// fieldsOf are the fields of a record that people edit.
export const fieldsOf = (record) => ({
  host: record.host, record_type: record.record_type, ttl: record.ttl, value: record.value, comment: record.comment, view_names: [record.view_name],
});

const edited = ['host', 'record_type', 'ttl', 'value', 'comment'];

// changed says whether the fields say anything else than the record.
export const changed = (was, fields) => edited.some((name) => fields[name] !== was[name]) || fields.view_names[0] !== was.view_name;

// keep puts a draft among the others; one that changes nothing is none.
export function keep(drafts, id, draft) {
  const next = new Map(drafts);
  if (draft.kind === 'change' && !changed(draft.was, draft.fields)) next.delete(id);
  else next.set(id, draft);
  return next;
}

// operations are the writes of the drafts, as POST /v1/batch takes them. Deletions come first, so that
// what takes the place of a deleted record finds it gone.
export function operations(zone, drafts) {
  const all = [...drafts.entries()];
  const of = (kind) => all.filter(([, draft]) => draft.kind === kind);
  return [
    ...of('delete').map(([id]) => ({ method: 'DELETE', path: `/dns/records/${id}`, draft: id })),
    ...of('change').map(([id, { fields }]) => ({ method: 'PUT', path: `/dns/records/${id}`, draft: id, body: body(zone, fields, fields.view_names[0]) })),
    ...of('add').flatMap(([id, { fields }]) => fields.view_names.map((view) => ({ method: 'POST', path: '/dns/records', draft: id, body: body(zone, fields, view) }))),
  ];
}

function body(zone, { host, record_type, ttl, value, comment }, view_name) {
  return { zone_id: zone, host: host.trim() || '@', record_type, ttl: String(ttl).trim(), value, comment, view_name };
}

// write is the one request that carries the drafts out.
export function write(zone, drafts) {
  const all = operations(zone, drafts);
  if (all.length === 1) {
    const [{ method, path, body: fields }] = all;
    return { method, path, body: fields };
  }
  return { method: 'POST', path: '/v1/batch', body: { operations: all.map(({ draft, ...operation }) => operation) } };
}

// setAll gives the records that were selected a field's new value; replace changes a part of it.
export function setAll(drafts, records, name, change) {
  let next = drafts;
  for (const record of records) {
    const draft = next.get(record.id);
    if (draft?.kind === 'delete') continue;
    const fields = { ...(draft?.fields ?? fieldsOf(record)) };
    fields[name] = change(fields[name]);
    next = keep(next, record.id, { kind: 'change', was: draft?.was ?? record, fields });
  }
  return next;
}

// deleteAll marks records as deleted.
export function deleteAll(drafts, records) {
  const next = new Map(drafts);
  for (const record of records) next.set(record.id, { kind: 'delete', was: record });
  return next;
}

// conflicts are the drafts whose records have become something else, or went, since they were drafted.
export function conflicts(drafts, current) {
  const found = [];
  for (const [id, draft] of drafts) {
    if (draft.kind === 'add') continue;
    const now = current(id);
    if (!now || changed(draft.was, fieldsOf(now))) found.push({ id, draft, now: now ?? null });
  }
  return found;
}
