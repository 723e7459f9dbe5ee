// Names of what replies have ids of.
import { useEffect, useState } from '../kernel/view.js';
import { get } from '../kernel/http.js';
import { shown } from '../dns/names.js';

let servers = null;

// useServerNames returns what says the name of a server.
export function useServerNames() {
  const [names, set] = useState(new Map());
  useEffect(() => {
    servers ??= get('/dns/servers', { pageSize: 1000 }, { past: false }).then(({ servers: all }) => new Map(all.map((s) => [s.id, s.host])));
    servers.then(set, () => { servers = null; });
  }, []);
  return (id) => names.get(id) ?? `#${id}`;
}

const zones = new Map();

// knowZones remembers names that a page has anyway.
export function knowZones(list) {
  for (const { id, name } of list) zones.set(id, shown(name));
}

// useZoneNames returns what says the name of a zone that the diff is about.
export function useZoneNames(diff) {
  const [, redraw] = useState(0);
  const unknown = [...new Set(diff.map((d) => d.zone_id))].filter((id) => id !== null && !zones.has(id)).slice(0, 20);
  useEffect(() => {
    if (unknown.length === 0) return;
    Promise.allSettled(unknown.map(async (id) => knowZones([await get(`/dns/zones/${id}`, {}, { past: false })]))).then(() => redraw((n) => n + 1));
  }, [unknown.join()]);
  return (id) => zones.get(id) ?? (id === null ? '' : `#${id}`);
}
