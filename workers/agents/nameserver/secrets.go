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

// secretsTimeout bounds one request for secrets.
const secretsTimeout = 5 * time.Second

// Secrets returns a function by which the engine gets the secrets that the current BIND
// configuration names, from nobody but the control plane, which has the key. The secrets
// are stored nowhere on the way.
func Secrets(nc *nats.Conn, agent int64, key ed25519.PublicKey) func(ctx context.Context, ids []string) (map[string]string, error) {
	return func(ctx context.Context, ids []string) (map[string]string, error) {
		if len(ids) == 0 {
			return map[string]string{}, nil
		}
		reply, err := askSecrets(ctx, ask.Asker{NC: nc, ID: agent, Key: key}, protocol.SecretsRequest{IDs: ids})
		if err != nil {
			return nil, fmt.Errorf("ask for the configuration's secrets: %w", err)
		}
		for _, id := range ids {
			if _, ok := reply.Secrets[id]; !ok {
				return nil, fmt.Errorf("secret %s is missing in the answer", id)
			}
		}
		return reply.Secrets, nil
	}
}

// TransferKeys returns a function by which the engine gets the keys by which the servers of the fleet
// exchange the zones of views, from nobody but the control plane.
func TransferKeys(nc *nats.Conn, agent int64, key ed25519.PublicKey) func(ctx context.Context, views []int64) (map[int64][]byte, error) {
	return func(ctx context.Context, views []int64) (map[int64][]byte, error) {
		reply, err := askSecrets(ctx, ask.Asker{NC: nc, ID: agent, Key: key}, protocol.SecretsRequest{Transfer: views})
		return reply.Transfer, err
	}
}

func askSecrets(ctx context.Context, from ask.Asker, request protocol.SecretsRequest) (reply protocol.SecretsReply, err error) {
	ctx, cancel := context.WithTimeout(ctx, secretsTimeout)
	defer cancel()
	payload, err := json.Marshal(request)
	if err != nil {
		return reply, err
	}
	answer, err := from.Ask(ctx, protocol.ForSecrets, protocol.SubjectSecrets(from.ID), payload)
	if err != nil {
		return reply, err
	}
	if err := json.Unmarshal(answer, &reply); err != nil {
		return reply, err
	}
	if reply.Error != "" {
		return reply, errors.New(reply.Error)
	}
	return reply, nil
}
