// Package api serves opsledger over HTTP: the DNS dialect (/auth, /dns, /admin),
// the operations dialect (/api, in the files ops_*.go), /v1, and the operational
// endpoints. Both dialects are one server: the same users, tokens, writes and
// errors, which each words in its own form.
//
// Stage in the flow: a request becomes typed input, input becomes a command,
// the command goes to the event store, and the reply waits until the read
// models have applied what the command appended. Reads come from the read
// models alone.
//
// Contract: paths, keys, statuses and texts are those of the API documents;
// the choices made where these are silent are written down in openapi.yaml,
// which the package serves. Every error passes through one map (errors.go) and
// is logged once, by the access log.
//
// It must not decide anything about the domain, write to a read model, or
// import workers.
package api
