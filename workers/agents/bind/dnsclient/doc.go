// Package dnsclient sends signed DNS messages to one named over TCP: updates,
// queries and zone transfers.
//
// Contract: every message is signed by itself with the key of its view, and a
// reply counts only if its signature covers that of the message: so a reply is
// from that view and from nowhere else.
package dnsclient
