// Package zonedata says what a zone serves in a view at a position: the records of the log,
// and what is generated beside them, which are the SOA, the NS set of a zone without apex NS
// of its own, and addresses of name servers inside the zone that have none.
//
// Stage: the engine on a name server's host and the read model of the control plane know a
// zone's records, each in its own way. Both have what is generated from here, and so serve
// and show the same. What events would change of it, for dry runs, is found here, too: an
// [Outline] of the change, then an [Edit] of each zone whose records stay, or an [Overlay] over
// those of one that is written as a whole. Contract: all of it is pure, and costs what the apex
// and the events cost, whatever the zone's size. It must not read or write anything.
package zonedata
