package confcheck

import (
	"context"
	"time"

	"github.com/opsledger/opsledger/domain/dns"
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

// lineOf is the line of the author's text that this machine's named-checkconf has the same objection to, 0 if it cannot
// tell: an agent says what is wrong, but of the file that it has written around the text.
func (c *Checker) lineOf(ctx context.Context, conf *dns.BindConf, text, verdict string) int {
	if c.program == nil {
		return 0
	}
	ctx, cancel := context.WithTimeout(ctx, localTimeout)
	defer cancel()
	line, err := c.program.Line(ctx, text, verdict)
	if err != nil {
		c.cfg.Log.Warn("cannot find the line of a fault in a configuration", "error", err)
	}
	return conf.SourceLine(line)
}
