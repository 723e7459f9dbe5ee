package bind

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/opsledger/opsledger/internal/asuser"
	"github.com/opsledger/opsledger/internal/child"
	"github.com/opsledger/opsledger/internal/wholefile"
)

// layout says where things lie below the engine's directory.
//
// Invariants:
//  1. Nobody but the agent's user and named's can read anything in the directory.
//  2. named's user can write in its own folders alone (zones, views, var), of which
//     none holds what the agent believes: keys, configuration and program are beside
//     them, in a directory of the agent's.
//  3. In named's own folders root follows no link and gives away no file by its path:
//     named's user could have put there what leads elsewhere.
type layout struct {
	dir string
	// owner is named's user where the agent is root, nil for the agent's own user.
	owner *asuser.User
}

func (l layout) conf() string      { return filepath.Join(l.dir, "named.conf") }
func (l layout) goodText() string  { return filepath.Join(l.dir, "bindconf.good") }
func (l layout) local() string     { return filepath.Join(l.dir, "local.json") }
func (l layout) program() string   { return filepath.Join(l.dir, "bin", "named") }
func (l layout) zones() string     { return filepath.Join(l.dir, "zones") }
func (l layout) databases() string { return filepath.Join(l.dir, "views") }
func (l layout) work() string      { return filepath.Join(l.dir, "var") }
func (l layout) log() string       { return filepath.Join(l.work(), "named.log") }
func (l layout) pid() string       { return filepath.Join(l.work(), "named.pid") }
func (l layout) lock() string      { return filepath.Join(l.work(), "named.lock") }

// stored is the stored state.
func (l layout) stored() string { return filepath.Join(l.dir, "state") }

// output is what named wrote to standard error, before its log was open. It is the agent's file.
func (l layout) output() string { return filepath.Join(l.dir, "named.out") }

// formerFiles are what named wrote beside its folders in earlier versions.
var formerFiles = []string{"named.log", "named.log.0", "named.log.1", "named.log.2", "named.pid", "named.lock"}

// create makes the folders, and gives those that are there already, with what is in
// them, their owners and modes.
func (l layout) create() error {
	if err := l.createDirectory(); err != nil {
		return err
	}
	for _, dir := range []string{l.zones(), l.databases(), l.work()} {
		if err := l.createOwn(dir); err != nil {
			return fmt.Errorf("bind: %w", err)
		}
	}
	return l.mendFiles()
}

// mendFiles mends the files beside named's folders.
func (l layout) mendFiles() error {
	for _, name := range formerFiles {
		if err := os.Remove(filepath.Join(l.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("bind: %w", err)
		}
	}
	for _, path := range []string{l.local(), l.goodText(), l.stored(), l.output()} {
		if err := os.Chmod(path, 0o600); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("bind: %w", err)
		}
	}
	folder, err := os.Open(l.dir)
	if err == nil {
		err = errors.Join(l.mend(folder, filepath.Base(l.conf())), folder.Close()) // named reads it before the agent writes it
	}
	if err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	return nil
}

// createDirectory makes the engine's directory and the program's. The first is the
// agent's, and its group may pass it where that is named's.
func (l layout) createDirectory() error {
	bin := filepath.Dir(l.program())
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	mode := os.FileMode(0o700)
	if l.owner != nil {
		mode = 0o710
		if err := errors.Join(os.Chown(l.dir, 0, int(l.owner.GID)), os.Lchown(bin, 0, 0)); err != nil {
			return fmt.Errorf("bind: %w", err)
		}
	}
	if err := errors.Join(os.Chmod(l.dir, mode), os.Chmod(bin, 0o755)); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	return nil
}

// createOwn makes a folder of named's.
func (l layout) createOwn(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	folder, err := os.OpenFile(dir, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := errors.Join(l.giveTo(folder), folder.Chmod(0o700)); err != nil {
		return err
	}
	names, err := folder.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := l.mend(folder, name); err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(dir, name), err)
		}
	}
	return nil
}

// mend gives a file in a folder of named's its owner and mode. A file that has another
// name elsewhere, or is no file, is left alone.
func (l layout) mend(folder *os.File, name string) error {
	fd, err := unix.Openat(int(folder.Fd()), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || !info.Mode().IsRegular() || st.Nlink != 1 {
		return nil
	}
	return errors.Join(l.giveTo(f), f.Chmod(info.Mode().Perm()&0o700))
}

// ids are those of the owner of named's files; -1 is whoever makes them.
func (l layout) ids() (uid, gid int) {
	if l.owner == nil {
		return -1, -1
	}
	return int(l.owner.UID), int(l.owner.GID)
}

func (l layout) giveTo(f *os.File) error {
	uid, gid := l.ids()
	return f.Chown(uid, gid)
}

// asNamed has a program work in the engine's directory with no more rights than named.
func (l layout) asNamed(spec child.Spec) child.Spec {
	spec.Unprivileged, spec.As, spec.Reach = true, l.owner, l.dir
	return spec
}

// write puts a file of named's in place whole: after a crash at any moment the path has
// the old contents or the new ones, and the new ones if write had returned.
func (l layout) write(path string, data []byte) error {
	uid, gid := l.ids()
	return l.put(path, data, uid, gid)
}

// keep is write for a file that only the agent reads.
func (l layout) keep(path string, data []byte) error { return l.put(path, data, -1, -1) }

func (l layout) put(path string, data []byte, uid, gid int) error {
	if err := wholefile.WriteFor(path, data, 0o600, uid, gid); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// writeNew writes a file whose name is new, without waiting for the disk: after a
// crash of the host the file may be whole, cut short or missing. It is for files
// of which named can tell whether they are whole, and which can be made again.
func (l layout) writeNew(path string, data []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(path) // only litter otherwise
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	_, err = f.Write(data)
	return errors.Join(err, l.giveTo(f), f.Close())
}

// openNamed opens a file in one of named's own folders, unless it is a link or no file
// at all.
func openNamed(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(fmt.Errorf("%s is not a regular file", path), err, f.Close())
	}
	return f, nil
}

// readNamed reads a whole file in one of named's own folders.
func readNamed(path string) ([]byte, error) {
	f, err := openNamed(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}
