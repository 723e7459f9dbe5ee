package ddns

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// viewsFor is how long the views that were read are taken for those that there are.
const viewsFor = time.Second

// views are all views in the order in which they are matched.
type views struct {
	reader *dnsmodel.Reader

	mu   sync.Mutex
	read time.Time
	all  []matched
}

type matched struct {
	id   int64
	name string
	acl  []dns.ACLEntry
}

// list returns the views as they were a moment ago.
func (v *views) list(ctx context.Context) ([]matched, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if time.Since(v.read) < viewsFor {
		return v.all, nil
	}
	views, _, err := v.reader.MatchedViews(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]matched, len(views))
	for i, one := range views {
		acl, err := dns.ParseACL(one.ACL)
		if err != nil {
			acl = nil // an older program took it; it matches nobody here
		}
		all[i] = matched{one.ID, one.Name, acl}
	}
	v.all, v.read = all, time.Now()
	return all, nil
}

// of returns the view that an address is served, 0 for none.
func (v *views) of(ctx context.Context, from netip.Addr) (int64, error) {
	all, err := v.list(ctx)
	for _, view := range all {
		if dns.MatchesACL(view.acl, from) {
			return view.id, err
		}
	}
	return 0, err
}
