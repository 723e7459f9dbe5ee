// Package dnsmodel is the read model of the context dns: the servers, views, zones,
// records and BIND configuration, and the operation log of them.
//
// Stage: the runner of package projections has [Model] apply the events, to tables in
// the schema "dns"; api and the workers ask its [Reader]. Contract: see
// projections.Model; whom a list is read for decides what it shows, see package
// rights. It must not decide anything.
package dnsmodel
