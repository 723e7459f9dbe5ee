// How name servers are, asked again every two seconds while somebody looks.
import { useEffect, useState } from '../../kernel/view.js';
import { get } from '../../kernel/http.js';
import { signal, useSignal } from '../../kernel/signal.js';
import { useEvery } from '../../kernel/data.js';
import { asOf } from '../../kernel/router.js';

const every = 2000;
const kept = 150; // samples of each server: five minutes

// samples are what was seen lately, by server: [[seconds, rate, lag], …]. They outlive the pages that show them.
export const samples = signal(new Map());

function remember(id, health) {
  const list = [...(samples.value.get(id) ?? []), [Date.now() / 1000, health.query_rate ?? null, health.lag ?? null]].slice(-kept);
  samples.value = new Map(samples.value).set(id, list);
}

// useHealth returns the health of servers by their ids, as far as it is known. The past has none.
export function useHealth(ids) {
  const [byId, set] = useState({});
  const past = useSignal(asOf);
  const ask = async () => {
    if (past) return;
    await Promise.all(ids.map(async (id) => {
      try {
        const health = await get(`/v1/servers/${id}/health`, {}, { past: false });
        remember(id, health);
        set((all) => ({ ...all, [id]: health }));
      } catch { /* the next look may know */ }
    }));
  };
  useEffect(() => { ask(); }, [ids.join()]);
  useEvery(every, ask);
  return past ? {} : byId;
}

// stateOf is INSYNC, PENDING or FAILED as changes have it, or AWAY where nobody knows.
export function stateOf(health) {
  if (!health) return null;
  if (!health.online) return 'AWAY';
  if (health.error || health.process === false || health.port === false || health.resolve === false || health.zones?.refused) return 'FAILED';
  return health.lag > 0 || health.zones?.behind ? 'PENDING' : 'INSYNC';
}

// plotOf puts samples of several servers into the form of a plot: one line for each, over the times of the first.
export function plotOf(lists, column) {
  const longest = lists.reduce((a, b) => (b.length > a.length ? b : a), []);
  const times = longest.map(([at]) => at);
  return [times, ...lists.map((list) => times.map((_, i) => list[list.length - times.length + i]?.[column] ?? null))];
}
