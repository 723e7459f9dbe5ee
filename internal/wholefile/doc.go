// Package wholefile puts files in place whole.
//
// Contract: after a crash at any moment a path has its old contents or its new
// ones, and the new ones if the call had returned. It is for small files in
// folders that nobody else may write to: where a stranger may, work with directory
// handles instead (workers/sshkeys, workers/executor/files).
package wholefile
