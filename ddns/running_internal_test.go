package ddns

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
)

// Where all places for connections are taken, one on which nobody has signed anything makes room,
// and no other one.
func TestStrangersMakeRoom(t *testing.T) {
	t.Parallel()
	r := &running{open: map[*conn]struct{}{}, networks: map[string]int{}}
	var stranger *conn
	for i := range mostConnections {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		defer ours.Close()
		c := newConn(r, ours, netip.AddrPort{}, fmt.Sprint("network ", i))
		if c.known.Store(i != 77); i == 77 {
			stranger = c
		}
		r.open[c] = struct{}{}
		r.networks[c.network]++
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dialed, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer dialed.Close()
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	own := r.admit(accepted)
	if own == nil {
		t.Fatal("it gets no place")
	}
	if _, err := stranger.Read(make([]byte, 1)); err == nil {
		t.Error("the stranger's connection is open")
	}
	r.leave(stranger) // as its own goroutine does
	if len(r.open) != mostConnections || len(r.networks) != mostConnections {
		t.Errorf("%d connections of %d networks", len(r.open), len(r.networks))
	}
	own.known.Store(true)
	if r.admit(accepted) != nil {
		t.Error("one who has signed made room")
	}
}
