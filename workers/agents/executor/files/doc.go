// Package files exchanges files in a folder: all that were asked for, or none,
// whatever happens meanwhile, and so that it can be taken back exactly.
//
// Stage in the flow: the executor's update and its revert both become a Plan.
// The plan is written to the journal, then carried out: new contents are staged
// beside their targets, made durable, and renamed into place. What was there
// before is kept in a Store by its digest.
//
// Contract: no path leads out of the folder; a file that somebody changed since
// the plan was made is never overwritten; after a crash Settle brings the folder
// to the state before or after the plan. It must not know the journal, what the
// files are for, or where they come from.
package files
