// Package movein says what of a BIND's configuration an opsledger takes.
//
// Stage: package namedconf reads the statements; here they become a plan of views, zones and a main
// configuration, which the command line carries out through the API; and the zones' files become
// master files of one form. Contract: what is not taken, and what means something else here, is told by
// file and line, and nothing is passed over. A list of addresses that cannot be taken as it is becomes
// narrower, and never wider; and so does what a zone or a view restricts for itself.
//
// It must not ask the API, and decides nothing that commands decide.
package movein
