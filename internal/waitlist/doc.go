// Package waitlist keeps who waits for a position of the log.
//
// Contract: telling that a position is reached costs by those who are woken, not
// by those who wait. A [List] is no safer than a slice: its owner's lock guards it,
// together with the position that it is about. It must not know what is waited for.
package waitlist
