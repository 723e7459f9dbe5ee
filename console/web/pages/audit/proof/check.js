// What the page of proof does: it reads the log's tiles and computes their tree anew.
import { concat, equal, fromBase64 } from './bytes.js';
import { BadNote, parseCheckpoint, parseKey, signedBy } from './note.js';
import { Growth, continuedRoots, digest, includedRoot, leafHash, rootOf } from './tree.js';

/** How many entries a bundle has, and hashes a tile. */
const width = 256;
const entryBytes = 40;
const decoder = new TextDecoder();

/** tilePath returns the path of a tile below /v1/log; `have` is how many hashes it has. */
export function tilePath(level, n, have) {
  const digits = String(n).padStart(Math.ceil(String(n).length / 3) * 3, '0').match(/.../g);
  const number = digits.map((d, i) => (i < digits.length - 1 ? `x${d}` : d)).join('/');
  return `tile/${level}/${number}${have < width ? `.p/${have}` : ''}`;
}

/** Wrong is what a check found: `code` names it, `position` is the first event concerned, if one is. */
export class Wrong extends Error {
  constructor(code, position) {
    super(code);
    this.code = code;
    this.position = position;
  }
}

/**
 * newest returns the newest checkpoint, whose signature holds, and the key that signed it. With a key that
 * the user kept the chain from it to the key in force is walked: each next key is vouched for by a
 * checkpoint that the key before signed.
 */
export async function newest(read, keptKey) {
  const [note, listed] = [await read('checkpoint', 'text'), await read('keys', 'json')];
  const checkpoint = parseCheckpoint(note);
  const trusted = keptKey ? await parseKey(keptKey) : await parseKey(listed.keys.at(-1).key);
  const key = await keyInForce(trusted, listed.keys);
  if (!(await signedBy(checkpoint, key))) throw new Wrong('signature');
  return { checkpoint, key, trusted };
}

async function keyInForce(trusted, listed) {
  let key = null;
  for (const next of listed) {
    const parsed = await parseKey(next.key);
    if (parsed.text === trusted.text) {
      key = parsed;
    } else if (key) {
      if (!next.checkpoint || !(await signedBy(parseCheckpoint(next.checkpoint), key))) throw new Wrong('key-chain');
      key = parsed;
    }
  }
  if (!key) throw new Wrong('key-unknown');
  return key;
}

/** continues proves that the newest checkpoint's tree begins with that of a kept one. */
export async function continues(read, kept, checkpoint) {
  if (kept.origin !== checkpoint.origin) throw new Wrong('origin');
  if (kept.size > checkpoint.size) throw new Wrong('shorter');
  if (kept.size === 0) return;
  if (kept.size === checkpoint.size) {
    if (!equal(kept.root, checkpoint.root)) throw new Wrong('kept');
    return;
  }
  const proof = await read(`proof?from=${kept.size}&to=${checkpoint.size}`, 'json');
  const roots = await continuedRoots(kept.size, checkpoint.size, kept.root, proof.hashes.map(fromBase64));
  if (!roots || !equal(roots.first, kept.root) || !equal(roots.second, checkpoint.root)) throw new Wrong('kept');
}

/**
 * wholeTree reads every entry and every tile of level 0, and computes the tree over them: its root must be that of the
 * checkpoint, and where it has as many leaves as the kept checkpoint, that one's. `progress` hears
 * how many entries were read.
 */
export async function wholeTree(read, checkpoint, kept, progress, signal) {
  const growth = new Growth();
  const bundles = Math.ceil(checkpoint.size / width);
  const ahead = readAhead(bundles, (n) => readBundle(read, n, Math.min(width, checkpoint.size - n * width)));
  let tail = [];
  for (let n = 0; n < bundles; n++) {
    signal?.throwIfAborted();
    const leaves = await ahead(n);
    await comparedWithKept(kept, growth, n, leaves);
    if (leaves.length === width) await growth.add(await rootOf(leaves));
    else tail = leaves;
    progress(n * width + leaves.length);
  }
  if (!equal(await growth.rootWith(tail), checkpoint.root)) throw new Wrong('root');
}

async function comparedWithKept(kept, growth, n, leaves) {
  const here = kept ? kept.size - n * width : 0;
  if (here <= 0 || here > leaves.length) return;
  if (!equal(await growth.rootWith(leaves.slice(0, here)), kept.root)) throw new Wrong('kept');
}

/** readAhead has a few bundles under way while one is computed with. */
function readAhead(count, load) {
  const underWay = new Map();
  return (n) => {
    for (let i = n; i < Math.min(n + 4, count); i++) {
      if (!underWay.has(i)) {
        const promise = load(i);
        promise.catch(() => {});
        underWay.set(i, promise);
      }
    }
    const wanted = underWay.get(n);
    underWay.delete(n);
    return wanted;
  };
}

/** readBundle returns the leaf hashes of a bundle, of whose entries each fits its place and its tile. */
async function readBundle(read, n, have) {
  const [bundle, tile] = await Promise.all([read(tilePath('entries', n, have), 'bytes'), read(tilePath(0, n, have), 'bytes')]);
  const entries = entriesOf(bundle, have, n);
  const leaves = await Promise.all(entries.map(leafHash));
  leaves.forEach((leaf, i) => {
    const position = n * width + i + 1;
    if (positionOf(entries[i]) !== position) throw new Wrong('place', position);
    if (!equal(leaf, tile.slice(i * 32, i * 32 + 32))) throw new Wrong('entry', position);
  });
  return leaves;
}

function entriesOf(bundle, have, n) {
  const each = 2 + entryBytes;
  if (bundle.length !== have * each) throw new Wrong('bundle', n * width + 1);
  return Array.from({ length: have }, (_, i) => bundle.slice(i * each + 2, (i + 1) * each));
}

const positionOf = (entry) => Number(new DataView(entry.buffer, entry.byteOffset).getBigUint64(0));

/**
 * oneEvent proves that an event is in the tree of a checkpoint: it hashes the event's encoding, and walks
 * the inclusion proof. It returns the encoding's readable part.
 */
export async function oneEvent(read, checkpoint, position) {
  if (position > checkpoint.size) throw new Wrong('uncovered', position);
  const encoding = await read(`events/${position}`, 'bytes');
  const entry = concat(bigEndian(position), await digest(encoding));
  const proof = await read(`proof?position=${position}&size=${checkpoint.size}`, 'json');
  const root = await includedRoot(await leafHash(entry), position - 1, checkpoint.size, proof.hashes.map(fromBase64));
  if (!root || !equal(root, checkpoint.root)) throw new Wrong('event', position);
  return { bytes: encoding.length, said: decoder.decode(encoding.slice(0, 18)) };
}

function bigEndian(n) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(n));
  return bytes;
}

export { BadNote, parseCheckpoint, parseKey };
