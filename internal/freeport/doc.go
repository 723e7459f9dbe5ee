// Package freeport picks ports for servers that must come back on the same one,
// and holds them.
//
// Contract: a port that [Pick] or [Keep] returns is held until it is released or
// the process ends: meanwhile no other Pick or Keep on this host returns it, in
// whatever process, of whatever user. A port is held before it is probed, so a
// probe never meets the server of another port's holder. It lies below the ports
// that the kernel gives to clients, so it stays free while its server is down.
//
// A [Port] must not be asked for where somebody else chose the number, such as one from
// a flag: who chose it may hold it. Such an address is claimed instead, see [Claim].
package freeport
