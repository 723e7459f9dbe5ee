package files

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

// mostLinks is how many symbolic links a path may lead through, as in Linux.
const mostLinks = 40

// resolve returns the path without symbolic links in it, those of its last element too if
// last says so. A link with an absolute target is followed if the target is named as being
// in the folder, which [os.Root] alone would refuse. It does not make the path safe: whoever
// uses the result does so through the root, which lets nobody out whatever is exchanged
// meanwhile. What is missing is taken as it is.
func (folder *Folder) resolve(name string, last bool) (string, error) {
	rest := strings.Split(name, pathSeparator)
	var done []string
	for links := 0; len(rest) > 0; {
		element := rest[0]
		rest = rest[1:]
		switch element {
		case "", ".":
			continue
		case "..":
			if len(done) == 0 {
				return "", escapes(name)
			}
			done = done[:len(done)-1]
			continue
		}
		at := path.Join(path.Join(done...), element)
		target, err := folder.link(at)
		if err != nil {
			return "", err
		}
		if target == "" || len(rest) == 0 && !last {
			done = append(done, element)
			continue
		}
		if links++; links > mostLinks {
			return "", fmt.Errorf("%s: too many symbolic links", name)
		}
		if path.IsAbs(target) {
			inside, ok := folder.inside(target)
			if !ok {
				return "", fmt.Errorf("%w: %s leads to %s", escapes(name), at, target)
			}
			target, done = inside, nil
		}
		rest = append(strings.Split(target, pathSeparator), rest...)
	}
	if len(done) == 0 {
		return "", notRegular(name)
	}
	return path.Join(done...), nil
}

func escapes(name string) error { return fmt.Errorf("%s: the path escapes from the folder", name) }

// link returns a symbolic link's target, empty if there is no link.
func (folder *Folder) link(name string) (target string, err error) {
	err = folder.as.Do(func() error {
		info, err := folder.root.Lstat(name)
		if err != nil || info.Mode()&os.ModeSymlink == 0 {
			return err
		}
		target, err = folder.root.Readlink(name)
		return err
	})
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return "", nil
	}
	return target, err
}

// inside returns what an absolute path names in the folder.
func (folder *Folder) inside(target string) (string, bool) {
	for _, dir := range folder.names {
		if target == dir {
			return "", true
		}
		if rest, ok := strings.CutPrefix(target, strings.TrimSuffix(dir, pathSeparator)+pathSeparator); ok {
			return rest, true
		}
	}
	return "", false
}

// namesOf returns the folder's path as it was given, and without symbolic links.
func namesOf(dir string) []string {
	names := []string{filepath.Clean(dir)}
	if real, err := filepath.EvalSymlinks(dir); err == nil && real != names[0] {
		names = append(names, real)
	}
	return names
}
