// Reads the log's tiles as they are.

const takes = { text: (r) => r.text(), json: (r) => r.json(), bytes: async (r) => new Uint8Array(await r.arrayBuffer()) };

/** Seconds after which a server that makes too many entries already is asked again. */
const pause = 1;

/** readLog returns read(path, form), which reads a path below /v1/log as 'text', 'json' or 'bytes'. */
export function readLog(signal) {
  return async (path, form) => {
    for (;;) {
      const response = await fetch(`/v1/log/${path}`, { credentials: 'same-origin', signal });
      if (response.ok) return takes[form](response);
      if (response.status !== 503) throw new Error(await reasonOf(response));
      await new Promise((resolve) => { setTimeout(resolve, 1000 * pause); });
    }
  };
}

async function reasonOf(response) {
  try {
    const body = await response.json();
    return body.error ?? body.message;
  } catch {
    return `HTTP ${response.status}`;
  }
}
