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
	return said(e.rndc.Call(ctx, command))
}

// ask is control for a question, which named answers at once: one that does not is frozen, and that is
// to be in a report within 15 s.
func (e *Engine) ask(ctx context.Context, question string) (string, error) {
	return said(e.rndc.CallWithin(ctx, askTimeout, question))
}

// said is what named said, or a refusal in named's words.
func said(text string, err error) (string, error) {
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
