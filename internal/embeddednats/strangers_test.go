package embeddednats

import (
	"context"
	"io"
	"net"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

func TestTooManyStrangers(t *testing.T) {
	t.Parallel()
	open := []*server.ConnInfo{
		{Cid: 1, IP: "192.0.2.1"}, {Cid: 2, IP: "192.0.2.1"}, {Cid: 3, IP: "192.0.2.1", AuthorizedUser: "UA"},
		{Cid: 4, IP: "::ffff:192.0.2.1"}, {Cid: 5, IP: "192.0.2.2"}, {Cid: 6, IP: "pipe"}, {Cid: 7}, {Cid: 8},
		{Cid: 9, IP: "2001:db8::1"}, {Cid: 10, IP: "2001:db8::2"}, {Cid: 11, IP: "2001:db8::3"}, {Cid: 12, IP: "2001:db8:0:1::3"},
	}
	if got := tooMany(open, 2); !slices.Equal(got, []uint64{4, 11}) {
		t.Errorf("%v are turned away", got)
	}
}

// Who takes all places without a word does not keep out who may connect; who is connected
// stays, from the same address, too.
func TestStrangersKeepNobodyOut(t *testing.T) {
	t.Parallel()
	w := newAuthority(t)
	const places = 64
	s := startTest(t, Config{Listen: "127.0.0.1:0", Trust: w.trust(), Connections: places, authTimeout: 3600})
	_, user := w.user(w.a)
	before, err := nats.Connect(s.URL(), user, nats.Timeout(time.Minute), nats.NoReconnect())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(before.Close)
	silent := takePlaces(t, s, places-1)
	if nc, err := nats.Connect(s.URL(), user, nats.Timeout(time.Minute)); err == nil {
		nc.Close()
		t.Fatal("there was a place left")
	}

	ctx, stop := context.WithCancel(t.Context())
	var turning sync.WaitGroup
	turning.Go(func() { _ = s.TurnAway(ctx) })
	t.Cleanup(turning.Wait)
	t.Cleanup(stop)
	for _, conn := range silent[places/8:] { // the first may stay
		_, _ = io.Copy(io.Discard, conn) // until it is closed
	}
	nc, err := nats.Connect(s.URL(), user, nats.Timeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
	if !before.IsConnected() {
		t.Error("a client that had said who it is was cut off")
	}
}

// takePlaces opens connections that say nothing, and returns them once no place is left.
func takePlaces(t *testing.T, s *Server, places int) (silent []net.Conn) {
	t.Helper()
	for range places {
		conn, err := net.Dial("tcp", s.inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := conn.Read(make([]byte, 1)); err != nil { // the greeting
			t.Fatal(err)
		}
		silent = append(silent, conn)
	}
	for s.inner.NumClients() < s.connections { // one that is greeted is counted a moment later
		runtime.Gosched()
	}
	return silent
}
