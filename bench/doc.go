// Package bench measures opsledger, each figure next to a baseline from the same
// run, since machines differ and are shared. `opsledger-bench <case>` runs it.
//
// Stage in the flow: none. It drives the other packages as a process would, on a
// PostgreSQL of its own that syncs to disk as in production.
//
// A case is a [Case]: a name, flags, and a Run that gets an [Env] and hands its
// results to [Env.Print], one [Line] for each set of parameters. To add one,
// write a function that returns it, with the flags' values in its closure, and
// list it in [Cases]:
//
//	func Blank() Case {
//		var c blank
//		return Case{
//			Name: "blank", Usage: "what it measures against what",
//			Flags: []cli.Flag{&cli.IntFlag{Name: "rounds", Value: 3, Destination: &c.rounds}},
//			Tiny:  []string{"--rounds", "1"},
//			Run:   c.run,
//		}
//	}
//
// What a run needs, it takes from its Env: [Env.Database] is a fresh, migrated
// database, [Env.Dir] a folder that goes with the run, [Env.Program] the file of
// opsledger for cases that start it, and [Env.Defer] undoes things in reverse
// order, [Env.Within] those of a part of a case. [Env.Note] tells the machine line
// of another program's version. [Latencies] gives percentiles; [AB] alternates two
// measurements.
//
// The product does not import it (cmd/opsledger/imports_test.go).
//
// Contract: a case prints what it measured and judges nothing; tests run every
// case with its Tiny arguments and assert no time. A case must leave nothing
// behind: no process, no database, no file.
package bench
