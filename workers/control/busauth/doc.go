// Package busauth is the trust on the bus: who may connect, and what they may say
// and hear there.
//
// Stage in the flow: serve runs the embedded NATS server with what it says, or
// keeps an outside cluster up to date with it; `opsledger agent enroll` writes the
// credentials of an agent, `opsledger nats-config` what an outside cluster needs.
//
// Contract: NATS in decentralised JWT mode. All keys follow from one secret in
// the vault, an agent's from its enrolment, too, so nothing is stored and a new
// enrolment ends the old credentials. Agents live in an account of their own and
// import nothing but the few services they need: permissions alone would not hold
// them, since a client may name any reply subject (accounts.go says more). What
// each may use of these is bound to its id by the scope of the key that signed
// its credentials. Withdrawing an agent revokes them on every server at once.
package busauth
