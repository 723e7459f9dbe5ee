// Package erasure destroys the secrets that the log has left without a use: the
// key of a deleted user's personal data, and password hashes that were replaced.
//
// Stage in the flow: it follows the events that name such secrets
// ([access.Erasable]) and deletes these from the vault. What is sealed with a key
// is then unreadable in every copy of the log, whose bytes and hashes stay as they are.
//
// Contract: every such event is acted upon, soon after it was appended by this
// process or a little later for one of another, and again at each start: a crash
// between an event and its erasure leaves nothing behind.
//
// It must not delete anything that the log does not name.
package erasure
