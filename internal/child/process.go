package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/opsledger/opsledger/internal/asuser"
	"github.com/opsledger/opsledger/internal/backoff"
)

// Spec says what to run.
type Spec struct {
	// Name is used in errors; the program's base name when empty.
	Name string
	// Path is the program; Args are its arguments without the program's name.
	Path string
	Args []string
	// Env is added to the environment that every child has, see Environment.
	Env []string
	Dir string
	// Log receives standard output and standard error; nil drops them.
	Log io.Writer
	// StopSignal asks the program to end, SIGTERM when 0.
	StopSignal syscall.Signal
	// DeathSignal is sent by the kernel when the parent dies, SIGKILL when 0.
	DeathSignal syscall.Signal
	// Outlives lets the program go on when its parent ends, see outlive.go. Log must be a
	// file then, or nil.
	Outlives bool
	// Unprivileged takes root's powers away, see privileges.go. What the program
	// writes is its user's alone, and it cannot get rights that it does not begin with.
	Unprivileged bool
	// Confined takes all rights away, see [Confinement]. Env, DeathSignal and Unprivileged
	// mean nothing then.
	Confined *Confinement
	// Owns lists folders that the program must own. They are handed over only
	// where it has to run as another user and As does not say as whom.
	Owns []string
	// As is whom an unprivileged child of root runs as. Its folders are not handed
	// over: they belong to it already.
	As *asuser.User
	// Reach is the folder that a child which runs As somebody works in. The child gets
	// there also where folders above are closed to it.
	Reach string
	// Capabilities are what a child that is not root may do nevertheless. opsledger
	// must have them itself.
	Capabilities []uintptr
}

func (s Spec) name() string {
	if s.Name != "" {
		return s.Name
	}
	return filepath.Base(s.Path)
}

// Process is a running child.
//
// Invariants:
//  1. The child does not outlive the parent, unless it is meant to: the thread that
//     started it, to which the kernel binds the death signal, lives until the child has
//     ended. The thread ends then: what was set for the child (privileges.go) stays with it.
//  2. Done is closed only after the child was reaped, so its pid is never
//     signalled once it may belong to somebody else. One that outlives its parents is
//     signalled by its pidfd, which never belongs to somebody else.
type Process struct {
	spec Spec
	cmd  *exec.Cmd
	done chan struct{}
	err  error
	// follows is set for a program that outlives its parents.
	follows *pidfd
}

// Start starts the program and returns when it runs (or could not be started).
func Start(ctx context.Context, spec Spec) (*Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ways, err := waysFor(ctx, spec)
	if err != nil {
		return nil, err
	}
	var last error
	for _, w := range ways {
		p := &Process{spec: spec, done: make(chan struct{})}
		if last = p.launch(ctx, w); last == nil {
			return p, nil
		}
		if ctx.Err() != nil || errors.Is(last, syscall.ETXTBSY) {
			break // which is no fault of the way
		}
	}
	return nil, fmt.Errorf("start %s: %w", spec.name(), last)
}

const (
	// busyPatience is how long a program's file may be open for writing. A file that was
	// just written is open for a moment longer in a child that was being started
	// meanwhile, until that child runs its own program (golang.org/issue/22315).
	busyPatience = 10 * time.Second
	busyEvery    = 5 * time.Millisecond
)

// launch starts the command on a thread of its own, which stays until the end.
func (p *Process) launch(ctx context.Context, w way) error {
	started := make(chan error, 1)
	onOwnThread(func() {
		err := w.prepareThread()
		if err == nil {
			err = p.startCommand(ctx, w.attr)
		}
		if err == nil && p.spec.Outlives {
			err = p.letGo()
		}
		started <- err
		if err != nil || p.spec.Outlives {
			return
		}
		p.err = p.cmd.Wait()
		close(p.done)
	})
	return <-started
}

func (p *Process) startCommand(ctx context.Context, attr *syscall.SysProcAttr) error {
	for began := time.Now(); ; {
		p.cmd = p.command(attr)
		err := p.cmd.Start()
		if !errors.Is(err, syscall.ETXTBSY) || time.Since(began) >= busyPatience {
			return err
		}
		if !backoff.Sleep(ctx, busyEvery) {
			return errors.Join(ctx.Err(), err)
		}
	}
}

// onOwnThread runs the function on a thread that runs nothing else and ends with it.
// The process's first thread cannot end, so it is not taken.
func onOwnThread(f func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			f()
			return
		}
		defer runtime.UnlockOSThread()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			runtime.LockOSThread()
			f()
		}()
		<-ended
	}()
}

func (p *Process) command(attr *syscall.SysProcAttr) *exec.Cmd {
	cmd := exec.Command(p.spec.Path, p.spec.Args...)
	cmd.Env, cmd.Dir, cmd.SysProcAttr = Environment(p.spec.Env...), p.spec.Dir, attr
	if p.spec.Confined != nil {
		cmd.Path, cmd.Args, cmd.Env = "/proc/self/exe", p.spec.Confined.launcherArgs(p.spec), []string{}
	}
	cmd.Stdout, cmd.Stderr = p.spec.Log, p.spec.Log
	return cmd
}

// Pid is the child's process id.
func (p *Process) Pid() int {
	if p.follows != nil {
		return p.follows.pid
	}
	return p.cmd.Process.Pid
}

// Done is closed when the child has ended and been reaped.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err tells, after Done, how the child ended: nil for exit code 0, and for a program that
// outlives its parents, of which only its own parent is told.
func (p *Process) Err() error { return p.err }

// Signal sends a signal; a child that has ended is no error.
func (p *Process) Signal(sig syscall.Signal) error {
	select {
	case <-p.done:
		return nil
	default:
	}
	if err := p.send(sig); err != nil && !errors.Is(err, syscall.ESRCH) && !isFinished(err) {
		return fmt.Errorf("signal %s: %w", p.spec.name(), err)
	}
	return nil
}

func (p *Process) send(sig syscall.Signal) error {
	if p.follows != nil {
		return p.follows.signal(sig)
	}
	return p.cmd.Process.Signal(sig)
}

// Kill ends the child at once and waits until it is gone. Of a confined child the whole
// process group ends.
func (p *Process) Kill() {
	_ = p.Signal(syscall.SIGKILL) // it is gone or about to be
	if p.spec.Confined != nil {
		p.killGroup()
	}
	<-p.done
}

// killGroup ends what the child has started. The group's number is not used again while
// the group has members, and without any Done is about to be closed.
func (p *Process) killGroup() {
	select {
	case <-p.done:
	default:
		_ = syscall.Kill(-p.Pid(), syscall.SIGKILL) // it is gone or about to be
	}
}

// Stop asks the child to end, kills it after the grace time, and returns when it is gone.
func (p *Process) Stop(grace time.Duration) error {
	sig := p.spec.StopSignal
	if sig == 0 {
		sig = syscall.SIGTERM
	}
	if err := p.Signal(sig); err != nil {
		return err
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
		p.Kill()
		return fmt.Errorf("stop %s: it did not end within %s and was killed", p.spec.name(), grace)
	}
}
