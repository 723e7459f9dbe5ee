package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/opsledger/opsledger/internal/backoff"
)

const (
	// lookEvery is the pause between two looks at an import.
	lookEvery = time.Second
	// cancelWithin bounds the cancelling of an import.
	cancelWithin = 10 * time.Second
)

// stagedImport is a large import as the API shows it.
type stagedImport struct {
	State, Reason                              string
	Changes, Appended, Added, Changed, Removed int
	Position                                   int64
}

// follow waits for the end of a large import. If the wait is interrupted the import is cancelled.
func (c *client) follow(ctx context.Context, path string, tell *ticker, done *zoneImported) error {
	for {
		var i stagedImport
		err := c.ask(ctx, path, nil, &i)
		switch {
		case ctx.Err() != nil:
			return c.cancel(path, ctx.Err())
		case err != nil:
			return fmt.Errorf("the import goes on, and GET %s says how far it is: %w", path, err)
		case i.State == "done":
			done.Added, done.Changed, done.Removed, done.Position = i.Added, i.Changed, i.Removed, strconv.FormatInt(i.Position, 10)
			return nil
		case i.State == "void":
			return &refusal{Status: fmt.Sprintf("the import %s came to nothing", path), Text: i.Reason}
		}
		tell.tell("appended %d of %d changes", i.Appended, i.Changes)
		backoff.Sleep(ctx, lookEvery)
	}
}

// cancel ends an import that nobody waits for any more.
func (c *client) cancel(path string, cause error) error {
	ctx, stop := context.WithTimeout(context.Background(), cancelWithin)
	defer stop()
	reply, err := c.do(ctx, http.MethodDelete, path, nil, nil, nil)
	if err != nil {
		return errors.Join(cause, fmt.Errorf("the import may go on, DELETE %s cancels it: %w", path, err))
	}
	defer reply.Body.Close()
	return fmt.Errorf("the import %s was cancelled, and nothing of it is left: %w", path, cause)
}
