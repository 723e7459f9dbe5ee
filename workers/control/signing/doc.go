// Package signing holds the keys by which agents know the control plane.
//
// Stage in the flow: vault → whatever answers agents (host desk, snapshots, relay) and
// the embedded bus.
//
// Contract: each key set is made of one secret in the vault, which all serve processes
// share: a key that signs what agents are told, and the key of the embedded bus's TLS
// certificate. The public halves of the newest set stand in the credentials that
// enrolment writes, and an agent believes nothing else. The two newest sets are in force,
// as with the keys of tokens: a rotation lets the credentials of the set before live on,
// a second one ends them. No agent ever learns a key over the bus, so that who has stolen
// a key cannot stay. The package does not know what is signed.
package signing
