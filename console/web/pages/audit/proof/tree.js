// The hashes of the log's Merkle tree (RFC 6962, section 2.1), by WebCrypto.
import { concat } from './bytes.js';

const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

/** digest returns the SHA-256 of bytes. */
export const digest = sha256;

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

/** leafHash returns the hash of an entry as a leaf of the tree. */
export const leafHash = (entry) => sha256(concat(leafPrefix, entry));

/** nodeHash returns the hash of the node above two others. */
export const nodeHash = (left, right) => sha256(concat(nodePrefix, left, right));

/** split returns the largest power of two below n, which is greater than 1. */
function split(n) {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** rootOf returns the root of the tree over some leaf hashes, of which there is at least one. */
export async function rootOf(leaves) {
  if (leaves.length === 1) return leaves[0];
  const k = split(leaves.length);
  const [left, right] = await Promise.all([rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k))]);
  return nodeHash(left, right);
}

/**
 * Growth is a tree that grows by whole bundles, of a power of two leaves each.
 *
 * 1. `peaks` are the roots of the largest whole subtrees from left to right, each of fewer
 *    bundles than the one before it.
 */
export class Growth {
  constructor() {
    this.peaks = [];
  }

  /** add takes the root of the next whole bundle. */
  async add(root) {
    let peak = { root, bundles: 1 };
    while (this.peaks.length && this.peaks.at(-1).bundles === peak.bundles) {
      const left = this.peaks.pop();
      peak = { root: await nodeHash(left.root, peak.root), bundles: peak.bundles * 2 };
    }
    this.peaks.push(peak);
  }

  /** rootWith returns the root of all that was added and of some leaves behind it, perhaps none. */
  async rootWith(leaves) {
    let root = leaves.length ? await rootOf(leaves) : null;
    for (let i = this.peaks.length - 1; i >= 0; i--) {
      root = root ? await nodeHash(this.peaks[i].root, root) : this.peaks[i].root;
    }
    return root ?? sha256(new Uint8Array());
  }
}

/**
 * includedRoot returns the root that an inclusion proof leads to (RFC 9162, section 2.1.3.2), null
 * for a proof of another length than such a tree has.
 */
export async function includedRoot(leaf, index, size, proof) {
  if (index >= size) return null;
  let [fn, sn, root] = [index, size - 1, leaf];
  for (const hash of proof) {
    if (sn === 0) return null;
    if (fn % 2 === 1 || fn === sn) {
      root = await nodeHash(hash, root);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      root = await nodeHash(root, hash);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 ? root : null;
}

/**
 * continuedRoots returns the roots of two sizes that a consistency proof leads to (RFC 9162, section
 * 2.1.4.2), beginning from the root of the first; null for a proof of another length than
 * such trees have.
 */
export async function continuedRoots(from, to, fromRoot, proof) {
  if (from === to) return proof.length === 0 ? { first: fromRoot, second: fromRoot } : null;
  if (from < 1 || from > to) return null;
  const path = Number.isInteger(Math.log2(from)) ? [fromRoot, ...proof] : proof;
  if (path.length === 0) return null;
  let [fn, sn] = [from - 1, to - 1];
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  let [first, second] = [path[0], path[0]];
  for (const hash of path.slice(1)) {
    if (sn === 0) return null;
    if (fn % 2 === 1 || fn === sn) {
      [first, second] = await Promise.all([nodeHash(hash, first), nodeHash(hash, second)]);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      second = await nodeHash(second, hash);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 ? { first, second } : null;
}

// Positions are above 2³², so that bit operations are of no use.
const half = (n) => Math.floor(n / 2);
