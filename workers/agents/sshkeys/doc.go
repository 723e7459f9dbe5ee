// Package sshkeys keeps public keys in the authorized_keys files of a host's accounts.
//
// Stage in the flow: the agent's bus end hands over which keys an account shall
// have (Set); Check repairs what somebody changed since.
//
// Contract: only a marked block of the file is ours, and everything else in it
// stays as it is, byte for byte. A file is replaced whole, and all work in a home
// is done with the rights of its owner, who may put links there that lead anywhere.
// What was asked for last is kept on the disk, so that it is repaired, or removed,
// also by an agent that was restarted in between.
//
// It must not know the bus, nor whose keys they are.
package sshkeys
