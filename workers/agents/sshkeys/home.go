package sshkeys

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/opsledger/opsledger/internal/asuser"
)

const (
	folder   = ".ssh"
	fileName = "authorized_keys"
	// newName is the name of a new file until it replaces the old one.
	newName = ".authorized_keys.opsledger"

	folderMode = 0o700
	fileMode   = 0o600
	// largestFile is more than any real authorized_keys file has, in bytes.
	largestFile = 4 << 20
)

// home is an account's .ssh folder. All its methods run as the account.
//
// Invariants:
//  1. Nothing is reached through a symbolic link below the home folder.
//  2. The folder belongs to the account, and the files made in it do.
type home struct {
	user asuser.User
	ssh  *os.Root
}

// openHome opens the folder. If there is none, it makes the folder if it is needed, and
// else returns nil.
func openHome(user asuser.User, needed bool) (*home, error) {
	root, err := os.OpenRoot(user.Home)
	if err != nil {
		return nil, fmt.Errorf("home of %s: %w", user.Name, err)
	}
	defer root.Close()
	info, err := root.Lstat(folder)
	if errors.Is(err, os.ErrNotExist) {
		if !needed {
			return nil, nil
		}
		if err = root.Mkdir(folder, folderMode); err == nil {
			info, err = root.Lstat(folder)
		}
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s/%s is not a folder", user.Home, folder)
	}
	ssh, err := root.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	h := &home{user: user, ssh: ssh}
	return h, h.own(info, needed)
}

// own checks that the opened folder is the one that was looked at and belongs to the
// account, and sets its mode.
func (h *home) own(looked os.FileInfo, setMode bool) error {
	info, err := h.ssh.Stat(".")
	if err != nil {
		return errors.Join(err, h.close())
	}
	if !os.SameFile(info, looked) {
		return errors.Join(fmt.Errorf("%s/%s is being exchanged", h.user.Home, folder), h.close())
	}
	if owner := ownerOf(info); owner != h.user.UID {
		return errors.Join(fmt.Errorf("%s/%s belongs to user %d", h.user.Home, folder, owner), h.close())
	}
	if setMode && info.Mode().Perm() != folderMode {
		if err := h.ssh.Chmod(".", folderMode); err != nil {
			return errors.Join(err, h.close())
		}
	}
	return nil
}

func (h *home) close() error { return h.ssh.Close() }

// read returns the file and whether its mode and owner are right; no file is an empty one.
func (h *home) read() (text []byte, right bool, err error) {
	looked, err := h.ssh.Lstat(fileName)
	if errors.Is(err, os.ErrNotExist) {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	if !looked.Mode().IsRegular() {
		return nil, false, fmt.Errorf("%s/%s/%s is not a regular file", h.user.Home, folder, fileName)
	}
	f, err := h.ssh.OpenFile(fileName, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	if !os.SameFile(info, looked) {
		return nil, false, fmt.Errorf("%s is being exchanged", fileName)
	}
	text, err = io.ReadAll(io.LimitReader(f, largestFile+1))
	if err == nil && len(text) > largestFile {
		err = fmt.Errorf("%s has more than %d bytes", fileName, largestFile)
	}
	return text, info.Mode().Perm() == fileMode && ownerOf(info) == h.user.UID, err
}

// write replaces the file whole: at every moment the old one is there or the new one.
func (h *home) write(text []byte) (err error) {
	if err := h.ssh.Remove(newName); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := h.ssh.OpenFile(newName, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, fileMode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, bytes.NewReader(text))
	if err = errors.Join(err, f.Chmod(fileMode), f.Sync(), f.Close()); err == nil {
		err = h.ssh.Rename(newName, fileName)
	}
	if err != nil {
		return errors.Join(err, h.ssh.Remove(newName))
	}
	d, err := h.ssh.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func ownerOf(info os.FileInfo) uint32 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Uid
	}
	return ^uint32(0)
}
