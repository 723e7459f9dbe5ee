// Package ddns speaks DNS with those who change and copy zones: updates (RFC 2136), transfers
// (AXFR, RFC 5936; IXFR, RFC 1995), NOTIFY (RFC 1996) and the questions for SOA and NS by which
// such programs find the zone, signed by TSIG (RFC 8945) with the credentials of package identity.
//
// Stage in the flow: a door beside api. An update becomes one command, which the store decides
// with the same rights, bounds and idempotency as a request of HTTP; what a zone serves comes from
// the read model, and the differences of IXFR from the log. Contract: whoever has not signed costs
// little and learns what a name server would tell that address; every answer to a message that can be
// read and was signed well is signed. It must not decide anything by itself, or write to the log by
// another way than a command.
package ddns
