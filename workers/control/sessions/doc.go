// Package sessions gives each agent's session to one process: of several processes with
// one agent's credentials, such as on two machines that the file was copied to, one gets
// orders.
//
// Stage in the flow: control plane; questions of agents → who has the session, for them
// and for the APIs.
//
// Contract: every serve process answers, from rows that all share, by the database's
// clock. The answer is signed. The package knows nothing of what orders are: an agent
// that has no session takes none, see package workers/agents/session.
package sessions
