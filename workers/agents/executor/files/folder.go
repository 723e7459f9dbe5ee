package files

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"syscall"

	"github.com/opsledger/opsledger/internal/asuser"
)

// Folder is a folder in which files are exchanged with the rights of one user.
//
// Invariants:
//  1. No path leads out of the folder, not even by a symbolic link (os.Root).
//  2. Everything is done with the user's rights.
//  3. Only regular files are read or replaced; opening one never waits.
type Folder struct {
	root *os.Root
	as   *asuser.Actor
	// names are the folder's own absolute paths.
	names []string
}

// OpenFolder opens the folder as the actor's user. Close it after use; the caller
// stops the actor.
func OpenFolder(dir string, as *asuser.Actor) (*Folder, error) {
	folder := &Folder{as: as}
	return folder, as.Do(func() (err error) {
		folder.root, err = os.OpenRoot(dir)
		folder.names = namesOf(dir)
		return err
	})
}

// Close closes the folder.
func (folder *Folder) Close() error { return folder.root.Close() }

// Open opens a regular file for reading, also by symbolic links that stay in the folder.
func (folder *Folder) Open(name string) (*os.File, error) {
	if err := CheckPath(name); err != nil {
		return nil, err
	}
	name, err := folder.resolve(name, true)
	if err != nil {
		return nil, err
	}
	return folder.open(name)
}

func (folder *Folder) open(name string) (f *os.File, err error) {
	err = folder.as.Do(func() error {
		// NONBLOCK: somebody may have put a pipe there, and opening it would wait for a writer.
		f, err = folder.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, f.Close(), notRegular(name))
	}
	return f, nil
}

func notRegular(name string) error { return fmt.Errorf("%s is not a regular file", name) }

// Look returns a file's state. If keep is not nil, it stores the file's content. Symbolic
// links to folders are followed if they stay in the folder.
func (folder *Folder) Look(name string, keep *Store) (State, error) {
	if err := CheckPath(name); err != nil {
		return State{}, err
	}
	name, err := folder.resolve(name, false)
	if err != nil {
		return State{}, err
	}
	s, _, err := folder.look(name, keep)
	return s, err
}

func (folder *Folder) look(name string, keep *Store) (State, signature, error) {
	if err := CheckPath(name); err != nil {
		return State{}, signature{}, err
	}
	before, err := folder.lstat(name)
	if errors.Is(err, os.ErrNotExist) {
		return State{}, signature{}, nil
	}
	if err != nil {
		return State{}, signature{}, err
	}
	if !before.Mode().IsRegular() {
		return State{}, signature{}, notRegular(name)
	}
	f, err := folder.open(name)
	if err != nil {
		return State{}, signature{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return State{}, signature{}, err
	}
	if !os.SameFile(before, info) {
		return State{}, signature{}, fmt.Errorf("%s is being changed by somebody else", name)
	}
	s, err := stateOf(info)
	if err != nil {
		return State{}, signature{}, err
	}
	if s.Attributes, err = folder.recordAttributes(f, keep); err != nil {
		return State{}, signature{}, fmt.Errorf("%s: %w", name, err)
	}
	s.Digest, s.Size, err = read(f, keep)
	if err != nil {
		return State{}, signature{}, fmt.Errorf("read %s: %w", name, err)
	}
	return s, signatureOf(info), nil
}

func (folder *Folder) recordAttributes(f *os.File, keep *Store) (digest string, err error) {
	var all []attribute
	err = folder.as.Do(func() error {
		all, err = attributesOf(f)
		return err
	})
	if err != nil {
		return "", err
	}
	return record(all, keep)
}

func (folder *Folder) lstat(name string) (info os.FileInfo, err error) {
	err = folder.as.Do(func() error {
		info, err = folder.root.Lstat(name)
		return err
	})
	return info, err
}

func stateOf(info os.FileInfo) (State, error) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return State{}, errors.ErrUnsupported
	}
	return State{Mode: st.Mode & modeBits, UID: st.Uid, GID: st.Gid}, nil
}

func read(r io.Reader, keep *Store) (string, int64, error) {
	if keep != nil {
		return keep.Put(r)
	}
	hash := sha256.New()
	n, err := io.Copy(hash, r)
	return hex.EncodeToString(hash.Sum(nil)), n, err
}

// missingFolders lists the folders above the file that do not exist, outermost first.
func (folder *Folder) missingFolders(name string) ([]string, error) {
	var missing []string
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		err := folder.as.Do(func() error {
			info, err := folder.root.Stat(dir)
			if err == nil && !info.IsDir() {
				return fmt.Errorf("%s is not a folder", dir)
			}
			return err
		})
		if err == nil {
			break
		}
		if !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		missing = append([]string{dir}, missing...)
	}
	return missing, nil
}

// sync makes the folder's entries durable.
func (folder *Folder) sync(dir string) error {
	var d *os.File
	err := folder.as.Do(func() (err error) {
		d, err = folder.root.Open(dir)
		return err
	})
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
