package deployment

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Wire stands between a program and the servers that it connects to, and can be cut.
type Wire struct {
	t     testing.TB
	ends  []net.Listener
	wg    sync.WaitGroup
	mu    sync.Mutex
	conns map[net.Conn]bool
	// down: what connects is cut at once.
	down bool
}

// NewWire leads to the servers, each a host:port, until the test ends.
func NewWire(t testing.TB, servers ...string) *Wire {
	t.Helper()
	w := &Wire{t: t, conns: map[net.Conn]bool{}}
	t.Cleanup(func() {
		for _, l := range w.ends {
			_ = l.Close()
		}
		w.Cut()
		w.wg.Wait()
	})
	for _, server := range servers {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		w.ends = append(w.ends, l)
		w.wg.Go(func() { w.accept(l, server) })
	}
	return w
}

// Addresses are where the program is to connect, one for each server.
func (w *Wire) Addresses() (list []string) {
	for _, l := range w.ends {
		list = append(list, l.Addr().String())
	}
	return list
}

// Cut ends all connections, of which new ones may be made at once.
func (w *Wire) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		_ = c.Close() // its copiers end by that
	}
}

// Down cuts, and lets no connection be made until Up.
func (w *Wire) Down() {
	w.mu.Lock()
	w.down = true
	w.mu.Unlock()
	w.Cut()
}

// Up ends Down.
func (w *Wire) Up() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = false
}

func (w *Wire) accept(l net.Listener, server string) {
	for {
		near, err := l.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", server)
		if err != nil { // the server is away
			_ = near.Close()
			continue
		}
		if w.keep(near, far) {
			w.wg.Go(func() { w.copy(near, far) })
			w.wg.Go(func() { w.copy(far, near) })
		}
	}
}

// keep says whether the connection stands.
func (w *Wire) keep(near, far net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		_, _ = near.Close(), far.Close()
		return false
	}
	w.conns[near], w.conns[far] = true, true
	return true
}

func (w *Wire) copy(to, from net.Conn) {
	_, _ = io.Copy(to, from) // until one of them ends
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range []net.Conn{to, from} {
		_ = c.Close()
		delete(w.conns, c)
	}
}
