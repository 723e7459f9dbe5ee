// Package publicdial connects to addresses that users name, and to none that only this machine or
// its network can reach.
//
// Stage in the flow: below whoever sends something to an address that somebody from outside chose,
// such as webhooks.
//
// Contract: what decides is the address of the very connection, when it is made: not the name that
// was resolved to it, nor how it was written, nor what an earlier resolution said. What is special
// is refused, unless who runs the program allows it. It must not know what is sent.
package publicdial
