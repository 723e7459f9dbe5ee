// Package workload has many clients do anything that opsledger offers, at random
// and all at the same time, while faults strike; and compares in the end what was
// acknowledged to them with the log, the read models, the read models made anew,
// and what named serves.
//
// A client changes resources of its own. It repeats each write under one
// Idempotency-Key until it is answered for certain, and keeps what was
// acknowledged. What it does now and then is a deed; a new part of opsledger
// brings its deeds in a file of its own, lists them in repertoire, and adds what
// [Workload.Check] is to compare.
//
// It must not know what the faults are.
package workload
