// Package transfer takes a zone from a name server by AXFR (RFC 5936), as a master file.
//
// Stage: the command line asks a name server here, and sends the file to an opsledger as it sends
// one from disk. Contract: what comes is the whole zone, from its SOA to the same SOA, each message
// signed where a key was given; or an error, and no file. What the server says is bounded in octets.
//
// It must not know what becomes of the file.
package transfer
