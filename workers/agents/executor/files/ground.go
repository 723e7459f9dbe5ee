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

// Ground is a folder in which one user works.
//
// Invariants:
//  1. No path leads out of the folder, also not by a symbolic link (os.Root).
//  2. Everything is done with the user's rights.
//  3. Only regular files are read or replaced; opening one never waits.
type Ground struct {
	root *os.Root
	as   *asuser.Actor
}

// OpenGround opens the folder as the user. Close it after use; the actor is the caller's.
func OpenGround(dir string, as *asuser.Actor) (*Ground, error) {
	g := &Ground{as: as}
	return g, as.Do(func() (err error) {
		g.root, err = os.OpenRoot(dir)
		return err
	})
}

// Close closes the folder.
func (g *Ground) Close() error { return g.root.Close() }

// Open opens a regular file for reading.
func (g *Ground) Open(name string) (f *os.File, err error) {
	if err := CheckPath(name); err != nil {
		return nil, err
	}
	err = g.as.Do(func() error {
		// NONBLOCK: somebody may have put a pipe there, and opening it would wait for a writer.
		f, err = g.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
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

// Look tells a file's state; keep, if not nil, keeps its content.
func (g *Ground) Look(name string, keep *Store) (State, error) {
	s, _, err := g.look(name, keep)
	return s, err
}

func (g *Ground) look(name string, keep *Store) (State, signature, error) {
	if err := CheckPath(name); err != nil {
		return State{}, signature{}, err
	}
	before, err := g.lstat(name)
	if errors.Is(err, os.ErrNotExist) {
		return State{}, signature{}, nil
	}
	if err != nil {
		return State{}, signature{}, err
	}
	if !before.Mode().IsRegular() {
		return State{}, signature{}, notRegular(name)
	}
	f, err := g.Open(name)
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
	s.Digest, s.Size, err = read(f, keep)
	if err != nil {
		return State{}, signature{}, fmt.Errorf("read %s: %w", name, err)
	}
	return s, signatureOf(info), nil
}

func (g *Ground) lstat(name string) (info os.FileInfo, err error) {
	err = g.as.Do(func() error {
		info, err = g.root.Lstat(name)
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

// missingFolders lists the folders on the way to the file that are not there, outermost first.
func (g *Ground) missingFolders(name string) ([]string, error) {
	var missing []string
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		err := g.as.Do(func() error {
			info, err := g.root.Stat(dir)
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
func (g *Ground) sync(dir string) error {
	var d *os.File
	err := g.as.Do(func() (err error) {
		d, err = g.root.Open(dir)
		return err
	})
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
