package embeddednats

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// ErrInUse says that another process runs a server on the same directory.
var ErrInUse = errors.New("data directory is in use by another process")

// dirLock keeps two servers from writing one directory, which would ruin it.
// The kernel drops it when the process dies, however it dies.
type dirLock struct {
	file *os.File
	once sync.Once
	err  error
}

func lockDir(dir string) (*dirLock, error) {
	f, err := os.OpenFile(lockPath(dir), os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		closed := f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: %w", dir, ErrInUse)
		}
		return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), closed)
	}
	return &dirLock{file: f}, nil
}

func (l *dirLock) release() error {
	l.once.Do(func() { l.err = l.file.Close() })
	return l.err
}
