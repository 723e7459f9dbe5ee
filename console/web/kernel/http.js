// Requests to the API, the only thing that the console talks to.
import { signal } from './signal.js';
import { language } from './text.js';
import { asOf } from './router.js';

// ApiError is a refusal: what the API said, and the field that is to blame.
export class ApiError extends Error {
  constructor(status, body, headers) {
    const said = body && typeof body === 'object' ? body : {};
    super(said.error ?? said.info ?? (said.message && said.message !== 'Failed' ? said.message : null) ?? `HTTP ${status}`);
    this.status = status;
    this.field = said.field ?? headers?.get('Opsledger-Field') ?? '';
    this.lines = said.errors ?? []; // of a file: [{ line, error }]
    this.conflicts = said.conflicts ?? []; // of a revert: [{ position, resource, reason, error }]
    this.operations = said.results ?? []; // of a batch: [{ index, status, error, field }]
    this.body = body;
  }
}

// away is true while the program does not answer; requests wait for it meanwhile.
export const away = signal(false);

// onStranger is called when the API no longer knows who asks.
let stranger = () => {};
export const onStranger = (fn) => { stranger = fn; };

// request sends a request and returns { data, status, position, warnings, asOf, etag, headers }.
//   query    names and values of the query; '', null and undefined are left out
//   body     what is sent as JSON, or with type as it is
//   dry      decide, and change nothing: data is then { events, diff, config, servers }
//   past     false where the resource has no past: the page's moment is not asked for
//   headers, signal (of an AbortController)
// It throws ApiError for a refusal. A write has a key, so that it is sent again after a lost connection and
// carried out once.
export async function request(method, path, options = {}) {
  const call = prepare(method, path, options);
  for (let failures = 0; ; failures++) {
    const response = await attempt(call, options.signal);
    if (response.status === 503 && method === 'GET' && failures < 3) {
      await pause(1000 * Number(response.headers.get('Retry-After') ?? 1), options.signal);
      continue;
    }
    return read(response);
  }
}

// get returns the data of a resource.
export const get = async (path, query, options = {}) => (await request('GET', path, { ...options, query })).data;

// post, put and del return the whole reply, whose position says where the change stands in the log.
export const post = (path, body, options = {}) => request('POST', path, { ...options, body });
export const put = (path, body, options = {}) => request('PUT', path, { ...options, body });
export const del = (path, options = {}) => request('DELETE', path, options);

function prepare(method, path, { query = {}, body, type, dry, past = true, headers = {} }) {
  const all = { ...query };
  if (method === 'GET' && past && asOf.value && !('as_of' in all)) all.as_of = asOf.value;
  const given = Object.entries(all).filter(([, v]) => v !== '' && v !== null && v !== undefined);
  const text = new URLSearchParams(given).toString();
  const sent = { Accept: 'application/json', 'Opsledger-Language': language.value, ...headers };
  if (method !== 'GET') {
    if (dry) sent['Opsledger-Dry-Run'] = 'true';
    else sent['Idempotency-Key'] ??= randomKey();
  }
  if (body !== undefined) sent['Content-Type'] = type ?? 'application/json';
  return { url: path + (text ? `?${text}` : ''), init: { method, headers: sent, body: type || body === undefined ? body : JSON.stringify(body) } };
}

async function attempt({ url, init }, stop) {
  for (;;) {
    try {
      const response = await fetch(url, { ...init, signal: stop, credentials: 'same-origin', redirect: 'error' });
      if (response.status !== 502 && response.status !== 504) return response; // which a proxy says while the program is away
    } catch (error) {
      if (stop?.aborted || error.name === 'AbortError') throw error;
    }
    await untilBack(stop);
  }
}

let back = null; // of all who wait: one of them asks

function untilBack(stop) {
  back ??= askUntilBack().finally(() => { back = null; });
  return stop ? Promise.race([back, stopped(stop)]) : back;
}

async function askUntilBack() {
  for (let wait = 300; ; wait = Math.min(wait * 1.5, 3000)) {
    await pause(wait);
    try {
      if ((await fetch('/healthz', { cache: 'no-store' })).ok) break;
    } catch { /* still away */ }
    away.value = true;
  }
  away.value = false;
}

const stopped = (stop) => new Promise((_, reject) => {
  const end = () => reject(new DOMException('stopped', 'AbortError'));
  if (stop.aborted) end();
  else stop.addEventListener('abort', end, { once: true });
});

const pause = (ms, stop) => {
  const over = new Promise((resolve) => { setTimeout(resolve, ms); });
  return stop ? Promise.race([over, stopped(stop)]) : over;
};

async function read(response) {
  const { headers, status } = response;
  const kind = headers.get('Content-Type') ?? '';
  const data = kind.includes('json') ? await response.json() : await response.text();
  if (status === 403) refusedToken(data);
  if (!response.ok || data?.ok === false) throw new ApiError(response.ok ? 400 : status, data, headers);
  return {
    data: data?.ok === true && 'info' in data ? data.info : data, // the operations dialect wraps what it says
    status, headers,
    position: Number(headers.get('Opsledger-Position')) || null,
    warnings: warningsOf(headers.get('Opsledger-Warning')),
    asOf: Number(headers.get('Opsledger-As-Of')) || null,
    etag: headers.get('ETag'),
  };
}

// refusedToken tells who is not logged in from who may not: the operations dialect has one status for both.
function refusedToken(data) {
  if (data?.code === 40301) stranger(true);
  else if (data?.ok === false) stranger(false);
}

// warningsOf takes warnings apart, each { field, text }; the browser joins their header lines by commas.
function warningsOf(text) {
  if (!text) return [];
  return text.split(/, (?=[a-z_0-9[\].]+: )/).map((line) => {
    const found = /^([a-z_0-9[\].]+): (.*)$/s.exec(line);
    return found ? { field: found[1], text: found[2] } : { field: '', text: line };
  });
}

export function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
}
