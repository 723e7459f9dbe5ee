// Package access decides about users, their roles and what they may do.
//
// Every other context asks it one question, [Actor.Require]; the answer is made
// of events, so a right that was taken away while a command was being decided
// fails the append.
package access
