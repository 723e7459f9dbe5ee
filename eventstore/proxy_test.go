package eventstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/internal/testkit"
)

// proxy stands between a store and PostgreSQL and cuts connections at chosen moments.
type proxy struct {
	t        testing.TB
	upstream *pgxpool.Config
	addr     string

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	// times counts how often it went down: what was accepted before is cut.
	times int
	// client and server see what the store and PostgreSQL send, before it is
	// forwarded; false cuts the connection.
	client, server func([]byte) bool
	wg             sync.WaitGroup
}

// newProxy returns a proxy and a pool that goes through it.
func newProxy(t testing.TB, direct *pgxpool.Pool) (*proxy, *pgxpool.Pool) {
	t.Helper()
	p := &proxy{t: t, upstream: direct.Config(), addr: testkit.Address(t), conns: map[net.Conn]bool{}}
	p.up()
	t.Cleanup(func() { p.down(); p.wg.Wait() })
	url := fmt.Sprintf("postgres://opsledger@%s/%s?sslmode=disable", p.addr, p.upstream.ConnConfig.Database)
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return p, pool
}

// up listens, at the same address each time.
func (p *proxy) up() {
	l := testkit.Listen(p.t, p.addr)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listener = l
	times := p.times
	p.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.connect(c, times)
		}
	})
}

// down refuses connections and cuts those that exist.
func (p *proxy) down() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.times++
	p.listener.Close()
	for c := range p.conns {
		c.Close()
	}
}

// watch sets the observers.
func (p *proxy) watch(client, server func([]byte) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.client, p.server = client, server
}

func (p *proxy) connect(c net.Conn, times int) {
	s, err := net.Dial("unix", fmt.Sprintf("%s/.s.PGSQL.%d", p.upstream.ConnConfig.Host, p.upstream.ConnConfig.Port))
	if err != nil {
		c.Close()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.times != times {
		c.Close()
		s.Close()
		return
	}
	p.conns[c], p.conns[s] = true, true
	p.wg.Go(func() { p.pipe(s, c, func() func([]byte) bool { return p.client }) })
	p.wg.Go(func() { p.pipe(c, s, func() func([]byte) bool { return p.server }) })
}

func (p *proxy) pipe(to, from net.Conn, observer func() func([]byte) bool) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 1<<20)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		observe := observer()
		p.mu.Unlock()
		if n > 0 && observe != nil && !observe(buffer[:n]) {
			return
		}
		if _, werr := to.Write(buffer[:n]); errors.Join(err, werr) != nil {
			return
		}
	}
}

// once returns an observer that reacts to the first message with the marker.
func once(marker string, react func() bool) func([]byte) bool {
	var mu sync.Mutex
	seen := false
	return func(b []byte) bool {
		mu.Lock()
		defer mu.Unlock()
		if seen || !bytes.Contains(b, []byte(marker)) {
			return true
		}
		seen = true
		return react()
	}
}
