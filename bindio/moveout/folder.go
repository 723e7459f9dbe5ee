package moveout

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/wholefile"
)

const (
	dirMode  fs.FileMode = 0o755
	fileMode fs.FileMode = 0o644
	// secretMode is for files with keys.
	secretMode fs.FileMode = 0o600
)

// Folder is a folder that is being written.
//
// Invariants:
//  1. It has another name, beside the one that it is to have, until all of it is on the disk.
//  2. It takes no other folder's place.
type Folder struct {
	path, temporary string
	root            *os.Root
}

// NewFolder begins a folder, which must not exist.
func NewFolder(path string) (*Folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(path, func(r rune) bool { return r == '"' || r == '\\' || r < ' ' }) {
		return nil, fmt.Errorf("%q: named.conf cannot name it", path)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(err, fmt.Errorf("%s exists, and must not", path))
	}
	temporary, err := os.MkdirTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(temporary)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(temporary))
	}
	return &Folder{path: path, temporary: temporary, root: root}, nil
}

// WriteZone writes the file of a zone in a view.
func (f *Folder) WriteZone(v View, z Zone, from io.Reader) error {
	name := v.file(z)
	if err := f.root.MkdirAll(filepath.Dir(name), dirMode); err != nil {
		return err
	}
	return f.write(name, fileMode, from, copyZone)
}

// copyText writes a text of ours.
func copyText(to io.Writer, from io.Reader) error {
	_, err := io.Copy(to, from)
	return err
}

func (f *Folder) write(name string, mode fs.FileMode, from io.Reader, by func(io.Writer, io.Reader) error) error {
	file, err := f.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	return errors.Join(by(file, from), file.Close())
}

// Finish writes the configuration, and gives the folder its name.
func (f *Folder) Finish(c Configuration) error {
	if c.Main.hasKeys() {
		if err := f.write(keyFile, secretMode, strings.NewReader(dns.FormatStatements(c.Main.keys(), 0)), copyText); err != nil {
			return err
		}
	}
	if err := f.write(confFile, fileMode, strings.NewReader(c.text(f.path)), copyText); err != nil {
		return err
	}
	dir, err := f.root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := errors.Join(unix.Syncfs(int(dir.Fd())), dir.Chmod(dirMode)); err != nil {
		return err
	}
	// Not replaced: that a folder has come meanwhile is an error.
	if err := unix.Renameat2(unix.AT_FDCWD, f.temporary, unix.AT_FDCWD, f.path, unix.RENAME_NOREPLACE); err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	f.temporary = ""
	return wholefile.SyncFolder(filepath.Dir(f.path))
}

// Close takes away what was not finished.
func (f *Folder) Close() error {
	err := f.root.Close()
	if f.temporary != "" {
		err = errors.Join(err, os.RemoveAll(f.temporary))
	}
	return err
}
