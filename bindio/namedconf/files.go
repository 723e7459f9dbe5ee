package namedconf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Files are the files that a named sees: those of this machine, or those below a root.
//
// Invariants:
//  1. Below a root nothing is read that is not below it, whatever links and dots lead to.
//  2. What is no plain file is not read: a pipe would wait, a device need not end.
type Files struct {
	// Root is the folder, empty for this machine's own.
	Root string
	root *os.Root
	// Directory is that from which relative names begin, as named sees it.
	Directory string
	// Missed are the includes that name no file, or folders that could not be read.
	Missed []Missed
}

// Missed is an include of which something was not read.
type Missed struct {
	Statement
	Why string
}

// OpenFiles opens a root, or this machine's files where it is empty.
func OpenFiles(root string) (*Files, error) {
	f := &Files{}
	if root == "" {
		return f, nil
	}
	var err error
	if f.Root, err = filepath.Abs(root); err != nil {
		return nil, err
	}
	f.root, err = os.OpenRoot(f.Root)
	return f, err
}

// Close closes the root.
func (f *Files) Close() error {
	if f.root == nil {
		return nil
	}
	return f.root.Close()
}

// Named is the name that a file has to named. A path that leads below the root may be given as this
// machine has it, or as named has it.
func (f *Files) Named(name string) (string, error) {
	if f.root == nil {
		return filepath.Abs(name)
	}
	if local, err := filepath.Abs(name); err == nil {
		if below, err := filepath.Rel(f.Root, local); err == nil && filepath.IsLocal(below) {
			return "/" + filepath.ToSlash(below), nil
		}
	}
	return path.Join("/", name), nil
}

// Absolute is a name as a whole path, from the directory.
func (f *Files) Absolute(name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(f.Directory, name)
}

// Open opens a plain file.
func (f *Files) Open(name string) (*os.File, error) {
	name = f.Absolute(name)
	const flags = os.O_RDONLY | syscall.O_NONBLOCK // a pipe is seen to be one, and not waited for
	var file *os.File
	var err error
	if f.root == nil {
		file, err = os.OpenFile(name, flags, 0)
	} else {
		file, err = f.root.OpenFile(below(name), flags, 0)
	}
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, fmt.Errorf("%s is no plain file", name), file.Close())
	}
	return file, nil
}

// below is a whole path as the root takes it.
func below(name string) string { return strings.TrimPrefix(path.Join(".", name), "/") }

// Exists says whether there is such a file.
func (f *Files) Exists(name string) bool {
	file, err := f.Open(name)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	_ = file.Close()
	return true
}

// read reads a file of which no more octets are taken.
func (f *Files) read(name string, most int64) (string, error) {
	file, err := f.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("the configuration is larger than %d MiB", maxText>>20)
	}
	return string(text), err
}

// matching are the files that a pattern of an include names, in order: itself, where it has no
// wildcard. missed says what was not seen.
func (f *Files) matching(pattern string) (found []string, missed error, err error) {
	pattern = f.Absolute(pattern)
	if !strings.ContainsAny(pattern, "*?[") {
		return []string{pattern}, nil, nil
	}
	seen := folders{FS: os.DirFS("/"), failed: &missed}
	if f.root != nil {
		seen.FS = f.root.FS()
	}
	found, err = fs.Glob(seen, below(pattern))
	for i := range found {
		found[i] = "/" + found[i]
	}
	slices.Sort(found)
	if len(found) == 0 && missed == nil {
		missed = errors.New("it names no file")
	}
	return found, missed, err
}

// folders keep the first error of reading one: a wildcard passes over it.
type folders struct {
	fs.FS
	failed *error
}

// ReadDir implements [fs.ReadDirFS].
func (f folders) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(f.FS, name)
	if err != nil && *f.failed == nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		*f.failed = err
	}
	return entries, err
}
