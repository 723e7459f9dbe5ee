package child

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/opsledger/opsledger/internal/asuser"
)

// closedAbove is the highest folder above dir that the user cannot pass, empty if
// there is none.
func closedAbove(dir string, user asuser.User) (closed string, err error) {
	for parent := filepath.Dir(dir); ; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err != nil {
			return "", err
		}
		if !passable(info, user) {
			closed = parent
		}
		if parent == filepath.Dir(parent) {
			return closed, nil
		}
	}
}

// passable says whether the user may look up names in the folder.
func passable(info os.FileInfo, user asuser.User) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	bit := os.FileMode(0o001)
	switch {
	case !ok:
		return false
	case owner.Uid == user.UID:
		bit = 0o100
	case owner.Gid == user.GID || slices.Contains(user.Groups, owner.Gid):
		bit = 0o010
	}
	return info.Mode().Perm()&bit != 0
}

// openWay gives this thread, and what it starts, a view of the files in which the
// closed folder is empty but for the way to dir: a user who cannot pass the folder
// reaches dir, and nothing else below it. The rest of the host sees no change.
func openWay(closed, dir string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return err
	}
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }() // it was for the path alone
	if err := unix.Mount("tmpfs", closed, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=0711,size=64k"); err != nil {
		return err
	}
	if err := makeWay(closed, dir); err != nil {
		return err
	}
	return unix.Mount("/proc/self/fd/"+strconv.Itoa(fd), dir, "", unix.MS_BIND, "")
}

// makeWay makes the folders from one folder down to another one, each open to pass.
func makeWay(from, dir string) error {
	if dir == from {
		return nil
	}
	if err := makeWay(from, filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o711); err != nil {
		return err
	}
	return os.Chmod(dir, 0o711) // whatever the umask is
}
