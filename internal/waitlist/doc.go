// Package waitlist keeps those who wait for a position of the log.
//
// Contract: when a position is reached the cost depends on how many waiters are
// woken, not on how many wait. A [List] has no lock of its own: its owner guards
// it with the same lock as the position that the waiters wait for. The package
// must not know what the position stands for.
package waitlist
