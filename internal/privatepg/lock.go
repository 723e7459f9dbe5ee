package privatepg

import (
	"errors"
	"fmt"

	"github.com/opsledger/opsledger/internal/folderlock"
)

// lockFolder makes this process the folder's only owner.
func lockFolder(dir string) (*folderlock.Lock, error) {
	lock, err := folderlock.Take(dir)
	if errors.Is(err, folderlock.ErrHeld) {
		return nil, fmt.Errorf("%s is in use by another opsledger process", dir)
	}
	return lock, err
}
