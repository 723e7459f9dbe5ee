// Package wholefile replaces files as a whole.
//
// Contract: after a crash at any moment a path has its old contents or its new
// ones, and the new ones if the call had returned. The package is for small files
// in folders that nobody else may write to. Where a stranger may write, use
// directory handles instead (workers/agents/sshkeys,
// workers/agents/executor/files).
package wholefile
