package asuser

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrNotRoot says that only root can act as somebody else.
var ErrNotRoot = errors.New("only root can act as another user")

// Actor does file work as one user.
//
// Invariants:
//  1. Only one thread ever has the user's ids. That thread runs nothing but the
//
// functions given to Do, and ends with the actor.
//  2. A thread whose ids could not be changed runs no function at all.
type Actor struct {
	calls chan call
	ended chan struct{}
}

type call struct {
	do   func() error
	done chan<- error
}

// Start makes an actor for the user. A process that is not root can only act as itself.
func Start(u User) (*Actor, error) {
	if u.Self() {
		return &Actor{}, nil
	}
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("act as %s: %w", u.Name, ErrNotRoot)
	}
	a := &Actor{calls: make(chan call), ended: make(chan struct{})}
	ready := make(chan error, 1)
	go a.run(u, ready)
	if err := <-ready; err != nil {
		<-a.ended
		return nil, fmt.Errorf("act as %s: %w", u.Name, err)
	}
	return a, nil
}

// Do runs the function with the user's rights and returns what it returns. The
// function must not start goroutines that work on files: they would be root's.
func (a *Actor) Do(do func() error) error {
	if a.calls == nil {
		return do()
	}
	done := make(chan error, 1)
	a.calls <- call{do, done}
	return <-done
}

// Stop ends the actor; Do must not be called any more.
func (a *Actor) Stop() {
	if a.calls == nil {
		return
	}
	close(a.calls)
	<-a.ended
}

// run never unlocks its thread: it ends with the goroutine.
func (a *Actor) run(u User, ready chan<- error) {
	runtime.LockOSThread()
	defer close(a.ended)
	err := become(u)
	ready <- err
	if err != nil {
		return
	}
	for c := range a.calls {
		c.done <- c.do()
	}
}

// become changes the file system ids of this thread, and its alone, which is why
// package syscall's functions for all threads are not used. With a user id other
// than 0 the kernel drops root's power over files.
func become(u User) error {
	groups := u.Groups
	var first unsafe.Pointer
	if len(groups) > 0 {
		first = unsafe.Pointer(&groups[0])
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(groups)), uintptr(first), 0); errno != 0 {
		return fmt.Errorf("setgroups: %w", errno)
	}
	return errors.Join(
		change("setfsgid", unix.SetfsgidRetGid, int(u.GID)),
		change("setfsuid", unix.SetfsuidRetUid, int(u.UID)))
}

// change sets an id and reads it back: these calls report no error.
func change(name string, set func(int) (int, error), id int) error {
	if _, err := set(id); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if now, err := set(-1); err != nil || now != id {
		return fmt.Errorf("%s: the kernel kept %d", name, now)
	}
	return nil
}
