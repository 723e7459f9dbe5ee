// Who is logged in, and what they may do.
import { get, onStranger, post, request } from './http.js';
import { signal, useSignal } from './signal.js';
import { setLoggedIn } from './events.js';
import { setServerZone } from './time.js';

// session is undefined until it is known, null for nobody, else what GET /v1/session says:
// { user: { id, username, … }, admin, permissions, can: { add_server, add_view, add_zone, edit_bind_conf }, expires_at, time_zone, version }.
export const session = signal(undefined);
export const useSession = () => useSignal(session);

function hold(who) {
  if (who) setServerZone(who.time_zone);
  session.value = who;
  setLoggedIn(Boolean(who));
}

// findSession asks who is logged in. The page says whether the browser has a cookie: without one nobody is.
export async function findSession() {
  if (document.documentElement.dataset.login === 'none') return hold(null);
  await ask();
}

async function ask() {
  try {
    hold(await get('/v1/session', {}, { past: false }));
  } catch (error) {
    if (error.status === 403) hold(null);
    else throw error;
  }
}

export async function login(fields) {
  hold((await post('/v1/session', fields)).data);
}

export async function logout() {
  await request('DELETE', '/v1/session');
  hold(null);
}

let asking = false;
onStranger(async (certain) => {
  if (!session.value || asking) return;
  if (certain) return hold(null);
  asking = true;
  try { await ask(); } finally { asking = false; }
});

// admin and may say what is offered; what the API refuses is refused whatever they say.
export const isAdmin = () => Boolean(session.value?.admin);
export const mayAdd = (kind) => Boolean(session.value?.can?.[`add_${kind}`]); // server, view, zone
export const mayEditConf = () => Boolean(session.value?.can?.edit_bind_conf);

// mayCode says whether the user holds a permission code, such as 14 to see machines.
export const mayCode = (code) => isAdmin() || Boolean(session.value?.permissions?.some((held) => held === 1 || held === code));
