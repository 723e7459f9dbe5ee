package snapshots_test

import (
	"encoding/json"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// A read model that an earlier version left inside a change gives no snapshot.
func TestNoSnapshotInsideAChange(t *testing.T) {
	t.Parallel()
	p, nc := enrolled(t)
	last := p.Append(
		dns.ViewCreated{ID: 1, View: dns.ViewData{Name: "a", ACL: "any"}}, dns.ViewCreated{ID: 2, View: dns.ViewData{Name: "b", ACL: "any"}},
	)
	p.Projected(last)
	for _, c := range []struct {
		at     domain.Position
		refuse bool
	}{{last - 1, true}, {last, false}} {
		if _, err := p.Pool.Exec(t.Context(), `UPDATE dns.checkpoint SET position = $1`, c.at); err != nil {
			t.Fatal(err)
		}
		if info := answer(t, nc); (info.Error != "") != c.refuse || !c.refuse && info.Position != last {
			t.Errorf("with the read model at %d, of %d: %+v", c.at, last, info)
		}
	}
}

// answer asks for a snapshot and returns whatever the answer is.
func answer(t *testing.T, nc *nats.Conn) (info protocol.SnapshotInfo) {
	t.Helper()
	m, err := nc.Request(protocol.SubjectSnapshotOpen(1), nil, testkit.Patience)
	if err == nil {
		err = json.Unmarshal(m.Data, &info)
	}
	if err != nil {
		t.Fatal(err)
	}
	return info
}
