package presence_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// A host's heartbeats, however many and whatever is in them, neither grow the process nor
// keep those of others from being heard and stored. No other test runs meanwhile, whose
// memory would count.
func TestAFloodOfHeartbeats(t *testing.T) {
	w := newWorld(t)
	log := w.Store.LogID()
	evil := protocol.HostHeartbeat{Log: log, Boot: uuid.New(), Version: "\x00v" + strings.Repeat("x", 5_000)}
	poisoned, err := json.Marshal(evil)
	w.Check(err)
	open := `{"log":"` + log.String() + `","boot":"` + uuid.NewString() + `","version":"x",`
	thief := testkit.Connect(t, w.Server) // a connection of its own, which the bus may slow down
	grown := testkit.HeapGrowth(t)
	for range 2500 {
		for _, payload := range []string{
			open + `"known":[` + strings.Repeat("1,", 3_000) + "1]}", open + `"accounts":[` + strings.Repeat("{},", 3_000) + "{}]}",
			strings.Repeat("x", 70_000), string(poisoned),
		} {
			w.Check(thief.Publish(protocol.SubjectHostHeartbeat(7), []byte(payload)))
		}
	}
	for range 100 {
		w.Check(thief.Publish(protocol.SubjectHostHeartbeat(7), []byte(open+`"known":[`+strings.Repeat("1,", 30_000)+"1]}")))
	}
	w.Check(thief.FlushTimeout(testkit.Patience))
	w.Eventually("the other host is heard", func() bool { w.alive(8, domain.Position(1)); return w.Presence.Host(8).Online })
	if most := grown(); most > 150<<20 {
		t.Errorf("the process grew by %d MB", most>>20)
	}
	w.Eventually("the poisoned one is heard", func() bool {
		w.Check(w.NC.Publish(protocol.SubjectHostHeartbeat(7), poisoned))
		v := w.Presence.Host(7).Version
		return strings.HasPrefix(v, "vx") && len(v) <= protocol.MaxVersion
	})
	if known := w.Presence.Host(7); len(known.Accounts) > protocol.MaxAccounts {
		t.Errorf("%d accounts are remembered", len(known.Accounts))
	}
	w.Stop() // stores what was heard
	var hosts int
	w.Check(w.Pool.QueryRow(t.Context(), "SELECT count(*) FROM control.hosts").Scan(&hosts))
	if hosts != 2 {
		t.Errorf("%d hosts are stored", hosts)
	}
}
