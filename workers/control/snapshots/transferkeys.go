package snapshots

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// transferSecret is the vault's name of the secret that the keys of transfers are derived from.
const transferSecret = "transfer"

// enrolmentsPage is how many events are read at a time.
const enrolmentsPage = 500

// transferKeys are the TSIG keys by which name servers of the fleet exchange the zones of a view.
//
// Invariants:
//  1. All processes give all agents the same keys, without talking to each other: each key is derived from
//     a secret of the vault, the view, and the position at which a name server last lost its agent.
//  2. So whoever is withdrawn or deleted has no key that the others still take, once these have heard of it.
type transferKeys struct {
	mu sync.Mutex
	// read is how far the enrolments were read, agents are the servers that have one then, and left is when
	// one last ceased to.
	read, left domain.Position
	agents     map[int64]bool
}

// of returns the keys of the views.
func (k *transferKeys) of(ctx context.Context, cfg Config, views []int64) (map[int64][]byte, error) {
	if len(views) == 0 {
		return nil, nil
	}
	secret, err := cfg.Vault.Named(ctx, transferSecret, newTransferSecret)
	if err != nil {
		return nil, fmt.Errorf("read the secret of transfers: %w", err)
	}
	left, err := k.lastLeft(ctx, cfg)
	if err != nil {
		return nil, err
	}
	keys := make(map[int64][]byte, len(views))
	for _, view := range views {
		mac := hmac.New(sha256.New, secret)
		_, _ = fmt.Fprintf(mac, "opsledger transfer\x00%s %d %d", cfg.Store.LogID(), view, left)
		keys[view] = mac.Sum(nil)
	}
	return keys, nil
}

func newTransferSecret() []byte {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: it ends the program instead
	return secret
}

// lastLeft reads from the log, which is never behind, when a name server last lost its agent.
func (k *transferKeys) lastLeft(ctx context.Context, cfg Config) (domain.Position, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for {
		page, err := cfg.Store.ReadTag(ctx, domain.TagEnrolments, k.read, enrolmentsPage)
		if err != nil {
			return 0, fmt.Errorf("read the enrolments: %w", err)
		}
		for _, envelope := range page {
			recorded, err := envelope.Decode(cfg.Store.Codec())
			if err != nil {
				return 0, err
			}
			k.apply(recorded)
		}
		if len(page) < enrolmentsPage {
			return k.left, nil
		}
	}
}

func (k *transferKeys) apply(r domain.Recorded) {
	k.read = r.Position
	switch e := r.Event.(type) {
	case dns.ServerEnrolled:
		k.agents[e.ID] = true
	case dns.ServerWithdrawn:
		k.leave(e.ID, r.Position)
	case dns.ServerDeleted:
		k.leave(e.ID, r.Position)
	}
}

func (k *transferKeys) leave(server int64, at domain.Position) {
	if k.agents[server] {
		delete(k.agents, server)
		k.left = at
	}
}
