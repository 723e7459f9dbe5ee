package supervise

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// endPatience is how long the supervisor tries to end processes that do not die of
// SIGKILL at once.
const endPatience = 5 * time.Second

// Main is the supervisor's whole life: it runs one program for the process that
// started it, and returns its exit code. Nothing else may run in the process: it
// reaps whatever child there is.
func Main() int {
	// The kernel ties the death signal to the thread that started the program.
	runtime.LockOSThread()
	unix.CloseOnExec(controlFD)
	unix.CloseOnExec(statusFD)
	// Signals are caught and dropped, not ignored: the program would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Fprintln(os.Stderr, "supervise:", err)
		return 1
	}
	s := &supervisor{status: json.NewEncoder(os.NewFile(statusFD, "status"))}
	return s.run(bufio.NewReader(os.NewFile(controlFD, "control")))
}

// supervisor runs one program.
//
// Invariants:
//  1. It ends only when no process is below it, or endPatience is over.
//  2. When the control pipe ends, the supervisor's owner is dead, and the program is
//     killed.
//  3. A process is signalled only while it is below the supervisor and not reaped.
type supervisor struct {
	status *json.Encoder
	leader int
}

func (s *supervisor) run(control *bufio.Reader) int {
	line, err := control.ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		return 0 // it was not needed
	}
	var spec Spec
	if err := errors.Join(err, json.Unmarshal(line, &spec)); err != nil {
		return s.say(event{Failed: err.Error()})
	}
	if s.leader, err = start(spec); err != nil {
		return s.say(event{Failed: err.Error()})
	}
	// Only the program's tree holds the output open, so that the output ends with it.
	_, _ = syscall.Close(1), syscall.Close(2)
	id, err := identityOf(s.leader)
	if err != nil {
		id.PID = s.leader // cannot happen: the process is in the table until it is reaped
	}
	s.say(event{Leader: &id})
	ended := make(chan struct{})
	go s.obey(control, ended)
	end := s.reapLeader()
	s.reapRest(&end)
	close(ended)
	return s.say(event{End: &end})
}

// say sends an event to the owner, and returns 1 if the owner is dead.
func (s *supervisor) say(e event) int {
	if s.status.Encode(e) != nil {
		return 1
	}
	return 0
}

func start(spec Spec) (int, error) {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if spec.As != nil {
		attr.Credential = &syscall.Credential{Uid: spec.As.UID, Gid: spec.As.GID, Groups: spec.As.Groups}
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	pid, err := syscall.ForkExec(spec.Path, append([]string{spec.Path}, spec.Args...), &syscall.ProcAttr{
		Dir: spec.Dir, Env: spec.Env, Files: []uintptr{null.Fd(), 1, 2}, Sys: attr,
	})
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", spec.Path, err)
	}
	return pid, nil
}

// obey carries out orders until the control pipe ends.
func (s *supervisor) obey(control *bufio.Reader, ended <-chan struct{}) {
	for {
		line, err := control.ReadString('\n')
		select {
		case <-ended:
			return
		default:
		}
		switch {
		case err != nil || line == orderKill+"\n":
			s.signalAll(syscall.SIGKILL)
		case line == orderTerminate+"\n":
			s.signalAll(syscall.SIGTERM)
			s.signalAll(syscall.SIGCONT) // a stopped process would not notice
		}
		if err != nil {
			return
		}
	}
}

// signalAll signals the leader's group at once and then each process outside it.
func (s *supervisor) signalAll(sig syscall.Signal) int {
	all := below(os.Getpid(), processes())
	for _, p := range all {
		if p.group == s.leader {
			_ = syscall.Kill(-s.leader, sig) // an error means that it has ended
			break
		}
	}
	for _, p := range all {
		if p.group != s.leader {
			_ = syscall.Kill(p.pid, sig)
		}
	}
	return len(all)
}

// reapLeader waits for the program, and reaps the orphans that end meanwhile.
func (s *supervisor) reapLeader() End {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return End{Code: -1, Lost: true}
		case pid == s.leader:
			return endOf(status)
		}
	}
}

func endOf(status syscall.WaitStatus) End {
	if status.Signaled() {
		return End{Code: -1, Signal: unix.SignalName(status.Signal())}
	}
	return End{Code: status.ExitStatus()}
}

// reapRest ends the processes that the program left behind.
func (s *supervisor) reapRest(end *End) {
	deadline := time.Now().Add(endPatience)
	for first := true; ; first = false {
		left := s.signalAll(syscall.SIGKILL)
		if first {
			end.LeftBehind = left
		}
		if !reapAll() {
			return
		}
		if time.Now().After(deadline) {
			end.Immortal = left
			return
		}
		time.Sleep(time.Millisecond) // there is no way to wait for "any child, at most this long"
	}
}

// reapAll reaps the children that have ended and says whether there are others.
func reapAll() bool {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return false
		case pid == 0:
			return true
		}
	}
}
