// Package namedconf reads named.conf with all that it includes, as named of BIND 9.18 does.
//
// Stage: the first half of an import of a whole BIND; package movein says what the statements mean.
// Contract: each statement is known by its file and line; a text that named would not read is an
// error that names them. Files below a root are read below it whatever links and dots they hold,
// what is read is bounded, and reading ends.
//
// It must not know what statements mean, but for include, and for directory, from which files are named.
// The reader of clients' configurations (package dns) takes less, on purpose.
package namedconf
