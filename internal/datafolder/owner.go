package datafolder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/opsledger/opsledger/internal/folderlock"
)

// ErrForeign says that a folder's data are another user's.
var ErrForeign = errors.New("the data are another user's")

// CheckOwner refuses a folder in which another user keeps data: what this process writes
// there, that user can never use again. marks are the files and folders inside that whoever
// keeps data there makes first. What does not exist is nobody's. Nothing is touched.
func CheckOwner(path string, marks ...string) error {
	for _, mark := range marks {
		if err := foreign(filepath.Join(path, mark)); err != nil {
			return err
		}
	}
	return nil
}

// checkOwn is CheckOwner for a data folder. Root, who may write anywhere, is refused an
// empty folder of another user, too. A folder that a running process of that user holds is
// in use: who only asks that process may go on.
func checkOwn(path string) error {
	err := CheckOwner(path, lockFile)
	if err == nil && os.Geteuid() == 0 {
		err = foreign(path)
	}
	if err == nil {
		return nil
	}
	if _, missing := os.Lstat(filepath.Join(path, lockFile)); missing != nil {
		return err
	}
	lock, held := folderlock.Take(path)
	if errors.Is(held, folderlock.ErrHeld) {
		return nil
	}
	if held == nil {
		return errors.Join(err, lock.Release())
	}
	return err
}

// lockFile is what folderlock makes.
const lockFile = "lock"

// foreign refuses what belongs to another user than this process's.
func foreign(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) == os.Geteuid() {
		return nil
	}
	owner := userName(int(st.Uid))
	return fmt.Errorf("%w: %s belongs to %s, and this process runs as %s; start it as %s (sudo -u %s …), or give another folder",
		ErrForeign, path, owner, userName(os.Geteuid()), owner, owner)
}

// userName is the name of a user, or the number of one without.
func userName(uid int) string {
	text := strconv.Itoa(uid)
	if u, err := user.LookupId(text); err == nil {
		return u.Username
	}
	return "#" + text // as sudo -u takes it
}
