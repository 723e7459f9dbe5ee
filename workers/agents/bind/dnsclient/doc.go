// Package wire sends signed DNS messages to one named over TCP: updates,
// queries and zone transfers.
//
// Contract: every message is signed by itself with the key of the view it is
// for, and a reply counts only when its signature answers that message's: what
// comes back is from that view and from nowhere else.
package dnsclient
