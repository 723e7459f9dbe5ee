// Package translog is the transparency log over the log: a Merkle tree whose leaves are the
// hashes of the events, and checkpoints, which are its roots, signed. Who keeps a checkpoint
// can prove later that nothing before it was changed, left out or put in.
//
// Stage in the flow: behind the log, beside the read models. A [Publisher] reads the events in
// order, appends their hashes to tiles in PostgreSQL and signs what it has once a second. A
// [Reader] gives out checkpoints, tiles and proofs. Package verify checks all of it.
//
// Contract: the forms are those of C2SP (tlog-tiles, tlog-checkpoint, signed-note,
// tlog-cosignature, tlog-witness) over RFC 6962; docs/proof.md has what an entry is. No
// checkpoint is signed that contradicts an earlier one, whatever happened to the database, and
// none ends inside a change. All but signatures and keys can be computed again from the log.
//
// It must not append to the log, and the log's writer knows nothing of it: a Publisher that
// stands still delays nobody.
package translog
