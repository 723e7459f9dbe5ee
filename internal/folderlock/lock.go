// Package folderlock lets one process at a time own a folder.
//
// Contract: the kernel drops the lock when the process ends, however it ends. The
// package must not know what the folder is for.
package folderlock

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// ErrHeld says that another owner holds the folder.
var ErrHeld = errors.New("the folder is in use by another process")

const (
	// patience is how long Take asks again for a lock that is held. A child
	// process that the last owner had just forked has the lock's file open until
	// it executes its program.
	patience = 500 * time.Millisecond
	pause    = 10 * time.Millisecond
)

// Lock is the ownership of a folder.
type Lock struct {
	file *os.File
	once sync.Once
	err  error
}

// Take makes the caller the owner of an existing folder, by a file named lock in
// it that is left there. It returns ErrHeld while somebody else is the owner.
func Take(dir string) (*Lock, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(pause) {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return &Lock{file: f}, nil
		}
		held := errors.Is(err, syscall.EWOULDBLOCK)
		if held && time.Now().Before(deadline) {
			continue
		}
		_ = f.Close() // nothing was written
		if held {
			return nil, ErrHeld
		}
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
}

// Release gives up the folder at once. Closing our file would not be enough: a
// child that is just being started may hold a copy of it. Release may be called
// again.
func (l *Lock) Release() error {
	l.once.Do(func() {
		l.err = errors.Join(syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN), l.file.Close())
	})
	return l.err
}
