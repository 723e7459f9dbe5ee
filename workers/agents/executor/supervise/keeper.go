package supervise

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// ErrClosed is returned by Start after Close.
var ErrClosed = errors.New("supervise: closed")

// Keeper starts programs. It keeps one supervisor ready, since starting one
// takes longer than starting most programs.
type Keeper struct {
	command []string

	mu     sync.Mutex
	spare  *station
	closed bool
	filled sync.WaitGroup
}

// NewKeeper returns a keeper whose supervisors are started by the command (a
// path and its arguments), which must do nothing but call Main.
func NewKeeper(command []string) *Keeper {
	k := &Keeper{command: command}
	k.refill()
	return k
}

// Start runs a program and returns when it has been started. The caller reads
// Stdout and Stderr to their ends and calls Wait.
func (k *Keeper) Start(spec Spec) (*Process, error) {
	st, err := k.take()
	if err != nil {
		return nil, err
	}
	defer k.refill()
	p, err := st.start(spec)
	if err != nil {
		st.dismiss()
		return nil, err
	}
	return p, nil
}

// Close ends the spare supervisor. Programs that run are their owners' to end.
func (k *Keeper) Close() {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	k.filled.Wait()
	if k.spare != nil {
		k.spare.dismiss()
	}
}

func (k *Keeper) take() (*station, error) {
	k.mu.Lock()
	st, closed := k.spare, k.closed
	if !closed {
		k.spare = nil
	}
	k.mu.Unlock()
	if closed {
		return nil, ErrClosed
	}
	if st != nil && st.mark.alive() {
		return st, nil
	}
	if st != nil {
		st.dismiss()
	}
	return open(k.command)
}

// refill makes a spare supervisor in the background; without one the next Start
// makes its own and returns the error.
func (k *Keeper) refill() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed || k.spare != nil {
		return
	}
	k.filled.Go(func() {
		st, err := open(k.command)
		if err != nil {
			return
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.closed || k.spare != nil {
			st.dismiss()
			return
		}
		k.spare = st
	})
}

// station is a supervisor with its pipes, seen from its owner.
type station struct {
	cmd             *exec.Cmd
	mark            Mark
	control, status *os.File
	stdout, stderr  *os.File
	events          *json.Decoder
}

// open starts a supervisor that waits for its program. It is in a session of its
// own: a terminal's Ctrl-C must not reach the program past its owner.
func open(command []string) (_ *station, err error) {
	st := &station{cmd: exec.Command(command[0], command[1:]...)}
	st.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			_ = f.Close() // the supervisor has its copy
		}
		if err != nil {
			st.close()
			err = fmt.Errorf("start a supervisor: %w", err)
		}
	}()
	pipe := func(mine **os.File, write bool) (*os.File, error) {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		their := w
		if *mine = r; write {
			*mine, their = w, r
		}
		theirs = append(theirs, their)
		return their, nil
	}
	control, err1 := pipe(&st.control, true)
	status, err2 := pipe(&st.status, false)
	stdout, err3 := pipe(&st.stdout, false)
	stderr, err4 := pipe(&st.stderr, false)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	st.cmd.ExtraFiles = []*os.File{control, status}
	st.cmd.Stdout, st.cmd.Stderr = stdout, stderr
	if err := st.cmd.Start(); err != nil {
		return nil, err
	}
	st.events = json.NewDecoder(bufio.NewReader(st.status))
	st.mark, err = markOf(st.cmd.Process.Pid)
	return st, err
}

func (st *station) start(spec Spec) (*Process, error) {
	line, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	if _, err := st.control.Write(append(line, '\n')); err != nil {
		return nil, fmt.Errorf("reach the supervisor: %w", err)
	}
	var first event
	if err := st.events.Decode(&first); err != nil {
		return nil, fmt.Errorf("hear from the supervisor: %w", err)
	}
	if first.Leader == nil {
		return nil, errors.New(first.Failed)
	}
	return &Process{Stdout: st.stdout, Stderr: st.stderr, Leader: *first.Leader, Supervisor: st.mark, station: st}, nil
}

// dismiss ends a supervisor that has no program.
func (st *station) dismiss() {
	st.close()
	_ = st.cmd.Wait() // it has nothing to say
}

func (st *station) close() {
	for _, f := range []*os.File{st.control, st.status, st.stdout, st.stderr} {
		if f != nil {
			_ = f.Close() // nothing is lost in it
		}
	}
}
