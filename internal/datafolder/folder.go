package datafolder

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/opsledger/opsledger/internal/folderlock"
)

// Folder is a data folder that this process holds.
//
// Invariant: who holds the lock may start private children in the folder and
// write running.json; everybody else only reads it. The lock ends with
// the process.
type Folder struct {
	path string
	lock *folderlock.Lock
}

// ErrInUse says that a running opsledger holds the folder.
var ErrInUse = errors.New("data folder is in use by a running opsledger")

// Open makes the folder where needed and takes its lock; ErrInUse where another
// process has it, ErrForeign where it is another user's.
func Open(path string) (*Folder, error) {
	if err := checkOwn(path); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := os.MkdirAll(path, mode()); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	lock, err := folderlock.Take(path)
	if errors.Is(err, folderlock.ErrHeld) {
		return nil, fmt.Errorf("%s: %w", path, ErrInUse)
	}
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	return &Folder{path: path, lock: lock}, nil
}

// mode lets others pass through root's folder, not look around: where user
// namespaces are forbidden, PostgreSQL and named run as another user and have to
// reach what is theirs in it. Everything inside has its owner's mode.
func mode() os.FileMode {
	if os.Geteuid() == 0 {
		return 0o711
	}
	return 0o700
}

// Sub names a folder or file inside.
func (f *Folder) Sub(name string) string { return filepath.Join(f.path, name) }

// Close gives the folder free.
func (f *Folder) Close() error {
	if err := os.Remove(f.Sub(runningFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return errors.Join(err, f.lock.Release())
	}
	return f.lock.Release()
}
