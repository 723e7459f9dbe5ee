// Package sshkeys keeps public keys in the authorized_keys files of a host's accounts.
//
// Stage in the flow: package host hands over the keys that an account is to have (Set);
// Check repairs files that somebody changed since.
//
// Contract: only a marked block of the file is ours, and everything else in it
// stays as it is, byte for byte. A file is replaced whole, and all work in a home
// is done with the rights of its owner, who could put links there that lead anywhere.
// The keys that were asked for last are kept on the disk, so that an agent that was
// restarted still repairs or removes them.
//
// The package must not know the bus, nor whose keys they are.
package sshkeys
