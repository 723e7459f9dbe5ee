// Package files exchanges files in a folder: all files of a plan or none, whatever
// happens meanwhile, and so that the exchange can be undone exactly.
//
// Stage in the flow: the executor's update and its revert both become a Plan.
// The executor writes the plan to its journal and then carries it out: new contents
// are staged beside their targets, made durable, and renamed into place. The contents
// that they replace are kept in a Store by their digests.
//
// Contract: no path leads out of the folder; a file that somebody changed since
// the plan was made is never overwritten; after a crash Recover brings the folder
// to the state before or after the plan. The package must not know the journal, what the
// files are for, or where they come from.
package files
