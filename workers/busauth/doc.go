// Package busauth decides which agents may connect to the bus, and what they may
// say and hear there.
//
// Stage in the flow: the embedded NATS server asks it for every client that
// connects; `opsledger agent enroll` writes the credentials that it accepts.
//
// Contract: an agent's password follows from a key in the vault, the server's id
// and the enrolment, so that nothing is stored and a new enrolment ends the old
// password. An agent may pull and reset its own consumer, report, ask for
// snapshots and secrets, and answer what the control plane asks: nothing else,
// and nothing of another agent. Permissions alone do not achieve this, since a
// client may name any reply subject: agents must live in an account of their
// own, see [Isolate].
package busauth
