package executor

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/workers/agents/executor/files"
)

// Assignment is one attempt to carry out a task.
type Assignment struct {
	// Task has 32 hexadecimal digits.
	Task string `json:"task"`
	// Attempt is the log position at which the attempt was accepted. It is a fencing
	// token: a higher number of the same task makes all lower ones stale.
	Attempt int64    `json:"attempt"`
	Mode    ops.Mode `json:"mode"`
	// Of is the attempt that a revert undoes.
	Of     int64  `json:"of,omitempty"`
	Action string `json:"action"`
	// Target is the name of a folder or a database in the host's configuration. A
	// program may take it as it likes.
	Target  string `json:"target"`
	Version string `json:"version,omitempty"`
	// Content names files, relative to the target, one a line or separated by commas. For
	// update a name after "!" is to be removed.
	Content string `json:"content"`
	// Deadline is the time until which the attempt may begin; zero means for ever.
	Deadline time.Time `json:"deadline,omitzero"`
}

const (
	longestContent = 256 << 10
	longestName    = 255
)

var (
	taskPattern    = regexp.MustCompile(`^[0-9a-f]{32}$`)
	versionPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}$`)
)

// ErrMalformed is wrapped by the errors of Assign and Cancel for an attempt without a
// proper task and number, about which nothing can be reported.
var ErrMalformed = errors.New("malformed assignment")

// checkIdentity refuses a task or number that is not well-formed.
func checkIdentity(task string, attempt int64) error {
	if !taskPattern.MatchString(task) || attempt <= 0 {
		return fmt.Errorf("task %.40q, attempt %d: %w", task, attempt, ErrMalformed)
	}
	return nil
}

// check refuses an assignment that no action can carry out.
func (a Assignment) check() error {
	switch {
	case a.Mode != ops.ModeUpdate && a.Mode != ops.ModeRevert:
		return fmt.Errorf("unknown mode %.20q", a.Mode)
	case a.Mode == ops.ModeRevert && (a.Of <= 0 || a.Of >= a.Attempt):
		return fmt.Errorf("a revert needs the number of an earlier attempt, not %d", a.Of)
	case len(a.Content) > longestContent:
		return fmt.Errorf("content has more than %d bytes", longestContent)
	}
	if err := plainText("target", a.Target); err != nil {
		return err
	}
	if a.Version != "" && (!versionPattern.MatchString(a.Version) || strings.Contains(a.Version, "..")) {
		return fmt.Errorf("version %.40q is not one: letters, digits and . _ / + - are allowed, but not two dots in a row", a.Version)
	}
	return files.CheckPaths(a.Files())
}

// plainText refuses a text that could be taken for an option or spans lines.
func plainText(what, text string) error {
	switch {
	case text == "" || len(text) > longestName:
		return fmt.Errorf("%s is empty or longer than %d bytes", what, longestName)
	case strings.HasPrefix(text, "-"):
		return fmt.Errorf("%s %q begins with a dash", what, text)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("%s has control characters", what)
	}
	return nil
}
