// Package accessmodel is the read model of the context access: the users, roles and
// privileges, who has held what since when, and the operation log of them.
//
// Stage: the runner of package projections has [Model] apply the events, to tables in
// the schema "access"; api asks its [Reader]. Contract: see projections.Model. The
// privileges that come with resources have no rows: they are computed from
// [rights.Resources]. It must not decide anything.
package accessmodel
