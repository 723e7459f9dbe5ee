// Checkpoints and the keys that sign them: C2SP tlog-checkpoint, signed-note.
import { concat, equal, fromBase64, toHex } from './bytes.js';
import { digest } from './tree.js';

const encoder = new TextEncoder();
const ed25519 = 1;

/** BadNote says what is wrong with a text that should be a checkpoint or a key; `code` names it. */
export class BadNote extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/**
 * parseCheckpoint reads a checkpoint: `{origin, size, root, text, signatures: [{name, id, bytes}]}`. `text`
 * is what is signed.
 */
export function parseCheckpoint(note) {
  const at = note.indexOf('\n\n');
  if (at < 0) throw new BadNote('no-checkpoint');
  const text = note.slice(0, at + 1);
  const [origin, size, root] = text.split('\n');
  if (!origin || !/^(0|[1-9][0-9]{0,15})$/.test(size ?? '')) throw new BadNote('no-checkpoint');
  return { origin, size: Number(size), root: hashOf(root), text, signatures: signaturesOf(note.slice(at + 2)), note };
}

function hashOf(root) {
  const bytes = decoded(root ?? '', 'no-checkpoint');
  if (bytes.length !== 32) throw new BadNote('no-checkpoint');
  return bytes;
}

function decoded(text, code) {
  try {
    return fromBase64(text);
  } catch {
    throw new BadNote(code);
  }
}

function signaturesOf(lines) {
  return lines.split('\n').filter((l) => l !== '').map((line) => {
    const parts = /^— (\S+) (\S+)$/.exec(line);
    if (!parts) throw new BadNote('no-checkpoint');
    const bytes = decoded(parts[2], 'no-checkpoint');
    return { name: parts[1], id: toHex(bytes.slice(0, 4)), bytes: bytes.slice(4) };
  });
}

/** parseKey reads a verifier key: `{name, id, bytes}`. */
export async function parseKey(text) {
  const parts = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text.trim());
  if (!parts) throw new BadNote('no-key');
  const [, name, id, coded] = parts;
  const key = decoded(coded, 'no-key');
  if (key[0] !== ed25519 || key.length !== 33) throw new BadNote('no-key');
  const hash = await digest(concat(encoder.encode(`${name}\n`), key));
  if (!equal(hash.slice(0, 4), Uint8Array.from(id.match(/../g), (h) => parseInt(h, 16)))) throw new BadNote('no-key');
  return { name, id, bytes: key.slice(1), text: text.trim() };
}

/** signedBy says whether a checkpoint bears a good signature of a key. */
export async function signedBy(checkpoint, key) {
  const imported = await crypto.subtle.importKey('raw', key.bytes, 'Ed25519', false, ['verify']);
  for (const s of checkpoint.signatures.filter((x) => x.name === key.name && x.id === key.id)) {
    if (await crypto.subtle.verify('Ed25519', imported, s.bytes, encoder.encode(checkpoint.text))) return true;
  }
  return false;
}
