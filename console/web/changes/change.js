// The way of every change: proposed, previewed by a dry run, applied, and followed until it is live.
import { ApiError, request } from '../kernel/http.js';
import { signal } from '../kernel/signal.js';
import { t } from '../kernel/text.js';
import { toast } from '../ui/toast.js';
import { follow } from './live.js';

// proposal is what is previewed, null for nothing:
//   title, write { method, path, query, body, type, etag }
//   stage    'deciding' | 'ready' | 'refused' | 'applying'
//   preview  { diff, servers, config, events, warnings }, error (an ApiError)
//   applied(reply), conflict(error), current() (whether what the change is made from is still so)
//
// Invariants:
//  1. Nothing is applied that was not previewed as it is.
//  2. One change is previewed at a time; what comes of an earlier one is dropped.
export const proposal = signal(null);

// propose previews a write. applied is called with the reply once it is carried out; conflict, with the refusal,
// may return what explains it: { rows, by, again(): the write to propose instead }.
export async function propose(change) {
  const own = { ...change, stage: 'deciding', preview: null, error: null, explained: null };
  proposal.value = own;
  await decide(own);
}

async function decide(own) {
  try {
    const reply = await send(own.write, true);
    if (proposal.value !== own) return;
    proposal.value = { ...own, stage: 'ready', preview: { ...reply.data, warnings: reply.warnings } };
  } catch (error) {
    await refuse(own, error);
  }
}

// apply carries out what was previewed.
export async function apply() {
  const own = proposal.value;
  if (own?.stage !== 'ready') return;
  const applying = { ...own, stage: 'applying' };
  proposal.value = applying;
  const began = performance.now();
  try {
    if (own.current && !(await own.current())) return outdated();
    const reply = await send(own.write, false);
    if (proposal.value === applying) proposal.value = null;
    if (reply.position) follow({ position: reply.position, title: own.title, began, undoable: own.undoable ?? true });
    own.applied?.(reply);
  } catch (error) {
    await refuse(applying, error);
  }
}

async function refuse(own, error) {
  if (!(error instanceof ApiError)) {
    if (proposal.value === own) proposal.value = null;
    throw error;
  }
  const explained = (await own.conflict?.(error)) ?? null;
  if (proposal.value === own) proposal.value = { ...own, stage: 'refused', error, explained };
}

// withdraw forgets what is previewed; what is being applied goes on.
export function withdraw() {
  if (proposal.value?.stage !== 'applying') proposal.value = null;
}

function outdated() {
  proposal.value = null;
  toast(t('changes.conflict'), { kind: 'bad' });
}

// send sends a write, or asks what it would do.
export function send({ method, path, query, body, type, etag }, dry, options = {}) {
  return request(method, path, { query, body, type, dry, headers: etag ? { 'If-Match': etag } : {}, ...options });
}
