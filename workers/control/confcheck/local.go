package confcheck

import (
	"context"
	"time"
)

// localTimeout bounds a check here, with the wait for others.
const localTimeout = 10 * time.Second

// checkHere returns the objections of this machine's named-checkconf. The text is checked
// without the statements that an agent adds (control channel, views, zones): statements
// that would clash with those are refused when a configuration is parsed.
func (c *Checker) checkHere(ctx context.Context, text string) (verdict string, err error) {
	if c.program == nil {
		return "", ErrNoChecker
	}
	ctx, cancel := context.WithTimeout(ctx, localTimeout)
	defer cancel()
	return c.program.Check(ctx, text)
}
