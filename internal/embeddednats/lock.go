package embeddednats

import (
	"errors"
	"fmt"

	"github.com/opsledger/opsledger/internal/folderlock"
)

// ErrInUse says that another process runs a server on the same directory.
var ErrInUse = errors.New("data directory is in use by another process")

// lockDir keeps two servers from writing one directory, which would ruin it.
func lockDir(dir string) (*folderlock.Lock, error) {
	lock, err := folderlock.Take(dir)
	switch {
	case errors.Is(err, folderlock.ErrHeld):
		return nil, fmt.Errorf("%s: %w", dir, ErrInUse)
	case err != nil:
		return nil, fmt.Errorf("data directory: %w", err)
	}
	return lock, nil
}
