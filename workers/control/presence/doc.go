// Package presence knows which hosts live, and gives up those that do not.
//
// Stage in the flow: control side; signs of life from hosts → who is online, with
// last seen; silence and deadlines → commands on the log.
//
// Contract: every serve process listens to all hosts, so each knows all of them.
// A host is given up only by a process that could have heard it: after the
// process's start, or after its own connection was away, silence counts anew.
// What it says about an attempt is a presumption that the host's word settles.
package presence
