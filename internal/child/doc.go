// Package child runs the programs that opsledger keeps privately: PostgreSQL,
// named and their tools. A child dies with its parent, also when the parent is
// killed, and runs without root's powers when the parent is root.
//
// It must not know what it runs. Linux only.
package child
