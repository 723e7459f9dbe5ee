package nameserver

import (
	"context"
	"fmt"
	"net/netip"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/agents/bind"
	"github.com/opsledger/opsledger/workers/control/reporter"
	"github.com/opsledger/opsledger/workers/internal/planetest"
)

// The real engine with a named of its own: what Change calls in sync is answered.
func TestTheWholeWayToNamed(t *testing.T) {
	t.Parallel()
	p := planetest.Start(t)
	p.Append(
		dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "any", ACL: "any"}},
		dns.ZoneCreated{ID: 1, Zone: dns.ZoneData{Name: "example.com", Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{1}}},
	)
	p.Enroll(1, master("1"))
	nc := testkit.Connect(t, p.Server, Options(1)...)
	key, _ := p.Signer.Known(t.Context())
	engine, err := bind.New(bind.Config{
		Dir: t.TempDir(), Agent: 1, Supervise: true, Listen: netip.MustParseAddrPort("127.0.0.1:0"), Secrets: Secrets(nc, 1, key),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the engine ended with %v", err)
		}
	})
	startAs(t, nc, 1, key, engine)
	for i := range 10 {
		value := fmt.Sprintf("192.0.2.%d", i+1)
		added := record(int64(i+1), value)
		added.Record.Host = fmt.Sprintf("h%d", i)
		position := p.Append(added)
		change, err := p.Reporter.Change(t.Context(), position, testkit.Patience)
		if err != nil || change.State != reporter.InSync {
			t.Fatalf("change %d: %+v %v", position, change, err)
		}
		query := new(mdns.Msg).SetQuestion(added.Record.Host+".example.com.", mdns.TypeA)
		answer := testkit.Exchange(t, mdns.Client{}, query, engine.Addr().String())
		if len(answer.Answer) != 1 || answer.Answer[0].(*mdns.A).A.String() != value {
			t.Errorf("in sync at %d, but named says %v", position, answer)
		}
	}
}
