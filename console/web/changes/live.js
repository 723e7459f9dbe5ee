// Changes that were applied here, followed server by server until they are live.
import { get } from '../kernel/http.js';
import { signal } from '../kernel/signal.js';

// followed are the newest changes, the newest first:
// { position, title, state: PENDING | INSYNC | FAILED, percent, servers, took (milliseconds until it was live, null before), undoable }.
export const followed = signal([]);

const kept = 3;

export async function follow(change) {
  const entry = { state: 'PENDING', percent: 0, servers: [], took: null, ...change };
  followed.value = [entry, ...followed.value.filter((c) => c.position !== change.position)].slice(0, kept);
  for (let round = 0; isFollowed(change); round++) {
    const { state, percent, servers } = await ask(change, round);
    const took = state === 'INSYNC' ? performance.now() - change.began : null;
    followed.value = followed.value.map((c) => (c.position === change.position ? { ...c, state, percent, servers, took } : c));
    if (state === 'INSYNC') return;
    if (state === 'FAILED') await pause(); // the reply does not wait for a change that has failed
  }
}

const isFollowed = (change) => followed.value.some((c) => c.position === change.position);
const pause = () => new Promise((resolve) => { setTimeout(resolve, 2000); });

// ask asks how far a change is, again and again at first, so that servers are seen one by one. A refusal, as of too many
// who wait, leaves it as it was.
async function ask(change, round) {
  try {
    return await get(`/v1/changes/${change.position}`, { wait: round < 8 ? '250ms' : '2s' }, { past: false });
  } catch {
    await pause();
    return followed.value.find((c) => c.position === change.position) ?? change;
  }
}

export function dismiss(position) {
  followed.value = followed.value.filter((c) => c.position !== position);
}
