// Package api is the kernel of the REST API: what every route has in common,
// whatever dialect it speaks. A dialect is a package beside the kernel (dnsapi,
// adminapi, opsapi, v1) that lists its routes as data; package rest puts them together.
//
// Stage in the flow: a read answers from the read models alone. A write passes
// three stages, each once and in this order (write.go): parse makes a [Request] of
// what was sent, append makes a command of it that the store decides on the log,
// and answer replies once the read models have applied what was appended.
//
// Contract: rights, limits, repeats under an Idempotency-Key, versions, positions
// and errors are the same for every route. Every error passes through one map
// (errors.go), is worded by the dialect of its route, and is logged once, by the
// access log.
//
// It must not decide anything about the domain, write to a read model, import
// workers, or know a dialect.
package api
