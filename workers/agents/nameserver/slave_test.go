package nameserver

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/agents/bind"
	"github.com/opsledger/opsledger/workers/control/reporter"
	"github.com/opsledger/opsledger/workers/internal/planetest"
)

// startNamed runs the agent of a server, with a named of its own, until stop is called.
func startNamed(t *testing.T, p *planetest.Plane, id int64, at, dir string) (stop func()) {
	t.Helper()
	nc := testkit.Connect(t, p.Server, Options(id)...)
	key, _ := p.Signer.Known(t.Context())
	engine, err := bind.New(bind.Config{
		Dir: dir, Agent: id, Supervise: true, Listen: netip.MustParseAddrPort(at), Secrets: Secrets(nc, id, key), TransferKeys: TransferKeys(nc, id, key),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	unfollow := startAs(t, nc, id, key, engine)
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		unfollow()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the engine ended with %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// A master and a slave of one control plane, which gives both the keys: what Change calls in sync is answered by
// both, the one that is new is in the NS set once it was proved, and each becomes what the other is.
func TestASlaveOfTheControlPlane(t *testing.T) {
	t.Parallel()
	if !testkit.InNetwork(t, "127.0.0.2", "127.0.0.3") {
		return
	}
	p := planetest.Start(t)
	data := func(id int64, kind string) dns.ServerData {
		return dns.ServerData{Host: fmt.Sprint("ns", id), IP: fmt.Sprintf("127.0.0.%d", id+1), Type: kind}
	}
	at := func(id int64) string { return data(id, "").IP + ":53" }
	p.Append(
		view(1), dns.ZoneCreated{ID: 1, Zone: dns.ZoneData{Name: "example.com", Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{1}}},
	)
	dirs := map[int64]string{1: t.TempDir(), 2: t.TempDir()}
	stops := map[int64]func(){}
	for id, kind := range map[int64]string{1: "master", 2: "slave"} {
		p.Append(dns.ServerCreated{ID: id, Server: data(id, kind)}, dns.ServerEnrolled{ID: id, Unproved: true})
		p.Eventually("the roster has the server", func() bool { return p.Roster.Has(id) })
		stops[id] = startNamed(t, p, id, at(id), dirs[id])
	}
	served := func(id int64, name string) (values []string) {
		t.Helper()
		reply := testkit.Exchange(t, mdns.Client{}, new(mdns.Msg).SetQuestion(name, mdns.TypeA), at(id))
		for _, rr := range reply.Answer {
			values = append(values, rr.(*mdns.A).A.String())
		}
		return values
	}
	records := int64(0)
	live := func(position domain.Position) {
		t.Helper()
		if c, err := p.Reporter.Change(t.Context(), position, testkit.Patience); err != nil || c.State != reporter.InSync {
			t.Fatalf("change %d: %+v %v", position, c, err)
		}
	}
	added := func() (name, value string, position domain.Position) {
		t.Helper()
		records++
		e := record(records, fmt.Sprintf("192.0.2.%d", records))
		e.Record.Host = fmt.Sprint("h", records)
		return e.Record.Host + ".example.com.", e.Record.Value, p.Append(e)
	}
	everywhere := func(master int64) {
		t.Helper()
		name, value, position := added()
		live(position)
		for id := range dirs {
			if got := served(id, name); !slices.Equal(got, []string{value}) {
				t.Errorf("in sync at %d, but server %d says %v of %s", position, id, got, name)
			}
			if got := served(id, "master.example.com."); !slices.Equal(got, []string{data(master, "").IP}) {
				t.Errorf("server %d has the name server at %v, and the master is %d", id, got, master)
			}
		}
	}
	everywhere(1)
	p.Eventually("both serve", func() bool {
		list, _ := p.Roster.Enrolled()
		return len(list) == 2 && list[0].Serves && list[1].Serves
	})

	// The slave's named is what is away from the master, and the master what is away from it.
	stops[1]()
	_, _, position := added()
	p.Eventually("the slave has heard of the change, and lacks it", func() bool {
		c := change(t, p, position)
		i := slices.IndexFunc(c.Servers, func(s reporter.ServerChange) bool { return s.ServerID == 2 })
		return c.State == reporter.Pending && !c.Servers[i].Applied && c.Servers[i].AppliedPosition == position-1
	})
	stops[1] = startNamed(t, p, 1, at(1), dirs[1])
	live(position)

	become := func(id int64, before, after string) {
		t.Helper()
		live(p.Append(dns.ServerUpdated{ID: id, Before: data(id, before), After: data(id, after)}))
	}
	become(2, "slave", "master")
	become(1, "master", "slave")
	everywhere(2)
}

func change(t *testing.T, p *planetest.Plane, position domain.Position) reporter.Change {
	t.Helper()
	c, err := p.Reporter.Change(t.Context(), position, 0)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
