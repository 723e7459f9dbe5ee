// A zone's records as the table has them: loaded page by page, kept up to date by the difference to
// what was loaded, filtered and sorted in slices.
import { get } from '../../../kernel/http.js';
import { signal } from '../../../kernel/signal.js';
import { filter, sort, Slices } from '../../../table/slices.js';
import { shown, sortKeys } from '../../../dns/names.js';

// pageSize is the most that one request gives.
const pageSize = 1000;

// Records are the records of one zone, now or at a moment. State is what components draw:
// { rows, total, loaded, complete, error, sort, terms }.
//
// Invariants:
//  1. Each record is there once, as the API last gave it: what a change did while pages were still
//     coming is in the difference that is asked for behind them.
//  2. A result of filtering and sorting that somebody asked otherwise since is dropped.
export class Records {
  #zone;
  #asOf;
  #all = new Map(); // by id
  #position = 0; // the difference to it was not asked for yet
  #stop = new AbortController();
  #reading = false;
  #left = 3; // how often all is loaded again until a difference was had
  #arranging = null;
  #refreshing = null;
  state;

  constructor(zone, asOf, terms, order) {
    this.#zone = zone;
    this.#asOf = asOf;
    this.state = signal({ rows: [], total: null, loaded: 0, complete: false, error: null, sort: order, terms });
  }

  #set(changes) { this.state.value = { ...this.state.value, ...changes }; }

  get(id) { return this.#all.get(id); }

  // load reads all pages, the first one first, and takes over what has changed meanwhile. What was there before of a large zone
  // stays in sight until then; a small one, which may have become large by an import, shows what comes.
  async load(recount = true) {
    if (this.#reading) return;
    this.#reading = true;
    try {
      await this.#read();
      this.#reading = false;
      await this.refresh();
      await this.#arrange();
      if (recount && await this.#missed()) await this.load(false);
    } catch (error) {
      if (error.name !== 'AbortError') this.#set({ error });
    } finally {
      this.#reading = false;
    }
  }

  async #read() {
    const { signal: aborted } = this.#stop;
    if (!this.#asOf) this.#position = (await get('/v1/events', { limit: 1 }, { signal: aborted })).head;
    if (this.#all.size < pageSize) this.#set({ complete: false });
    const all = new Map();
    let total = 1;
    for (let page = 1; all.size < total && (page - 1) * pageSize < total; page++) {
      const got = await get('/dns/records', { zone_id: this.#zone, pageSize, currentPage: page }, { signal: aborted });
      total = got.total;
      for (const record of got.records) all.set(record.id, prepared(record));
      if (this.state.value.complete) continue;
      this.#all = all;
      this.#set({ total, loaded: all.size, error: null });
      if (page === 1 || page % 10 === 0) await this.#arrange();
    }
    this.#all = all;
    this.#set({ total, loaded: all.size, error: null, complete: true });
  }

  // missed says whether a record was missed: what is deleted while pages come moves those behind it.
  async #missed() {
    if (this.#all.size <= pageSize || this.#asOf) return false;
    const { total } = await get('/dns/records', { zone_id: this.#zone, pageSize: 1 }, { signal: this.#stop.signal });
    await this.refresh();
    return total > this.#all.size;
  }

  // again loads once more, but not for ever.
  #again() {
    return this.#left-- > 0 ? this.load() : undefined;
  }

  close() {
    this.#stop.abort();
    this.#arranging?.abort();
  }

  // refresh takes over what has changed since. One that is asked for while one is under way follows it.
  refresh() {
    if (this.#asOf || this.#reading || !this.state.value.complete) return Promise.resolve(); // what is read ends with it
    if (this.#refreshing) {
      this.#refreshing.again = true;
      return this.#refreshing.done;
    }
    const run = { again: false };
    run.done = this.#takeDifference(run).then(() => null, (error) => error).then((error) => {
      this.#refreshing = null;
      if (!error || error.name === 'AbortError') return undefined;
      this.#set({ error });
      return this.#again(); // a difference that cannot be had, as it is too large
    });
    this.#refreshing = run;
    return run.done;
  }

  async #takeDifference(run) {
    do {
      run.again = false;
      const difference = await get(`/v1/zones/${this.#zone}/diff`, { from: this.#position }, { signal: this.#stop.signal, past: false });
      if (this.#reading) return; // all is read anew, from a later position
      this.#position = difference.to;
      this.#left = 3;
      if (difference.added.length + difference.removed.length + difference.changed.length === 0) continue;
      for (const { id } of difference.removed) this.#all.delete(id);
      const given = [...difference.added, ...difference.changed.map((c) => c.after)].map(prepared);
      for (const record of given) this.#all.set(record.id, { ...record, fresh: performance.now() });
      this.#set({ total: this.#all.size, loaded: this.#all.size });
      await this.#place([...difference.removed, ...given].map((r) => r.id));
    } while (run.again);
  }

  // place gives a few records that have become something else their rows, and arranges many of them anew.
  async #place(ids) {
    if (ids.length > 100 || this.#arranging) return this.#arrange();
    const { rows: before, terms, sort: order } = this.state.value;
    const others = new Set(ids), keep = having(terms), compare = comparing(order);
    const rows = before.filter((row) => !others.has(row.id));
    for (const row of [...others].map((id) => this.#all.get(id)).filter((r) => r && keep(r))) rows.splice(rankOf(rows, row, compare), 0, row);
    this.#set({ rows });
  }

  // arrange filters by terms, each of which a row must have, and sorts.
  arrange(changes) {
    this.#set(changes);
    return this.#arrange();
  }

  async #arrange() {
    this.#arranging?.abort();
    const control = new AbortController();
    this.#arranging = control;
    const slices = new Slices(control.signal);
    const { terms, sort: order } = this.state.value;
    try {
      let rows = [...this.#all.values()];
      if (terms.trim()) rows = await filter(rows, having(terms), slices);
      rows = await sort(rows, comparing(order), slices);
      control.signal.throwIfAborted();
      this.#arranging = null;
      this.#set({ rows });
    } catch (error) {
      if (!control.signal.aborted) throw error; // who asked otherwise since gets that
    }
  }
}

// prepared adds the text that is searched, with IDNs in both spellings.
function prepared(record) {
  const host = shown(record.host);
  record.text = `${record.host} ${host === record.host ? '' : host} ${record.record_type} ${record.value} ${record.view_name} ${record.comment} ${record.ttl}`.toLowerCase();
  record.keys = {};
  return record;
}

// having says whether a row has each of the terms.
function having(terms) {
  const wanted = terms.toLowerCase().split(/\s+/).filter(Boolean);
  return (row) => wanted.every((term) => row.text.includes(term));
}

// rankOf is where a row belongs among rows that are in order.
function rankOf(rows, row, compare) {
  let low = 0, high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(rows[middle], row) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

// comparing compares two rows; a key is made once for each row.
function comparing({ key, descending }) {
  const of = sortKeys[key];
  const keyOf = (row) => (row.keys[key] ??= of(row));
  const sign = descending ? -1 : 1;
  return (a, b) => {
    const x = keyOf(a), y = keyOf(b);
    if (x < y) return -sign;
    if (x > y) return sign;
    return key === 'newest' ? 0 : a.record_type < b.record_type ? -1 : a.record_type > b.record_type ? 1 : a.id - b.id;
  };
}
