package bind

import (
	"context"
	"errors"
	"strings"

	"github.com/opsledger/opsledger/workers/agents/bind/rndc"
)

// A refusal is an error for which trying again at once is of no use, such as
// named's own refusal of a command.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

// control runs a command of named's control channel. If named refuses, the error is
// a refusal in named's words.
func (e *Engine) control(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	text, err := e.rndc.Call(ctx, command)
	var refused *rndc.CommandError
	if errors.As(err, &refused) {
		return "", &refusal{text: refused.Error()}
	}
	return text, err
}

// controlAlone runs a command for which named stops all its threads for a moment:
// named waits until each thread has ended its work, and while one of them syncs an
// update to the disk, the others wait as well and answer no query. So the command
// runs while no update is under way.
func (e *Engine) controlAlone(ctx context.Context, command string) (string, error) {
	e.updating.Lock()
	defer e.updating.Unlock()
	return e.control(ctx, command)
}

func refusedAs(err error, result string) bool {
	var r *refusal
	return errors.As(err, &r) && strings.HasPrefix(r.text, result)
}
