package snapshots

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/protocol"
)

// secretsTimeout bounds one answer; agents wait a little longer.
const secretsTimeout = 4 * time.Second

// errNotNamed says that an agent asked for a secret that it has no use for.
var errNotNamed = errors.New("the current configuration does not name this secret")

// secrets answers with the secrets of the current BIND configuration, and the keys of transfers. An error is logged
// here; the agent learns only that it gets no secrets.
func (s *Service) secrets(ctx context.Context, agent int64, m *nats.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, secretsTimeout)
	defer cancel()
	var request protocol.SecretsRequest
	if err := json.Unmarshal(m.Data, &request); err != nil {
		return err
	}
	var reply protocol.SecretsReply
	secrets, err := s.reveal(ctx, request.IDs)
	if err == nil {
		reply.Transfer, err = s.transfer.of(ctx, s.cfg, request.Transfer)
	}
	switch {
	case errors.Is(err, errNotNamed):
		s.cfg.Log.Warn("snapshots: refused secrets", "agent", agent, "error", err)
		reply.Error = errNotNamed.Error()
	case err != nil:
		s.cfg.Log.Warn("snapshots: cannot answer for secrets", "agent", agent, "error", err)
		reply.Transfer, reply.Error = nil, "secrets cannot be had now"
	default:
		reply.Secrets = secrets
	}
	payload, err := json.Marshal(reply)
	if err != nil {
		return err
	}
	return s.cfg.Signer.Respond(ctx, agent, protocol.ForSecrets, m, payload)
}

// reveal reads the secrets, all of which the current configuration must name.
func (s *Service) reveal(ctx context.Context, ids []string) (map[string]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	named, err := s.namedSecrets(ctx)
	if err != nil {
		return nil, err
	}
	secrets := make(map[string]string, len(ids))
	for _, id := range ids {
		if !slices.Contains(named, id) {
			return nil, fmt.Errorf("%w: %q", errNotNamed, id)
		}
		key, err := uuid.Parse(id)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errNotNamed, err)
		}
		secret, err := s.cfg.Vault.Get(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("read secret %s: %w", id, err)
		}
		secrets[id] = string(secret)
	}
	return secrets, nil
}

// namedSecrets lists the ids that the current configuration names, and the former one, which servers
// have that a rollout has not reached. It waits for the read
// model, since an agent may have the configuration's event before.
func (s *Service) namedSecrets(ctx context.Context) ([]string, error) {
	head, err := s.cfg.Store.Head(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.cfg.Progress.Wait(ctx, domain.ContextDNS, head.Last[domain.ContextDNS]); err != nil {
		return nil, fmt.Errorf("wait for the configuration: %w", err)
	}
	conf, err := s.cfg.Reader.BindConf(ctx)
	if err != nil && !errors.Is(err, query.ErrNotFound) {
		return nil, err
	}
	rollout, err := s.cfg.Reader.RunningRollout(ctx)
	if errors.Is(err, query.ErrNotFound) {
		return conf.Secrets, nil
	}
	if former := rollout.Former.BindConf; err == nil && former != nil {
		return slices.Concat(conf.Secrets, former.Secrets), nil
	}
	return conf.Secrets, err
}
