// Package logfile is the log as a file: a line of JSON for each event, with all of its columns by
// name and its data byte for byte, between a line that says what log it is and a line with
// the checkpoint that covers all of them.
//
// Stage in the flow: the database's tables → a file → who checks it, without the database.
//
// Contract: what [Write] has written to its end can be checked by package verify. A file
// whose name ends in .zst is compressed, and is recognized by its first bytes.
//
// It must not judge what it reads.
package logfile
