package deployment

import (
	"bytes"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// PostgresProxy stands between serve and PostgreSQL, and can keep to itself, for
// ever or for a while, that something was committed.
type PostgresProxy struct {
	t        testing.TB
	upstream *pgx.ConnConfig
	listener net.Listener
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
	// marker is in what is not to be answered, empty for nothing; committed is
	// closed when the answer was kept. It is passed on when released is closed, and
	// lost where that is nil.
	marker              string
	committed, released chan struct{}
}

// NewPostgresProxy stands before the server of the URL, until the test ends.
func NewPostgresProxy(t testing.TB, url string) *PostgresProxy {
	t.Helper()
	upstream, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &PostgresProxy{t: t, upstream: upstream, listener: listener, conns: map[net.Conn]bool{}}
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.mu.Lock()
		for c := range p.conns {
			_ = c.Close()
		}
		p.mu.Unlock()
		p.wg.Wait()
	})
	return p
}

// URL is where serve is to connect.
func (p *PostgresProxy) URL() string {
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", p.upstream.User, p.listener.Addr(), p.upstream.Database)
}

// Keep lets the next transaction that has the marker in it commit, and its
// connection fall silent before it says so. The channel is closed then.
func (p *PostgresProxy) Keep(marker string) (committed <-chan struct{}) { return p.watch(marker, nil) }

// Hold is Keep until release is called.
func (p *PostgresProxy) Hold(marker string) (committed <-chan struct{}, release func()) {
	released := make(chan struct{})
	release = sync.OnceFunc(func() { close(released) })
	p.t.Cleanup(release)
	return p.watch(marker, released), release
}

func (p *PostgresProxy) watch(marker string, released chan struct{}) (committed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marker, p.committed, p.released = marker, make(chan struct{}), released
	return p.committed
}

func (p *PostgresProxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", filepath.Join(p.upstream.Host, fmt.Sprint(".s.PGSQL.", p.upstream.Port)))
		if err != nil { // PostgreSQL is away
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[server] = true, true
		p.mu.Unlock()
		marked := &atomic.Bool{}
		p.wg.Go(func() { pass(server, client, func(asked []byte) bool { p.mark(marked, asked); return true }) })
		p.wg.Go(func() { pass(client, server, func(said []byte) bool { return p.tells(marked, said) }) })
	}
}

// mark notes that the connection's transaction has the marker in it.
func (p *PostgresProxy) mark(marked *atomic.Bool, asked []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.marker != "" && bytes.Contains(asked, []byte(p.marker)) {
		marked.Store(true)
	}
}

// tells says whether, and waits until, the client gets what PostgreSQL said.
func (p *PostgresProxy) tells(marked *atomic.Bool, said []byte) bool {
	if !marked.Load() {
		return true
	}
	p.mu.Lock()
	waits, released := p.marker != "", p.released
	if !waits || !bytes.Contains(said, []byte("COMMIT\x00")) {
		p.mu.Unlock()
		return waits
	}
	p.marker = ""
	close(p.committed)
	p.mu.Unlock()
	if released == nil {
		return false
	}
	marked.Store(false)
	<-released
	return true
}

// pass copies until either side ends; what tells does not want is dropped.
func pass(to, from net.Conn, tells func([]byte) bool) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 1<<20)
	for {
		n, err := from.Read(buffer)
		if n > 0 && tells(buffer[:n]) {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
