// Package interop tries the real programs that change, read and copy zones against the real
// opsledger: ACME clients with an ACME server, external-dns, dnscontrol, DHCP, secondaries.
//
// It has tests alone, behind the build tag interop: `make interop` installs the programs that
// can be had (scripts/interop.sh), runs them, and prints what each did. Contract: each program
// is configured as docs/integrations.md says; all of it is on loopback. What a program shows to
// be wrong here gets a test in the package that is wrong: these run by hand.
package interop
