// Package rights is the rule of domain/access for ACCESS in SQL: which servers,
// zones and records a caller may see in lists.
//
// Stage: between the tables and the models' Readers. Contract: a resource is let
// through if and only if [access.Actor.May] says so of the same state; a test
// compares the two on random histories. Rights are those of now, at whatever moment
// a list is of. Nothing else in SQL decides who may see what. Without a caller
// nothing is let through: the zero [Caller] has no rights.
//
// It spans two models: who holds what stands in the schema "access", what there is
// in "dns". [Resources] is the table that they meet in.
package rights
