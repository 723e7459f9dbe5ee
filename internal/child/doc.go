// Package child runs the programs that opsledger keeps privately: PostgreSQL,
// named and their tools. A child dies with its parent, also when the parent is
// killed, unless it is to outlive the parent (outlive.go); it runs without root's
// powers when the parent is root, and gets nothing of
// the parent's environment but a few variables (Environment).
//
// It must not know what it runs. Linux only.
package child
