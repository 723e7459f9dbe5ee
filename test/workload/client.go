package workload

import (
	"cmp"
	"context"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
)

// client is one of many that write at the same time. It repeats each write
// under one Idempotency-Key until it is answered for certain, and keeps what was
// acknowledged: own is what the whole system must come to say about the
// resources that this client alone changes.
type client struct {
	w     *Workload
	id    int
	rng   *rand.Rand
	http  *http.Client
	token string // of a user; else the workload's
	serie int    // numbers names and keys, none of which is used twice
	acks  atomic.Int64
	own   belongings
}

// belongings are resources by id, or by name where these have no ids on the wire.
type belongings struct {
	servers map[int64]dns.ServerData
	views   map[int64]dns.ViewData
	zones   map[int64]dns.ZoneData
	records map[int64]ownRecord
	conf    string
	users   map[string]*ownUser
	roles   map[int64]ownRole
	// privileges are those made by hand.
	privileges map[int64]access.PrivilegeData
	machines   map[string]ops.MachineData
	// tasks are those in the lists that were executed, with what they say; ran is what all said.
	tasks map[string]string
	ran   []string
	// gone are names of zones that were deleted or renamed.
	gone []string
}

type ownRecord struct {
	zone int64
	dns.RecordData
}

func newClient(w *Workload, id int) *client {
	return &client{
		w: w, id: id, rng: rand.New(rand.NewPCG(w.seed, uint64(id))),
		http: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{}},
		own:  newBelongings(),
	}
}

func newBelongings() belongings {
	return belongings{
		servers: map[int64]dns.ServerData{}, views: map[int64]dns.ViewData{}, zones: map[int64]dns.ZoneData{}, records: map[int64]ownRecord{},
		users: map[string]*ownUser{}, roles: map[int64]ownRole{}, privileges: map[int64]access.PrivilegeData{},
		machines: map[string]ops.MachineData{}, tasks: map[string]string{},
	}
}

// run writes and reads at random until ctx ends; the last write is carried through.
func (c *client) run(ctx context.Context) {
	defer c.w.tell()
	defer c.http.CloseIdleConnections()
	for ctx.Err() == nil && !c.w.t.Failed() {
		c.step()
	}
}

func (c *client) next() int { c.serie++; return c.serie }

// pick returns a random key that is wanted, the zero value when there is none.
func pick[K cmp.Ordered, V any](rng *rand.Rand, all map[K]V, wanted func(K) bool) (none K) {
	keys := slices.DeleteFunc(sortedKeys(all), func(key K) bool { return !wanted(key) })
	if len(keys) == 0 {
		return none
	}
	return keys[rng.IntN(len(keys))]
}

func sortedKeys[K cmp.Ordered, V any](all map[K]V) []K { return slices.Sorted(maps.Keys(all)) }

func every[K any](K) bool { return true }
