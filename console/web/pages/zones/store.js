// All zones that the user may see, loaded page by page and kept up to date one by one.
import { get } from '../../kernel/http.js';
import { signal } from '../../kernel/signal.js';
import { place, shown } from '../../dns/names.js';
import { knowZones } from '../../changes/names.js';

const pageSize = 1000;
const fewChanges = 20; // zones that are asked for one by one; more of them are a new list

export class Zones {
  #all = new Map();
  #stop = new AbortController();
  state = signal({ rows: [], total: null, complete: false, error: null });

  #show(changes) {
    const rows = [...this.#all.values()].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.id - b.id));
    this.state.value = { ...this.state.value, rows, ...changes };
  }

  async load() {
    try {
      const all = new Map();
      for (let page = 1, total = 1; (page - 1) * pageSize < total; page++) {
        const got = await get('/dns/zones', { pageSize, currentPage: page }, { signal: this.#stop.signal });
        total = got.total;
        for (const zone of got.zones) all.set(zone.id, prepared(zone));
        knowZones(got.zones);
        if (!this.state.value.complete) this.#all = all;
        if (page === 1) this.#show({ total, error: null });
      }
      this.#all = all;
      this.#show({ total: all.size, complete: true });
    } catch (error) {
      if (error.name !== 'AbortError') this.#show({ error });
    }
  }

  // take takes over what events say; one that is null says that some were missed.
  async take(events) {
    const ids = new Set(events.map((e) => (e?.resource?.kind === 'zone' ? e.resource.id : null)));
    if (ids.has(null) || ids.size > fewChanges || !this.state.value.complete) return this.load();
    const gone = new Set(events.filter((e) => e.type === 'ZoneDeleted').map((e) => e.resource.id));
    for (const e of events) if (e.type !== 'ZoneDeleted') gone.delete(e.resource.id); // it came back
    for (const id of gone) this.#all.delete(id);
    await Promise.allSettled([...ids].filter((id) => !gone.has(id)).map((id) => this.#take(id)));
    this.#show({ total: this.#all.size });
  }

  async #take(id) {
    try {
      this.#all.set(id, prepared(await get(`/dns/zones/${id}`, {}, { signal: this.#stop.signal })));
    } catch (error) {
      if (error.status === 404 || error.status === 403) this.#all.delete(id);
    }
  }

  close() { this.#stop.abort(); }
}

// viewsOf are the names of a zone's views: the document prints them as ['a', 'b'].
export const viewsOf = (zone) => [...zone.view_name_list.matchAll(/'([^']*)'/g)].map(([, name]) => name);

function prepared(zone) {
  const name = shown(zone.name);
  return { ...zone, shown: name, views: viewsOf(zone), key: place(zone.name), text: `${zone.name} ${name}`.toLowerCase() };
}
