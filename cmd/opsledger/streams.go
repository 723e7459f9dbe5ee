package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// streamsTrouble says that the streams do not take what they are given, nil while they do.
func (a *App) streamsTrouble() error {
	trouble := a.relay.Trouble()
	if a.bus.embedded != nil {
		trouble = cmp.Or(a.bus.embedded.Unwell(), trouble)
	}
	if trouble == nil {
		return nil
	}
	if cause := causeOf(trouble); cause != "" {
		return fmt.Errorf("the streams take no messages: %s", cause)
	}
	return errors.New("the streams take no messages")
}

// scarce is how much room a disk has at least for a PostgreSQL that works on it: a segment
// of its journal, and as much again.
const scarce = 32 << 20

// noteOnDisk says why a private PostgreSQL may have ended, if its disk is full.
func (a *App) noteOnDisk() string {
	var disk unix.Statfs_t
	if a.cfg.DatabaseURL != "" || unix.Statfs(a.cfg.Data, &disk) != nil || disk.Bavail*uint64(disk.Bsize) >= scarce {
		return ""
	}
	return fmt.Sprintf(", and its disk has less than %d MiB left", scarce>>20)
}

// causeOf returns what anybody may know of an error, whose text has paths and
// accounts. NATS hands on no errors but their texts.
func causeOf(err error) string {
	for _, cause := range []syscall.Errno{
		syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EMFILE, syscall.ENFILE, syscall.EACCES, syscall.EROFS, syscall.EIO,
	} {
		if strings.Contains(strings.ToLower(err.Error()), cause.Error()) { // PostgreSQL writes "No space …"
			return cause.Error()
		}
	}
	return ""
}
