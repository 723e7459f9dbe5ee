package bench

import (
	"context"
	"fmt"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/workers/agents/bind"
	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
)

// direct changes one zone of the plane's named beside the engine, as nsupdate
// would: the baselines. The engine sees such changes as drift and undoes them
// sooner or later, so the zone is of no use for anything else.
type direct struct {
	conn *dnsclient.Conn
	key  dnsclient.Key
	zone string
}

// openDirect connects to the plane's named with the key of the view.
func openDirect(ctx context.Context, p *plane, view int64, zone string) (*direct, error) {
	access, err := bind.OpenAccess(p.agentDir)
	if err != nil {
		return nil, err
	}
	key, err := access.ViewKey(view)
	if err != nil {
		return nil, err
	}
	conn, err := dnsclient.Dial(ctx, p.dns)
	if err != nil {
		return nil, err
	}
	return &direct{conn: conn, key: key, zone: mdns.Fqdn(zone)}, nil
}

func (d *direct) close() { d.conn.Close() }

// add puts the hosts with numbers first to first+n-1 into one signed update.
func (d *direct) add(ctx context.Context, first, n int) error {
	m := new(mdns.Msg)
	m.SetUpdate(d.zone)
	m.Compress = true
	for i := first; i < first+n; i++ {
		rr, err := mdns.NewRR(fmt.Sprintf("%s.%s 60 IN A %s", directHost(i), d.zone, address(i)))
		if err != nil {
			return err
		}
		m.Ns = append(m.Ns, rr)
	}
	reply, err := d.conn.Exchange(ctx, d.key, m)
	if err != nil {
		return err
	}
	if reply.Rcode != mdns.RcodeSuccess {
		return fmt.Errorf("update of %s: %s", d.zone, mdns.RcodeToString[reply.Rcode])
	}
	return nil
}

func directHost(i int) string { return fmt.Sprintf("direct%d", i) }

// directLatency changes the zone n times, one record and one message each, and
// takes the time until named answers with it.
func directLatency(ctx context.Context, d *direct, r *resolver, n int) (*Latencies, error) {
	var took Latencies
	for i := range n {
		began := time.Now()
		if err := d.add(ctx, i, 1); err != nil {
			return nil, err
		}
		if err := r.until(ctx, directHost(i)+"."+d.zone, address(i)); err != nil {
			return nil, err
		}
		took.Add(time.Since(began))
	}
	return &took, nil
}
