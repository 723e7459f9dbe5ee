package publicdial_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"

	"github.com/opsledger/opsledger/internal/publicdial"
	"github.com/opsledger/opsledger/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestPublic(t *testing.T) {
	t.Parallel()
	for text, public := range map[string]bool{
		"8.8.8.8": true, "93.184.216.34": true, "2606:4700::1111": true, "2a00:1450:4001::200e": true, "::ffff:8.8.8.8": true,
		"172.15.255.255": true, "172.32.0.0": true, "100.63.255.255": true, "100.128.0.0": true, "223.255.255.255": true, "11.0.0.0": true,
		"2001:200::1": true, "3fff:1000::": true,

		"0.0.0.0": false, "0.1.2.3": false, "127.0.0.1": false, "127.255.255.254": false, "10.0.0.1": false, "172.16.0.1": false,
		"172.31.255.255": false, "192.168.1.1": false, "169.254.169.254": false, "169.254.170.2": false, "100.64.0.1": false,
		"100.100.100.200": false, "192.0.0.192": false, "192.0.2.1": false, "198.18.0.1": false, "198.51.100.7": false, "203.0.113.9": false,
		"192.88.99.1": false, "168.63.129.16": false, "224.0.0.1": false, "239.255.255.250": false, "240.0.0.1": false, "255.255.255.255": false,

		"::": false, "::1": false, "fe80::1": false, "fe80::1%eth0": false, "2606:4700::1111%eth0": false, "fec0::1": false, "fc00::1": false,
		"fd00:ec2::254": false, "ff02::1": false, "::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "::ffff:0:127.0.0.1": false,
		"::127.0.0.1": false, "64:ff9b::127.0.0.1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b:1::1": false, "2002:7f00:1::": false,
		"2002:a9fe:a9fe::1": false, "2001::1": false, "2001:0:4136:e378:8000:63bf:3fff:fdd2": false, "2001:db8::1": false, "100::1": false,
		"5f00::1": false, "3fff::1": false, "4000::1": false,
	} {
		if got := publicdial.Public(netip.MustParseAddr(text)); got != public {
			t.Errorf("%s: public %v, want %v", text, got, public)
		}
	}
	if publicdial.Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

func TestCheckHost(t *testing.T) {
	t.Parallel()
	for host, good := range map[string]bool{
		"hooks.example.com": true, "Hooks.Example.COM.": true, "localhost": true, "xn--bcher-kva.example": true, "a_b.example": true,
		"127.0.0.1": true, "::1": true, "fe80::1%eth0": true, "1.example": true,
		"": false, ".": false, "a..b": false, "bücher.example": false, "１２７.０.０.１": false, "127。0。0。1": false, "a b": false, "a/b": false, "a%00b": false,
		"127.1": false, "127.0.1": false, "2130706433": false, "017700000001": false, "0x7f000001": false, "0x7f.1": false, "0x7f.0.0.0x1": false,
		"127.0.0.01": false, "0177.0.0.1": false, "127.0.0.1.": false, "1.2.3.4.5": false, "256.0.0.1": false,
	} {
		if err := publicdial.CheckHost(host); (err == nil) != good {
			t.Errorf("%q: %v", host, err)
		}
	}
}

func parse(t *testing.T, texts ...string) (all []publicdial.Allowed) {
	t.Helper()
	for _, text := range texts {
		a, err := publicdial.ParseAllowed(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	return all
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	d := publicdial.Dialer{Allow: parse(t, "10.0.0.0/8", "192.168.1.1:8443", "[::1]:80", "fd00::/8", "Hooks.Internal.", "other.internal:8080", "::ffff:127.0.0.2")}
	for text, allowed := range map[string]bool{
		"10.9.8.7:1": true, "[::ffff:10.9.8.7]:1": true, "192.168.1.1:8443": true, "192.168.1.1:443": false, "[::1]:80": true, "[::1]:81": false,
		"[fd12::1]:9": true, "127.0.0.2:9": true, "127.0.0.1:9": false, "8.8.8.8:53": true,
	} {
		at := netip.MustParseAddrPort(text)
		if err := d.Check(at.Addr(), at.Port()); (err == nil) != allowed {
			t.Errorf("%s: %v", text, err)
		}
	}
	if !d.Names("hooks.internal", 9) || !d.Names("HOOKS.internal.", 9) || !d.Names("other.internal", 8080) || d.Names("other.internal", 80) || d.Names("internal", 9) {
		t.Error("names are not allowed as they were given")
	}
	d.Only = true
	if err := d.Check(netip.MustParseAddr("8.8.8.8"), 53); !errors.Is(err, publicdial.ErrNotAllowed) {
		t.Errorf("only what is allowed: %v", err)
	}
	for _, text := range []string{"", "10.0.0.0/33", "a/8", "http://10.0.0.1", "host:", "host:0", "host:70000", "0x7f.1", "a b"} {
		if _, err := publicdial.ParseAllowed(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// resolver is one whose answers a test gives, by a name server of its own.
func resolver(t *testing.T, answer func() string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	server := &dns.Server{PacketConn: conn, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		reply := new(dns.Msg).SetReply(q)
		if q.Question[0].Qtype == dns.TypeA {
			rr, _ := dns.NewRR(q.Question[0].Name + " 0 A " + answer())
			reply.Answer = append(reply.Answer, rr)
		}
		_ = w.WriteMsg(reply)
	})}
	testkit.Background(t, func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, func() { <-started; _ = server.Shutdown() })
		defer stop()
		return server.ActivateAndServe()
	})
	testkit.Await(t, "the name server", started)
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// receiver counts the connections that it gets.
func receiver(t *testing.T) (port string, connections *atomic.Int32) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	connections = new(atomic.Int32)
	testkit.Background(t, func(ctx context.Context) error {
		defer context.AfterFunc(ctx, func() { _ = listener.Close() })()
		for {
			conn, err := listener.Accept()
			if err != nil {
				return nil
			}
			connections.Add(1)
			_ = conn.Close()
		}
	})
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port, connections
}

// A name that was public when somebody looked leads nowhere else by the time of the connection.
func TestRebinding(t *testing.T) {
	t.Parallel()
	port, connections := receiver(t)
	var asked atomic.Int32
	names := resolver(t, func() string {
		if asked.Add(1) == 1 {
			return "8.8.8.8"
		}
		return "127.0.0.1"
	})
	seen, err := names.LookupNetIP(t.Context(), "ip4", "rebind.example.")
	if err != nil || len(seen) != 1 || !publicdial.Public(seen[0]) {
		t.Fatalf("first: %v %v", seen, err)
	}
	d := publicdial.Dialer{Resolver: names}
	if _, err := d.DialContext(t.Context(), "tcp", "rebind.example.:"+port); !errors.Is(err, publicdial.ErrNotPublic) {
		t.Errorf("then: %v", err)
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
	d.Allow = parse(t, "rebind.example")
	conn, err := d.DialContext(t.Context(), "tcp", "rebind.example.:"+port)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}

// However an address is written, it is the one that is connected to which counts.
func TestNotations(t *testing.T) {
	t.Parallel()
	port, connections := receiver(t)
	for _, host := range []string{
		"127.0.0.1", "localhost", "localhost.", "127.1", "2130706433", "0x7f000001", "017700000001", "0x7f.1", "::ffff:127.0.0.1", "0.0.0.0", "::", "",
		"0", "::1", "::127.0.0.1", "64:ff9b::127.0.0.1",
	} {
		if conn, err := new(publicdial.Dialer).DialContext(t.Context(), "tcp", net.JoinHostPort(host, port)); err == nil {
			_ = conn.Close()
			t.Errorf("%q is connected to", host)
		}
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
}
