// Package identity knows who somebody is: accounts, passwords, tokens and the
// keys that sign these, the directory, and how often a login may fail.
//
// Stage in the flow: package api hands in what a client presents (a name and a
// password, or a token) and gets a [User] back, whose rights it then asks for.
// What changes an account is a command like any other; this package prepares
// what such a command holds, since secrets and personal data go to the vault and
// the log has only their ids.
//
// Contract: users are read from the log, never from a read model, so that a
// token ends everywhere within [usersCheck] of what ended it. A refused login
// tells nobody why: the cause is for the log alone, and every refusal takes as long.
//
// It must not know HTTP, nor which dialect is asked: whoever comes to the control
// plane has the same accounts and meets the same throttles.
package identity
