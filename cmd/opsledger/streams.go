package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"syscall"
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

// causeOf returns what anybody may know of an error, whose text has paths and
// accounts. NATS hands on no errors but their texts.
func causeOf(err error) string {
	for _, cause := range []syscall.Errno{
		syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EMFILE, syscall.ENFILE, syscall.EACCES, syscall.EROFS, syscall.EIO,
	} {
		if strings.Contains(err.Error(), cause.Error()) {
			return cause.Error()
		}
	}
	return ""
}
