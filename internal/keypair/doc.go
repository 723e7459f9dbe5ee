// Package keypair is a server's certificate and private key as two files have them,
// also after somebody has replaced the files.
//
// Stage in the flow: cmd opens a pair and gives its [Pair.Config] to the HTTP server;
// a service of the process looks after the files.
//
// Contract: a handshake never reads a file. What does not fit together never takes
// the place of what serves.
//
// It must not know what is served.
package keypair
