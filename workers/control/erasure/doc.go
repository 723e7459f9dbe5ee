// Package erasure destroys secrets that have no use any more: the key of a deleted
// user's personal data, and password hashes that were replaced.
//
// Stage in the flow: control plane; events that name such secrets ([access.Erasable]) →
// the vault, from which the eraser deletes the secrets. Data sealed with a deleted key
// cannot be read any more in any copy of the log, while the log's bytes and hashes stay
// as they are.
//
// Contract: the eraser acts on every such event: at once if this process appended it, a
// few seconds later if another did, and again at each start, so that no secret survives a
// crash between an event and its erasure. It must not delete anything that the log does
// not name.
package erasure
