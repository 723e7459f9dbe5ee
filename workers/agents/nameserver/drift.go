package nameserver

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/internal/ask"
)

// driftTimeout bounds the telling of one finding. A repair waits for it.
const driftTimeout = 6 * time.Second

// Drift returns a function by which the engine tells the control plane of drift. After an error it
// is not known whether the log has the finding: it is told again, under the same id.
func Drift(nc *nats.Conn, agent int64, key ed25519.PublicKey) func(context.Context, protocol.DriftFinding) (protocol.DriftVerdict, error) {
	from := ask.Asker{NC: nc, ID: agent, Key: key}
	return func(ctx context.Context, f protocol.DriftFinding) (v protocol.DriftVerdict, err error) {
		ctx, cancel := context.WithTimeout(ctx, driftTimeout)
		defer cancel()
		payload, err := json.Marshal(f)
		if err != nil {
			return v, err
		}
		answer, err := from.Ask(ctx, protocol.ForDrift, protocol.SubjectDrift(agent), payload)
		if err == nil {
			err = json.Unmarshal(answer, &v)
		}
		if err == nil && v.Error != "" {
			err = errors.New(v.Error)
		}
		if err != nil {
			return v, fmt.Errorf("tell of drift: %w", err)
		}
		return v, nil
	}
}
