package wholefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Write replaces the file by the data, with exactly the mode. It returns when the
// new contents are on the disk.
func Write(path string, data []byte, mode fs.FileMode) error {
	return WriteFor(path, data, mode, -1, -1)
}

// WriteFor is [Write] of a file that belongs to another user and group from the moment
// it is there; -1 is whoever writes. The folder may be that user's.
func WriteFor(path string, data []byte, mode fs.FileMode, uid, gid int) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // only litter otherwise
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Chown(uid, gid), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return SyncFolder(filepath.Dir(path))
}

// SyncFolder makes the list of a folder's files durable.
func SyncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
