// Zones that some server refuses.
import { useEffect, useState } from '../../kernel/view.js';
import { get } from '../../kernel/http.js';
import { useEvery } from '../../kernel/data.js';

// useFailedZones is a Map from the id of each zone that a server does not serve as the log says, to what it says.
export function useFailedZones(past) {
  const [failed, set] = useState(new Map());
  const load = async () => {
    if (past) return set(new Map());
    const { servers } = await get('/dns/servers', { pageSize: 1000 });
    const lists = await Promise.allSettled(servers.map(async (s) => [s, await get(`/v1/servers/${s.id}/zones`, { limit: 1000 })]));
    const all = new Map();
    for (const { value } of lists.filter((l) => l.status === 'fulfilled')) {
      const [server, { zones }] = value;
      for (const z of zones) all.set(z.zone_id, [all.get(z.zone_id), `${server.host}, ${z.view}: ${z.error}`].filter(Boolean).join('\n'));
    }
    return set(all);
  };
  const quietly = () => load().catch(() => {}); // the list of zones says what does not work
  useEffect(() => { quietly(); }, [past]);
  useEvery(60000, quietly);
  return failed;
}
