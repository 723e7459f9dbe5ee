// Names of what rights are about.
import { has, t } from '../../kernel/text.js';

export const kinds = ['server', 'view', 'zone', 'record'];
export const operations = ['ACCESS', 'UPDATE', 'DELETE'];

export const permissionText = (code, name) => (has(`access.code.${code}`) ? t(`access.code.${code}`) : name ?? String(code));
export const kindText = (kind) => (kinds[kind] ? t(`access.kind.${kinds[kind]}`) : String(kind));
export const operationText = (operation) => (operations[operation] ? t(`access.operation.${operations[operation]}`) : String(operation));

const builtIn = new Set(['SERVER_ADD', 'ZONE_ADD', 'VIEW_ADD', 'BIND_CONF_EDIT']);

// meaning says what a privilege grants: { general } for the four built-in ones, else { kind, of, operation }. A name such as
// ZONE~**.cust.example#UPDATE is for all zones of the pattern; one of a resource has the resource's name in it.
export function meaning(privilege) {
  if (builtIn.has(privilege.name)) return { general: privilege.name };
  const pattern = /^ZONE~(.*)#(\w+)$/.exec(privilege.name);
  const named = /^(?:SERVER|VIEW|ZONE)#(.*)#(?:ACCESS|UPDATE|DELETE)$/.exec(privilege.name);
  const of = pattern ? pattern[1] : named ? named[1] : `#${privilege.resource_id}`;
  return { kind: pattern ? 2 : privilege.resource_type, of, operation: privilege.operation, pattern: Boolean(pattern), grants: Boolean(pattern) || (privilege.resource_type in kinds && privilege.resource_id > 0 && privilege.operation in operations) };
}

// grants puts privileges together by what they are on: [{ kind, of, operations: Set }, …], and the general ones.
export function grants(privileges) {
  const general = [];
  const by = new Map();
  const idle = [];
  for (const p of privileges) {
    const m = meaning(p);
    if (m.general) { general.push(m.general); continue; }
    if (!m.grants) { idle.push(p); continue; }
    const key = `${m.kind}/${m.of}`;
    if (!by.has(key)) by.set(key, { key, kind: m.kind, of: m.of, pattern: m.pattern, id: p.resource_id, operations: new Set() });
    by.get(key).operations.add(m.operation);
  }
  return { general, idle, rows: [...by.values()].sort((a, b) => a.kind - b.kind || a.of.localeCompare(b.of)) };
}
