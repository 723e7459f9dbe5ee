// One stream of the log's events for all pages: what happened elsewhere appears by itself.
// A browser gives a site few connections, so a tab that nobody looks at has none; it catches up when it is shown.
import { signal } from './signal.js';
import { asOf } from './router.js';
import { away } from './http.js';

// stream says how it is: 'off', 'opening', 'on'.
export const stream = signal('off');

const listeners = new Set();
let control = null; // of the connection that is open
let last = ''; // position of the last event that came

// onChange calls fn with each event whose resource is of one of the kinds (server, view, zone, record, user, role,
// privilege, credential, machine, task, account, bind_conf, fleet, view_order, webhook …), or of all for '*';
// and with null where events may have been missed. It returns what ends that.
export function onChange(kinds, fn) {
  const listener = { kinds: kinds === '*' ? null : new Set([kinds].flat()), fn };
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// startEvents and stopEvents are for who logs in and out.
export function startEvents() {
  if (control || asOf.value || document.hidden) return;
  control = new AbortController();
  follow(control.signal);
}

export function stopEvents() {
  control?.abort();
  control = null;
  stream.value = 'off';
}

let loggedIn = false;
export function setLoggedIn(yes) {
  loggedIn = yes;
  if (!yes) last = '';
  adjust();
}

function adjust() {
  if (loggedIn && !asOf.value && !document.hidden) startEvents();
  else if (document.hidden) laterIfHidden();
  else stopEvents();
}

let hiding = 0;
function laterIfHidden() {
  clearTimeout(hiding);
  hiding = setTimeout(() => { if (document.hidden) stopEvents(); }, 5000);
}

document.addEventListener('visibilitychange', adjust);
// A page that was left may be kept for the way back, with its timers stopped and its connection open: of six that
// the browser has for a site, the seventh page would get none.
addEventListener('pagehide', stopEvents);
addEventListener('pageshow', adjust);
asOf.watch(adjust);

const longest = 8000; // milliseconds between two attempts

async function follow(stop) {
  for (let wait = 250; !stop.aborted; wait = Math.min(wait * 2, longest)) {
    stream.value = 'opening';
    const begun = Date.now();
    let full = false; // the user has as many streams as one may have, in other windows
    try {
      full = await connect(stop) === 429;
    } catch { /* the connection was lost, which the next one mends */ }
    if (stop.aborted) return;
    if (Date.now() - begun > 10000) wait = 250;
    if (full) wait = longest;
    stream.value = full ? 'off' : 'opening';
    if (full) tell(null); // so pages look for themselves meanwhile
    await new Promise((resolve) => { setTimeout(resolve, wait * (0.75 + Math.random() / 2)); });
    while (away.value && !stop.aborted) await new Promise((resolve) => { setTimeout(resolve, 500); });
  }
}

// connect follows a stream to its end, and returns 429 where there is no place for one.
async function connect(stop) {
  const headers = { Accept: 'text/event-stream' };
  const resumed = last !== '';
  if (resumed) headers['Last-Event-ID'] = last;
  const response = await fetch('/v1/events', { headers, signal: stop, credentials: 'same-origin', cache: 'no-store' });
  if (!response.ok) {
    if (response.status === 429) return 429;
    if (response.status === 400) last = ''; // another log, or one that was set back
    throw new Error(`events: ${response.status}`);
  }
  stream.value = 'on';
  if (!resumed) tell(null); // what came before the first event of the stream is not in it
  await readMessages(response.body, take);
  return response.status;
}

// readMessages reads server-sent events: fields by lines, a message to an empty line.
export async function readMessages(body, give) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const messages = (rest + value).split(/\r?\n\r?\n/);
    rest = messages.pop();
    for (const text of messages) give(parseMessage(text));
  }
}

function parseMessage(text) {
  const message = { event: 'message', data: '' };
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue; // a comment, or nothing
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^ /, '');
    message[name] = name === 'data' && message.data ? `${message.data}\n${value}` : value;
  }
  return message;
}

function take(message) {
  if (message.event === 'behind') {
    last = '';
    return;
  }
  if (message.id) last = message.id;
  if (message.data) tell(JSON.parse(message.data));
}

function tell(event) {
  for (const { kinds, fn } of [...listeners]) {
    if (event && kinds && !kinds.has(event.resource?.kind)) continue;
    try { fn(event); } catch (error) { console.error(error); }
  }
}
