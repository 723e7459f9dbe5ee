package executor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/opsledger/opsledger/internal/asuser"
)

// repository is a repository or working copy that a target's files come from. Its own
// configuration can have git run any program: as a hook, to connect, to look for
// changes, to fetch what is missing.
//
// Invariants:
//  1. A tool runs in it as the action's user if the repository belongs to that user or
//     to root, and else as its owner. Nobody gets the rights of another by it.
//  2. Where a tool runs as root, or trusts root's repository, nobody but root and that
//     user can change its configuration, or put another repository in its place.
type repository struct {
	// path has no symbolic link in it.
	path string
	as   asuser.User
	// trusted says that the repository is root's, and as somebody else.
	trusted bool
}

// openRepository finds out as whom the tools work in the repository. control is the
// folder in it that has its configuration: .git or .svn.
func openRepository(path, control string, actor asuser.User) (repository, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return repository{}, err
	}
	folders, err := controlFolders(path, control)
	if err != nil {
		return repository{}, err
	}
	owner, group, err := ownedAlike(folders)
	if err != nil {
		return repository{}, err
	}
	r := repository{path: path, as: actor, trusted: owner == 0 && actor.UID != 0}
	switch {
	case owner == actor.UID, owner == 0:
	case os.Geteuid() == 0:
		r.as = asuser.ByID(owner, group)
	default:
		return r, fmt.Errorf("%s belongs to user %d, whose configuration would run as %s", path, owner, actor.Name)
	}
	return r, r.checkWriters(folders)
}

// controlFolders are the folder itself and those that have its configuration: a working
// copy of git may have it elsewhere, and may share it.
func controlFolders(path, control string) ([]string, error) {
	folders := []string{path}
	at := filepath.Join(path, control)
	info, err := os.Stat(at)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return folders, nil // a bare repository
	case err != nil:
		return nil, err
	case !info.IsDir():
		folders = append(folders, at) // the file counts, too
		if at, err = named(at, "gitdir: "); err != nil {
			return nil, err
		}
	}
	folders = append(folders, at)
	shared, err := named(filepath.Join(at, "commondir"), "")
	if errors.Is(err, os.ErrNotExist) {
		return folders, nil
	}
	return append(folders, shared), err
}

// longestPath is more than any path has.
const longestPath = 8 << 10

// named reads a file of git's that names a folder. The repository's owner may have put
// there what does not end, or lets its reader wait.
func named(file, before string) (folder string, err error) {
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(f, longestPath))
	name, found := strings.CutPrefix(strings.TrimRight(string(text), "\r\n"), before)
	if err != nil || !info.Mode().IsRegular() || !found || len(text) == longestPath {
		return "", fmt.Errorf("%s names no folder", file)
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(file), name)
	}
	return name, nil
}

// ownedAlike returns the owner of all these folders and of the configuration in them.
func ownedAlike(folders []string) (owner, group uint32, err error) {
	for i, path := range withConfiguration(folders) {
		info, err := os.Stat(path)
		if i > 0 && absent(err) {
			continue
		}
		if err != nil {
			return 0, 0, err
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		switch {
		case !ok:
			return 0, 0, errors.ErrUnsupported
		case i == 0:
			owner, group = st.Uid, st.Gid
		case st.Uid != owner:
			return 0, 0, fmt.Errorf("%s belongs to user %d, and %s to user %d", path, st.Uid, folders[0], owner)
		}
	}
	return owner, group, nil
}

// withConfiguration adds the files that tools read before they do anything. A working
// copy's own folder has none.
func withConfiguration(folders []string) []string {
	all := folders[:len(folders):len(folders)]
	for _, folder := range folders[min(1, len(folders)-1):] {
		for _, name := range []string{"config", "config.worktree", "wc.db"} {
			all = append(all, filepath.Join(folder, name))
		}
	}
	return all
}

func absent(err error) bool { return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) }

// checkWriters refuses a repository whose configuration others can change.
func (r repository) checkWriters(folders []string) error {
	others := os.FileMode(0o002)
	alone := r.trusted || r.as.UID == 0
	if alone {
		others = 0o022
	}
	for _, path := range withConfiguration(folders) {
		info, err := os.Stat(path)
		if absent(err) {
			continue
		}
		if err != nil {
			return err
		}
		if info.Mode().Perm()&others != 0 {
			return fmt.Errorf("%s has mode %v: others could change what runs as %s", path, info.Mode().Perm(), r.as.Name)
		}
	}
	if !alone {
		return nil
	}
	for above := filepath.Dir(r.path); ; above = filepath.Dir(above) {
		info, err := os.Stat(above)
		if err == nil {
			err = r.keeps(info)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", above, err)
		}
		if above == filepath.Dir(above) {
			return nil
		}
	}
}

// keeps returns an error if somebody could exchange what is in the folder.
func (r repository) keeps(info os.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return errors.ErrUnsupported
	case st.Uid != 0 && st.Uid != r.as.UID:
		return fmt.Errorf("it belongs to user %d, who could put another repository in the place of %s", st.Uid, r.path)
	case info.Mode().Perm()&0o022 != 0 && info.Mode()&os.ModeSticky == 0:
		return fmt.Errorf("its mode %v lets others put another repository in the place of %s", info.Mode().Perm(), r.path)
	}
	return nil
}

// gitArguments come before git's command. They switch off what can be; as whom git runs
// does not depend on it.
func (r repository) gitArguments() []string {
	args := []string{"--literal-pathspecs", "-C", r.path}
	for _, setting := range []string{
		"core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.ext.allow=never", "fetch.recurseSubmodules=false",
		"submodule.recurse=false", "gc.auto=0", "maintenance.auto=false",
	} {
		args = append(args, "-c", setting)
	}
	if r.trusted { // git refuses another owner than its own user unless told so
		args = append(args, "-c", "safe.directory="+r.path)
	}
	return args
}
