// Package program is what the programs of this module have in common as
// processes: how one begins and ends, how it reads its command line, what it logs
// with, and how it treats memory.
//
// Contract: [Main] never returns. A program says what went wrong once, in one
// line, on standard error.
//
// It must not know what the programs do.
package program
