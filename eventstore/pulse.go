package eventstore

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// watchEvery is how often the server is asked whether it answers.
	watchEvery = time.Second
	// watchLimit is how long an answer may take, twice in a row, before the server
	// counts as away.
	watchLimit = 3 * time.Second
)

// pulse notices a server that does not answer. One that has ended refuses
// connections, and whoever uses it knows at once; but one that is frozen, or cut
// off, keeps connections open and lets everybody wait.
//
// Invariant: the reachable context has ended exactly while the server was last
// found not to answer, and lost contexts never come to life again.
type pulse struct {
	config *pgx.ConnConfig
	// conn is nil when it must be opened anew. Only run uses it.
	conn *pgx.Conn

	mu        sync.Mutex
	reachable context.Context
	lose      context.CancelFunc
}

func newPulse(config *pgx.ConnConfig) *pulse {
	p := &pulse{config: config}
	p.found()
	return p
}

// Reachable returns a context that ends when the database stops answering, be
// it gone or frozen; once it answers again there is a new one. Without Run nobody
// watches, and the context does not end.
func (s *Store) Reachable() context.Context { return s.pulse.context() }

func (p *pulse) context() context.Context {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reachable
}

func (p *pulse) lost() bool { return p.context().Err() != nil }

// found makes a new context after the old one has ended.
func (p *pulse) found() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reachable == nil || p.reachable.Err() != nil {
		p.reachable, p.lose = context.WithCancel(context.Background())
	}
}

// run asks again and again until ctx ends.
func (p *pulse) run(ctx context.Context) {
	defer p.disconnect()
	for wait := time.Duration(0); ; wait = watchEvery {
		if p.lost() {
			wait = probeEvery
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		answers := p.ask(ctx)
		if !answers {
			answers = p.ask(ctx) // on a new connection: the old one alone may have been cut
		}
		switch {
		case ctx.Err() != nil:
			return // says nothing about the server
		case answers:
			p.found()
		default:
			p.lose()
		}
	}
}

// ask reports whether the server answers on the connection, or on a new one.
func (p *pulse) ask(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, watchLimit)
	defer cancel()
	if p.conn == nil {
		conn, err := pgx.ConnectConfig(ctx, p.config)
		if err != nil {
			return false
		}
		p.conn = conn
	}
	if err := p.conn.Ping(ctx); err != nil {
		p.disconnect()
		return false
	}
	return true
}

func (p *pulse) disconnect() {
	if p.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), probeEvery)
	defer cancel()
	_ = p.conn.Close(ctx) // one that does not answer cannot say goodbye
	p.conn = nil
}
