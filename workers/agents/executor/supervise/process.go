package supervise

import (
	"os"
)

// Process is a program that runs.
type Process struct {
	// Stdout and Stderr end when the whole tree of processes has ended.
	Stdout, Stderr *os.File
	// Leader is the program, which leads a process group; Supervisor watches it.
	Leader, Supervisor Mark

	station *station
}

// Terminate sends SIGTERM to the whole tree.
func (p *Process) Terminate() { p.order(orderTerminate) }

// Kill sends SIGKILL to the whole tree.
func (p *Process) Kill() { p.order(orderKill) }

// order is dropped when the supervisor has ended: so has the program.
func (p *Process) order(word string) { _, _ = p.station.control.WriteString(word + "\n") }

// Wait returns when the program and all below it have ended. It does not close
// Stdout and Stderr, see Release.
func (p *Process) Wait() End {
	var last event
	err := p.station.events.Decode(&last)
	_ = p.station.cmd.Wait() // it said what there is to say
	if err != nil || last.End == nil {
		return End{Code: -1, Lost: true}
	}
	return *last.End
}

// Release closes the pipes, after Wait.
func (p *Process) Release() { p.station.close() }
