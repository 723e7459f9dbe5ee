package supervise

import (
	"os"
)

// Process is a program that runs.
type Process struct {
	// Stdout and Stderr end when the whole tree of processes has ended.
	Stdout, Stderr *os.File
	// Leader is the program, which leads a process group; Supervisor is its supervisor.
	// Leader is zero if the supervisor died before it could name the program.
	Leader, Supervisor Identity

	handle *handle
}

// Terminate sends SIGTERM to the whole tree.
func (p *Process) Terminate() { p.order(orderTerminate) }

// Kill sends SIGKILL to the whole tree.
func (p *Process) Kill() { p.order(orderKill) }

// order is dropped if the supervisor has ended, since the program has, too.
func (p *Process) order(word string) { _, _ = p.handle.control.WriteString(word + "\n") }

// Wait returns when the program and all below it have ended. It does not close
// Stdout and Stderr, see Release.
func (p *Process) Wait() End {
	var last event
	err := p.handle.events.Decode(&last)
	_ = p.handle.cmd.Wait() // its last event says more than its exit code
	if err != nil || last.End == nil {
		return End{Code: -1, Lost: true}
	}
	return *last.End
}

// Release closes the pipes, after Wait.
func (p *Process) Release() { p.handle.close() }
