// Package directory checks names and passwords against an LDAP directory.
//
// Stage in the flow: api asks it at a login and, before a local account is made,
// whether a name is taken there. It answers who somebody is; what they may do is
// no question for a directory here.
//
// Contract: an answer comes from a directory server or is [ErrUnavailable].
// Passwords travel under TLS (unless the operator allowed otherwise or the
// server is on this machine) and are neither kept nor logged. Each question
// opens a connection of its own and closes it; nothing runs in between.
//
// It must not know users, tokens or the log.
package directory
