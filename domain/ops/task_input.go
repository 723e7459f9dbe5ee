package ops

import (
	"encoding/hex"

	"github.com/opsledger/opsledger/domain"
)

// TaskInput has the fields of a new task in a request. A field is nil or empty if the
// request does not have it.
type TaskInput struct {
	IP, Creator, Action, Target, Version, Content, Description *string
}

// parse checks the form of all fields. Whether the creator exists is decided later.
func (in TaskInput) parse() (c CreateTask, err error) {
	for _, f := range []struct {
		field string
		in    *string
		to    *string
		parse func(field, text string) (string, error)
	}{
		{"ip", in.IP, &c.ip, parseIP},
		{"creator", in.Creator, &c.creator, parseLine},
		{"action", in.Action, &c.order.Action, parseAction},
		{"target", in.Target, &c.order.Target, parseLine},
		{"content", in.Content, &c.order.Content, parseContent},
		{"description", in.Description, &c.description, parseDescription},
	} {
		text, err := required(f.field, f.in)
		if err != nil {
			return CreateTask{}, err
		}
		if *f.to, err = f.parse(f.field, text); err != nil {
			return CreateTask{}, err
		}
	}
	if in.Version != nil {
		c.order.Version, err = parseLine("version", *in.Version)
	}
	return c, err
}

// parseAction checks the name of a built-in action or of an executable: no path, no option.
func parseAction(field, text string) (string, error) {
	for i, c := range []byte(text) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && (i == 0 || c != '_' && c != '-' && c != '.') {
			return "", domain.Invalid(field, "must be letters, digits, '_', '-' and '.', and start with a letter or digit")
		}
	}
	return text, checkLine(field, text, maxName)
}

func parseContent(field, text string) (string, error) {
	return text, checkLines(field, text, maxContent)
}

func parseDescription(field, text string) (string, error) {
	return text, checkLines(field, text, maxDescription)
}

// checkTaskID checks the form of a task's name.
func checkTaskID(task string) error {
	if task == "" {
		return domain.Invalid("task_id", "is required")
	}
	if !IsTaskID(task) {
		return domain.Invalid("task_id", "must be 32 hex digits")
	}
	return nil
}

// IsTaskID says whether a text has the form of a task's name: 32 lower-case hex digits.
func IsTaskID(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == 16 && hex.EncodeToString(raw) == text
}
