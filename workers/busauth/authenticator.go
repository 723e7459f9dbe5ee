package busauth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/workers/protocol"
	"github.com/opsledger/opsledger/workers/roster"
)

const (
	// keyName is the vault's name of the key that passwords are made with.
	keyName = "bus"
	// readTimeout bounds the look into the log; the server gives a client 2 s.
	readTimeout = 1500 * time.Millisecond
)

// Config holds what an authenticator needs; every field is required but Log.
type Config struct {
	Store *eventstore.Store
	Vault *vault.Vault
	Log   *slog.Logger
}

// Authenticator lets enrolled agents in.
//
// Invariants:
//  1. A password is accepted only while the enrolment it was made for stands in the log.
//  2. While the log cannot be read, what it last said of an agent holds: Postgres
//     being away does not cut agents off that are known.
type Authenticator struct {
	cfg Config
	key []byte

	mu    sync.Mutex
	known map[int64]domain.Position
}

// New returns an authenticator with the bus key of the vault, made at the first call ever.
func New(ctx context.Context, cfg Config) (*Authenticator, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	key, err := cfg.Vault.Named(ctx, keyName, newKey)
	if err != nil {
		return nil, fmt.Errorf("read the bus key: %w", err)
	}
	return &Authenticator{cfg: cfg, key: key, known: map[int64]domain.Position{}}, nil
}

func newKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: it ends the program instead
	return key
}

// Authenticate implements the embedded server's question. It may be called by
// many goroutines at once.
func (a *Authenticator) Authenticate(user, password string) (*server.Permissions, bool) {
	agent, ok := agentOf(user)
	if !ok {
		return nil, false
	}
	generation, enrolled := a.generation(agent)
	if !enrolled || !hmac.Equal([]byte(password), []byte(a.password(agent, generation))) {
		a.cfg.Log.Warn("an agent was refused", "agent", agent, "enrolled", enrolled)
		return nil, false
	}
	return Permissions(agent), true
}

// agentOf is the inverse of [protocol.User].
func agentOf(user string) (int64, bool) {
	digits, ok := strings.CutPrefix(user, "agent-")
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, ok && err == nil && id > 0 && protocol.User(id) == user
}

// generation returns the enrolment that is in force.
func (a *Authenticator) generation(agent int64) (domain.Position, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	generation, enrolled, err := roster.Enrolment(ctx, a.cfg.Store, agent)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		generation, enrolled = a.known[agent]
		a.cfg.Log.Warn("the log cannot be read, judging an agent by what is known", "agent", agent, "error", err)
		return generation, enrolled
	}
	if enrolled {
		a.known[agent] = generation
	} else {
		delete(a.known, agent)
	}
	return generation, enrolled
}

// password is the agent's for one enrolment.
func (a *Authenticator) password(agent int64, generation domain.Position) string {
	mac := hmac.New(sha256.New, a.key)
	fmt.Fprintf(mac, "agent/%d/%d", agent, generation)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
