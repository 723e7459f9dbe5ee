// Package presence knows which hosts are online, and gives up attempts of hosts that
// are not.
//
// Stage in the flow: control plane; heartbeats of hosts → who is online and when each
// was last seen; silence and deadlines → commands.
//
// Contract: every serve process receives the heartbeats of all hosts. A process gives a
// host up only if it could have received its heartbeats: a host's silence counts from
// the process's start and from the last loss of its connection. The end of an attempt is
// only presumed; the host's own report replaces it.
package presence
