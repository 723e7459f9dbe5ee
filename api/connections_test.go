package api

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/testkit"
)

// door is a server behind bounded connections. A path that begins with /in is
// answered as to somebody who has logged in.
type door struct {
	t       *testing.T
	address string
	limited *limitedListener
}

func newDoor(t *testing.T, limits ConnectionLimits) *door { return openDoor(t, limits, nil) }

// openDoor opens a door that speaks HTTPS if secure is not nil.
func openDoor(t *testing.T, limits ConnectionLimits, secure *tls.Config) *door {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	limited := LimitConnections(inner, limits)
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/in" {
			somebodyLoggedIn(r.Context())
		}
	})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, limited, secure, handler, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		stop()
		must(t, <-done)
	})
	return &door{t, inner.Addr().String(), limited.(*limitedListener)}
}

// from opens a connection from 127.0.0.<n>, which ends with the test.
func (d *door) from(n byte) net.Conn {
	d.t.Helper()
	conn, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, n)}}).Dial("tcp", d.address)
	must(d.t, err)
	d.t.Cleanup(func() { _ = conn.Close() })
	must(d.t, conn.SetDeadline(time.Now().Add(testkit.Patience)))
	return conn
}

// asks says whether a request on the connection is answered.
func (d *door) asks(conn net.Conn, path string) bool {
	d.t.Helper()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
		return false
	}
	_, err := io.ReadFull(conn, make([]byte, len("HTTP/1.1 200 OK")))
	return err == nil
}

// strange wants so many connections to count for an address.
func (d *door) strange(n byte, want int) {
	d.t.Helper()
	testkit.Eventually(d.t, fmt.Sprintf("%d connections count", want), func() bool {
		d.limited.mu.Lock()
		defer d.limited.mu.Unlock()
		of := d.limited.networks[fmt.Sprintf("127.0.0.%d", n)]
		return of == nil && want == 0 || of != nil && of.strange.Len() == want
	})
}

// One address has its bound, whatever it does on its connections; others are not
// touched, and a place that is given up is free again.
func TestConnectionsOfOneAddress(t *testing.T) {
	t.Parallel()
	d := newDoor(t, ConnectionLimits{Total: 100, Strange: 3})
	held := []net.Conn{d.from(9), d.from(9), d.from(9)}
	d.strange(9, 3)
	if d.asks(d.from(9), "/") {
		t.Error("a fourth connection is served")
	}
	if !d.asks(held[0], "/") || !d.asks(d.from(8), "/") {
		t.Error("the first, or another address, is not served")
	}
	must(t, held[1].Close())
	d.strange(9, 2)
	if !d.asks(d.from(9), "/") {
		t.Error("a place that is free is not given")
	}
}

// Who has logged in no longer counts for the bound of strangers, is not closed for
// others, and may have half of all connections.
func TestConnectionsOfTheKnown(t *testing.T) {
	t.Parallel()
	d := newDoor(t, ConnectionLimits{Total: 6, Strange: 2})
	var known []net.Conn
	for range 3 {
		conn := d.from(7)
		known = append(known, conn)
		if !d.asks(conn, "/in") {
			t.Fatal("who has logged in is not served")
		}
		d.strange(7, 0)
	}
	if !d.asks(d.from(7), "/in") {
		t.Error("a fourth connection is not served")
	}
	d.strange(7, 1) // beyond half of all it is one like any other
	for n := byte(20); n < 30; n++ {
		d.from(n)
	}
	for _, conn := range known {
		if !d.asks(conn, "/in") {
			t.Error("a connection on which somebody has logged in was closed for others")
		}
	}
}

// When all places are taken by few addresses, whoever comes from another gets one:
// the oldest of the address that has most.
func TestConnectionsOfAFlood(t *testing.T) {
	t.Parallel()
	d := newDoor(t, ConnectionLimits{Total: 5, Strange: 4})
	most := []net.Conn{d.from(9), d.from(9), d.from(9), d.from(9)}
	d.strange(9, 4)
	d.from(8)
	d.strange(8, 1)
	if !d.asks(d.from(7), "/") {
		t.Error("who comes from elsewhere is kept out")
	}
	d.strange(9, 3)
	if _, err := most[0].Read(make([]byte, 1)); err == nil || !d.asks(most[1], "/") {
		t.Errorf("the oldest was not the one that had to go: %v", err)
	}
	if d.asks(d.from(9), "/") {
		t.Error("who has most gets the place of another")
	}
}

// A trusted proxy brings the connections of many: it has no bound of its own, and
// nobody gets the place of one of its connections.
func TestConnectionsOfAProxy(t *testing.T) {
	t.Parallel()
	d := newDoor(t, ConnectionLimits{Total: 4, Strange: 1, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.6/32")}})
	beside := d.from(9)
	d.strange(9, 1)
	if d.asks(d.from(9), "/") {
		t.Error("beside a proxy, a stranger has no bound")
	}
	must(t, beside.Close())
	d.strange(9, 0)
	var proxied []net.Conn
	for range 4 {
		conn := d.from(6)
		proxied = append(proxied, conn)
		if !d.asks(conn, "/") {
			t.Fatal("a proxy is not served")
		}
	}
	if d.asks(d.from(9), "/") {
		t.Error("a stranger got a place where none was free")
	}
	for _, conn := range proxied {
		if !d.asks(conn, "/") {
			t.Error("a proxy's connection was closed")
		}
	}
}

// The process keeps most of its files for other things than connections.
func TestDefaultConnectionLimits(t *testing.T) {
	t.Parallel()
	for files, want := range map[uint64]ConnectionLimits{
		0: {Total: 16, Strange: 4}, 256: {Total: 64, Strange: 16}, 4096: {Total: 1024, Strange: 256},
		20_000: {Total: 5000, Strange: 512}, 1 << 20: {Total: 8192, Strange: 512}, math.MaxUint64: {Total: 8192, Strange: 512},
	} {
		if got := limitsOf(files); got.Total != want.Total || got.Strange != want.Strange {
			t.Errorf("with %d files: %+v", files, got)
		}
	}
	if limits := DefaultConnectionLimits(); limits.Total < 16 || limits.Strange < 4 {
		t.Errorf("%+v", limits)
	}
}

// What a connection counts for ends with it, whoever was on it and how often they logged in;
// who logs in on a connection that has gone counts for nothing.
func TestConnectionsAreForgotten(t *testing.T) {
	t.Parallel()
	d := newDoor(t, ConnectionLimits{Total: 100, Strange: 3, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.6/32")}})
	var open []net.Conn
	for n, path := range map[byte]string{6: "/in", 7: "/in", 8: "/"} {
		conn := d.from(n)
		open = append(open, conn)
		if !d.asks(conn, path) {
			t.Fatalf("127.0.0.%d is not served", n)
		}
	}
	again := d.from(7)
	if first, second := d.asks(again, "/in"), d.asks(again, "/in"); !first || !second {
		t.Error("who logs in twice on a connection is not served")
	} else {
		open = append(open, again)
	}
	d.limited.mu.Lock()
	gone := d.limited.networks["127.0.0.8"].strange.Front().Value.(*limitedConn)
	d.limited.mu.Unlock()
	for _, conn := range open {
		must(t, conn.Close())
	}
	testkit.Eventually(t, "nothing counts", func() bool {
		d.limited.mu.Lock()
		defer d.limited.mu.Unlock()
		return d.limited.open == 0 && len(d.limited.networks) == 0
	})
	gone.loggedIn()
	if len(d.limited.networks) > 0 {
		t.Error("a connection that has gone counts")
	}
}

// A login counts for its connection under HTTPS, too.
func TestConnectionsOverTLS(t *testing.T) {
	t.Parallel()
	certificate, err := tls.LoadX509KeyPair(testkit.NewCA(t).Issue("127.0.0.1"))
	must(t, err)
	d := openDoor(t, ConnectionLimits{Total: 100, Strange: 3}, &tls.Config{Certificates: []tls.Certificate{certificate}})
	conn := tls.Client(d.from(7), &tls.Config{InsecureSkipVerify: true}) // who is there is another test's
	if !d.asks(conn, "/") {
		t.Fatal("it is not served")
	}
	d.strange(7, 1)
	if !d.asks(conn, "/in") {
		t.Fatal("it is not served")
	}
	d.strange(7, 0)
}

// The server's half of a connection may be closed alone, so that what its client still sends
// does not cost the client the reply.
func TestHalfOfAConnectionCloses(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	limited := LimitConnections(inner, ConnectionLimits{Total: 1, Strange: 1})
	defer limited.Close()
	client, err := net.Dial("tcp", inner.Addr().String())
	must(t, err)
	defer client.Close()
	must(t, client.SetDeadline(time.Now().Add(testkit.Patience)))
	served, err := limited.Accept()
	must(t, err)
	defer served.Close()
	must(t, served.(interface{ CloseWrite() error }).CloseWrite())
	if rest, err := io.ReadAll(client); len(rest) != 0 || err != nil {
		t.Errorf("the client reads %q, %v", rest, err)
	}
	_, err = io.WriteString(client, "x")
	must(t, err)
	if _, err := io.ReadFull(served, make([]byte, 1)); err != nil {
		t.Errorf("the other half: %v", err)
	}
}
