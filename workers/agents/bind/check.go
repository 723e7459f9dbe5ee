package bind

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// checkTimeout is how long a tool of named's may take.
const checkTimeout = 30 * time.Second

// CheckConf returns a [domain.Error], in the words of named-checkconf, if named
// would not take the text as its main configuration. The program checks it together
// with the current views. Any other error means that the text could not be checked.
func (e *Engine) CheckConf(ctx context.Context, text string) error {
	e.mu.Lock()
	views, peers := maps.Clone(e.state.views), e.state.peers
	e.mu.Unlock()
	conf, err := dns.ReadBindConf(text)
	if err != nil {
		return err
	}
	if err := conf.Validate(); err != nil {
		return err
	}
	return e.checkRendered(ctx, text, views, peers)
}

// checkRendered has named-checkconf check a main configuration as it would stand in
// named.conf beside the views, but for what the program is not to see: it gets other
// secrets, and paths in a folder of its own.
func (e *Engine) checkRendered(ctx context.Context, text string, views map[int64]dns.ViewData, peers peers) error {
	conf, err := dns.ReadBindConf(text)
	if err != nil {
		return err
	}
	if conf, err = conf.WithStandIns(); err != nil {
		return err
	}
	keys := &local{ControlPort: 953, ControlSecret: newSecret(), ViewSecrets: map[int64][]byte{}}
	keys.addViewKeys(sortedIDs(views))
	keys.TransferSecrets = keys.ViewSecrets
	own := layout{dir: "."}
	rendered, _, err := renderConf(confInput{text: conf.String(), views: views, peers: peers, local: keys, listen: e.listen, layout: own})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	verdict, err := e.checkconf.Check(ctx, rendered, own.work())
	if err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if verdict != "" {
		return domain.Invalid("bind_conf", "%s", verdict)
	}
	return nil
}
