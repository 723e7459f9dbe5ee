package nameserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/protocol"
)

// secretsTimeout bounds one request for secrets.
const secretsTimeout = 5 * time.Second

// Secrets returns a function by which the engine gets the secrets that the current BIND
// configuration names. The secrets are stored nowhere on the way.
func Secrets(nc *nats.Conn, agent int64) func(ctx context.Context, ids []string) (map[string]string, error) {
	return func(ctx context.Context, ids []string) (map[string]string, error) {
		if len(ids) == 0 {
			return map[string]string{}, nil
		}
		secrets, err := askSecrets(ctx, nc, agent, ids)
		if err != nil {
			return nil, fmt.Errorf("ask for the configuration's secrets: %w", err)
		}
		return secrets, nil
	}
}

func askSecrets(ctx context.Context, nc *nats.Conn, agent int64, ids []string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, secretsTimeout)
	defer cancel()
	payload, err := json.Marshal(protocol.SecretsRequest{IDs: ids})
	if err != nil {
		return nil, err
	}
	msg, err := nc.RequestWithContext(ctx, protocol.SubjectSecrets(agent), payload)
	if err != nil {
		return nil, err
	}
	var reply protocol.SecretsReply
	if err := json.Unmarshal(msg.Data, &reply); err != nil {
		return nil, err
	}
	if reply.Error != "" {
		return nil, errors.New(reply.Error)
	}
	for _, id := range ids {
		if _, ok := reply.Secrets[id]; !ok {
			return nil, fmt.Errorf("secret %s is missing in the answer", id)
		}
	}
	return reply.Secrets, nil
}
