package child

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// A program that outlives its parents is nobody's child in the end, and whoever takes it over has not
// started it. So it is followed by a pidfd, which names one process for ever, by whoever has it.

// ErrGone says that there is no such process.
var ErrGone = errors.New("no such process")

// pidfd is a handle of a process.
type pidfd struct {
	pid int
	fd  *os.File
}

// openPidfd takes a handle of the process that has the pid now.
func openPidfd(pid int) (*pidfd, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) {
		return nil, fmt.Errorf("process %d: %w", pid, ErrGone)
	}
	if err != nil {
		return nil, fmt.Errorf("process %d: %w", pid, os.NewSyscallError("pidfd_open", err))
	}
	return &pidfd{pid: pid, fd: os.NewFile(uintptr(fd), "pidfd")}, nil
}

func (f *pidfd) signal(sig syscall.Signal) error {
	raw, err := f.fd.SyscallConn()
	if err != nil {
		return err
	}
	sent := raw.Control(func(fd uintptr) { err = unix.PidfdSendSignal(int(fd), sig, nil, 0) })
	return errors.Join(sent, err)
}

// ended says whether the process has ended. Where it was a child of this process, it is gone then.
func ended(fd uintptr) bool {
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(poll, 0); err != nil || n == 0 {
		return false
	}
	_ = unix.Waitid(unix.P_PIDFD, int(fd), nil, unix.WEXITED|unix.WNOHANG, nil) // ECHILD: it is not ours to reap
	return true
}

// letGo follows the program that was just started, without being its parent any more than the kernel says.
func (p *Process) letGo() error {
	follows, err := openPidfd(p.cmd.Process.Pid)
	if err != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		return err
	}
	_ = p.cmd.Process.Release() // which frees a handle, and cannot fail
	p.follow(follows)
	return nil
}

func (p *Process) follow(f *pidfd) {
	p.follows = f
	go func() {
		raw, err := f.fd.SyscallConn()
		if err == nil {
			err = raw.Read(ended)
		}
		if err == nil { // else it was left
			close(p.done)
		}
	}()
}

// Adopt takes over a program that outlived its parent. is looks whether the pid is that of the program: the
// process that has it then is followed, and no other. The error is ErrGone if is says no, or the process has
// ended.
func Adopt(pid int, is func() bool) (*Process, error) {
	f, err := openPidfd(pid)
	if err != nil {
		return nil, err
	}
	if !is() || f.signal(0) != nil {
		_ = f.fd.Close()
		return nil, fmt.Errorf("process %d: %w", pid, ErrGone)
	}
	p := &Process{spec: Spec{Outlives: true}, done: make(chan struct{})}
	p.follow(f)
	return p, nil
}

// Leave stops following a program that outlives its parents, which goes on. Nothing else is called afterwards.
func (p *Process) Leave() { _ = p.follows.fd.Close() }
