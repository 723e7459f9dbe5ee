package eventstore

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

const (
	// MaxEventBytes bounds an event's data and tags.
	MaxEventBytes = 512 << 10
	// MaxTagBytes bounds one tag.
	MaxTagBytes = 400
)

// checkEvent refuses an event that would fail a whole batch in PostgreSQL, or be read
// back as another one. It returns the event's size.
func checkEvent(e *protocol.Envelope) (int, error) {
	size := len(e.Data)
	for _, t := range e.Tags {
		if err := checkTag(t); err != nil {
			return 0, fmt.Errorf("event %s: %w", e.Type, err)
		}
		size += len(t)
	}
	if size > MaxEventBytes {
		return 0, fmt.Errorf("event %s has %d bytes: %w", e.Type, size, ErrTooLarge)
	}
	if err := checkText(e.Data); err != nil {
		return 0, fmt.Errorf("event %s: %w", e.Type, err)
	}
	return size, nil
}

func checkTag(t domain.Tag) error {
	switch {
	case t == "":
		return fmt.Errorf("an empty tag")
	case len(t) > MaxTagBytes:
		return fmt.Errorf("tag %.40q… has %d bytes, %d are allowed", string(t), len(t), MaxTagBytes)
	case !utf8.ValidString(string(t)):
		return fmt.Errorf("tag %q is not UTF-8", string(t))
	case strings.ContainsFunc(string(t), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return fmt.Errorf("tag %q holds white space or a control character", string(t))
	}
	return nil
}

// checkRows refuses an event that would be indexed twice under one hash.
func checkRows(e *protocol.Envelope, rows []tagRow) error {
	for i, r := range rows {
		if j := slices.IndexFunc(rows[:i], func(other tagRow) bool { return other.hash == r.hash }); j >= 0 {
			return fmt.Errorf("event %s: tags %q and %q are the same", e.Type, string(e.Tags[j]), string(e.Tags[i]))
		}
	}
	return nil
}

// checkText refuses bytes that are not UTF-8, NUL, and the escapes \u0000, which
// PostgreSQL cannot turn into text, and \ufffd, which encoding/json writes in
// place of bytes that were not UTF-8 (a true U+FFFD is written as it is).
func checkText(data []byte) error {
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return fmt.Errorf("its data is not clean UTF-8")
	}
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		rest := data[i+1:]
		if bytes.HasPrefix(rest, []byte("u0000")) || bytes.HasPrefix(rest, []byte("ufffd")) {
			return fmt.Errorf("its data holds a NUL or was not UTF-8")
		}
		i++ // the escaped character, which may be a backslash itself
	}
	return nil
}
