// Package plainjson reads the JSON that encoding/json itself writes, in one
// scan and several times faster than encoding/json reads it.
//
// Stage in the flow: a replay of the log decodes every event ([Form], for
// package domain), a follower of the stream every message ([Reader], for package
// eventstore), and a batch comes apart into tens of thousands of members
// ([EndOfValue], for package api). All three would otherwise wait for JSON.
//
// Contract: it never guesses. What it does not know (white space, an escape,
// another order, a number out of range) it declines, and encoding/json decides;
// what it does not decline, encoding/json reads as the same value.
package plainjson
