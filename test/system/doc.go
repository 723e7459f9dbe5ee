// Package system tries opsledger as a whole: what README promises, and what may go
// wrong on machines (docs/faults.md lists it). The real program runs as
// processes, built with the race detector where the tests have it, and is driven
// from outside, by what packages deployment and workload offer.
//
// To add a fault:
//   - One that can be told in a few steps is a test in a file of its own, named for
//     what it tries. Start what it needs from package deployment, which also has
//     the ways to kill, freeze and cut; wait by a signal (a channel, /v1/changes,
//     AwaitEnd of a task), and by testkit.Eventually only where there is none; want
//     [deployment.Log.SameAsReplay] in the end.
//   - One that must not matter to anybody, whatever they do meanwhile, is a
//     [workload.Fault]: make it a method of [deployment.Site] and list it in TestSoak.
//
// To add what clients do, see package workload.
//
// Contract: nothing is slept for but where the length of time is the fault;
// nothing absent is proved by waiting. A test that needs an unexported part of the
// program belongs beside that part.
package system
