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

	"github.com/opsledger/opsledger/internal/child"
)

// ErrClosed is returned by Start after Close.
var ErrClosed = errors.New("supervise: closed")

// Starter starts programs. It holds one supervisor ready, since starting a supervisor
// takes longer than starting most programs.
type Starter struct {
	command []string

	mu     sync.Mutex
	spare  *handle
	closed bool
	filled sync.WaitGroup
}

// NewStarter returns a starter whose supervisors are started by the command (a
// path and its arguments), which must do nothing but call Main.
func NewStarter(command []string) *Starter {
	s := &Starter{command: command}
	s.refill()
	return s
}

// Start runs a program and returns when it has been started. The caller reads
// Stdout and Stderr to their ends and calls Wait.
func (s *Starter) Start(spec Spec) (*Process, error) {
	h, err := s.take()
	if err != nil {
		return nil, err
	}
	defer s.refill()
	p, err := h.start(spec)
	if err != nil {
		h.dismiss()
		return nil, err
	}
	return p, nil
}

// Close ends the spare supervisor. It does not end programs that run.
func (s *Starter) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.filled.Wait()
	if s.spare != nil {
		s.spare.dismiss()
	}
}

func (s *Starter) take() (*handle, error) {
	s.mu.Lock()
	h, closed := s.spare, s.closed
	if !closed {
		s.spare = nil
	}
	s.mu.Unlock()
	if closed {
		return nil, ErrClosed
	}
	if h != nil && h.identity.alive() {
		return h, nil
	}
	if h != nil {
		h.dismiss()
	}
	return open(s.command)
}

// refill makes a spare supervisor in the background; without one the next Start
// makes its own and returns the error.
func (s *Starter) refill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.spare != nil {
		return
	}
	s.filled.Go(func() {
		h, err := open(s.command)
		if err != nil {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed || s.spare != nil {
			h.dismiss()
			return
		}
		s.spare = h
	})
}

// handle is a supervisor process and the pipes to it.
type handle struct {
	cmd             *exec.Cmd
	identity        Identity
	control, status *os.File
	stdout, stderr  *os.File
	events          *json.Decoder
}

// open starts a supervisor, which waits for a program to run. The supervisor is in a
// session of its own, so that a terminal's Ctrl-C does not reach the program.
func open(command []string) (_ *handle, err error) {
	h := &handle{cmd: exec.Command(command[0], command[1:]...)}
	h.cmd.Env = child.Environment()
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			_ = f.Close() // the supervisor has its copy
		}
		if err != nil {
			h.close()
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
	control, err1 := pipe(&h.control, true)
	status, err2 := pipe(&h.status, false)
	stdout, err3 := pipe(&h.stdout, false)
	stderr, err4 := pipe(&h.stderr, false)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	h.cmd.ExtraFiles = []*os.File{control, status}
	h.cmd.Stdout, h.cmd.Stderr = stdout, stderr
	if err := h.cmd.Start(); err != nil {
		return nil, err
	}
	h.events = json.NewDecoder(bufio.NewReader(h.status))
	h.identity, err = identityOf(h.cmd.Process.Pid)
	return h, err
}

func (h *handle) start(spec Spec) (*Process, error) {
	line, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	if _, err := h.control.Write(append(line, '\n')); err != nil {
		return nil, fmt.Errorf("reach the supervisor: %w", err)
	}
	p := &Process{Stdout: h.stdout, Stderr: h.stderr, Supervisor: h.identity, handle: h}
	var first event
	switch err := h.events.Decode(&first); {
	case err != nil: // The supervisor was killed, perhaps by the program that it had just started. Wait says so.
	case first.Leader == nil:
		return nil, errors.New(first.Failed)
	default:
		p.Leader = *first.Leader
	}
	return p, nil
}

// dismiss ends a supervisor that has no program.
func (h *handle) dismiss() {
	h.close()
	_ = h.cmd.Wait() // its exit code means nothing
}

func (h *handle) close() {
	for _, f := range []*os.File{h.control, h.status, h.stdout, h.stderr} {
		if f != nil {
			_ = f.Close() // nothing is lost in it
		}
	}
}
