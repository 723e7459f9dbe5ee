package bind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"
)

// keysTimeout bounds one question for keys.
const keysTimeout = 10 * time.Second

// takeTransferKeys gets the keys by which the servers of the fleet exchange the wanted views' zones. The
// control plane has them. While it cannot be asked those hold that were there before; where a view has
// none, named is configured as if there were no other server, and what is wrong is returned.
func (e *Engine) takeTransferKeys(ctx context.Context, want *desiredSettings) error {
	if !want.peers.exchange() {
		return nil
	}
	views := sortedIDs(want.views)
	keys, err := e.askTransferKeys(ctx, views)
	if err == nil && !maps.EqualFunc(keys, e.local.TransferSecrets, bytes.Equal) {
		e.mu.Lock()
		e.local.TransferSecrets = keys
		e.mu.Unlock()
		err = e.local.save(e.layout)
	}
	for _, id := range views {
		if len(e.local.TransferSecrets[id]) == 0 {
			want.peers = peers{}
		}
	}
	if err != nil {
		return fmt.Errorf("the keys for transfers between servers cannot be had: %w", err)
	}
	return nil
}

func (e *Engine) askTransferKeys(ctx context.Context, views []int64) (map[int64][]byte, error) {
	if e.cfg.TransferKeys == nil {
		return nil, errors.New("nobody has them")
	}
	if len(views) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, keysTimeout)
	defer cancel()
	keys, err := e.cfg.TransferKeys(ctx, views)
	if err != nil {
		return nil, err
	}
	for _, id := range views {
		if len(keys[id]) == 0 {
			return nil, fmt.Errorf("the answer has none for view %d", id)
		}
	}
	return keys, nil
}
