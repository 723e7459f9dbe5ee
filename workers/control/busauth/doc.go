// Package busauth is the access control of the bus: who may connect, and what they may
// publish and subscribe to.
//
// Stage in the flow: serve runs the embedded NATS server with the accounts of this
// package, or pushes them to an outside cluster; `opsledger agent enroll` writes the
// credentials of an agent, `opsledger nats-config` the configuration that an outside
// cluster needs.
//
// Contract: NATS in decentralised JWT mode. All keys are derived from one secret in the
// vault, and an agent's key also from its enrolment, so that no key is stored and a new
// enrolment ends the old credentials. Agents are in an account of their own, which
// imports only the few services that they need: permissions alone would not confine them,
// since a client may name any reply subject (see accounts.go). The scope of the key that
// signed an agent's credentials limits it to subjects with its own id. Credentials also
// have what an agent verifies the control plane and its bus by, see package signing and
// secure.go. Withdrawing an agent revokes its credentials on every server at once.
package busauth
