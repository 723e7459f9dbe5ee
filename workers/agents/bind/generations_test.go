package bind

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
)

// generations is a zone whose names all have new addresses in each generation: a client that
// has seen an address of one generation must never see one of an earlier one, nor a name
// without addresses, nor addresses of two generations at a name.
type generations struct {
	// names change, each with so many addresses; resting names do not.
	names, each, resting int
}

// distinct is how many generations an address tells apart.
const distinct = 100

const generationsView, generationsZone = 1, 5

func (g generations) record(name, nth, generation int) (id int64, data dns.RecordData) {
	address := fmt.Sprintf("10.%d.%d.%d", generation%distinct+distinct*nth, name/250, name%250)
	return int64(1000 + generation*100_000 + name*g.each + nth), record(generationsView, fmt.Sprintf("w%d", name), "A", address)
}

// snapshot is the state with the generation, at the position.
func (g generations) snapshot(generation int, at domain.Position) Snapshot {
	rows := []protocol.SnapshotRow{
		{View: &protocol.SnapshotView{ID: generationsView, View: dns.ViewData{Name: "all", ACL: "any"}, Changed: 1}},
		{Zone: &protocol.SnapshotZone{
			ID: generationsZone, Zone: dns.ZoneData{Name: "a.test", Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: []int64{generationsView}},
			Changed: map[int64]domain.Position{generationsView: at},
		}},
	}
	add := func(id int64, data dns.RecordData) {
		rows = append(rows, protocol.SnapshotRow{Record: &protocol.SnapshotRecord{ID: id, ZoneID: generationsZone, Record: data}})
	}
	for name := range g.names {
		for nth := range g.each {
			add(g.record(name, nth, generation))
		}
	}
	for i := range g.resting {
		add(int64(-1-i), record(generationsView, fmt.Sprintf("rest%d", i), "A", "192.0.2.1"))
	}
	return Snapshot{Position: at, LastDNS: at, Rows: rows}
}

// change deletes all names of the generation and adds those of the next.
func (g generations) change(generation int) []domain.Event {
	var events []domain.Event
	for name := range g.names {
		for nth := range g.each {
			id, data := g.record(name, nth, generation)
			events = append(events, dns.RecordDeleted{ID: id, ZoneID: generationsZone, Record: data})
		}
	}
	for name := range g.names {
		for nth := range g.each {
			id, data := g.record(name, nth, generation+1)
			events = append(events, dns.RecordAdded{ID: id, ZoneID: generationsZone, Record: data})
		}
	}
	return events
}

// newHost starts an engine with the first generation.
func (g generations) newHost(t *testing.T) *host {
	t.Helper()
	h := &host{t: t, dir: t.TempDir(), ids: 100, position: 100}
	h.startFrom(g.snapshot(0, h.position))
	t.Cleanup(h.stop)
	h.applied()
	return h
}

// clients ask for names all the time.
type clients struct {
	questions, wrong atomic.Int64
	// changes are those that have begun.
	changes atomic.Int64
	stop    func()
}

// answer is the generation that a client has seen, after so many changes at least.
type answer struct {
	generation int
	changes    int64
}

// poll starts clients that ask until stop. With eachName a client only compares what it has
// seen of the same name.
func (g generations) poll(h *host, eachName bool) *clients {
	c := &clients{}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			conn, err := mdns.Dial("udp", h.engine.Addr().String())
			if err != nil {
				h.t.Error(err)
				return
			}
			defer conn.Close()
			seen := map[int]answer{}
			for ctx.Err() == nil {
				name := rand.IntN(g.names)
				key := name
				if !eachName {
					key = 0
				}
				changes := c.changes.Load()
				generation, text := g.ask(conn, name)
				before, known := seen[key]
				// One that was held up may have missed more changes than generations can be told apart.
				known = known && c.changes.Load()-before.changes < distinct/2
				switch {
				case text == "timeout":
					continue
				case text != "" || known && (generation-before.generation+distinct)%distinct >= distinct/2:
					if c.wrong.Add(1) < 5 {
						h.t.Errorf("w%d: %s, generation %d after %d", name, text, generation, before.generation)
					}
				default:
					seen[key] = answer{generation, changes}
				}
				c.questions.Add(1)
			}
		})
	}
	c.stop = func() { cancel(); wg.Wait() }
	h.t.Cleanup(c.stop)
	return c
}

// ask returns the generation that a name is answered with, or what is wrong with the answer.
func (g generations) ask(conn *mdns.Conn, name int) (generation int, wrong string) {
	m := new(mdns.Msg)
	m.SetQuestion(fmt.Sprintf("w%d.a.test.", name), mdns.TypeA)
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if err := conn.WriteMsg(m); err != nil {
		return 0, err.Error()
	}
	for {
		r, err := conn.ReadMsg()
		if timeout, is := errors.AsType[net.Error](err); is && timeout.Timeout() {
			return 0, "timeout"
		}
		if err != nil {
			return 0, err.Error()
		}
		if r.Id == m.Id {
			return g.read(r)
		}
	}
}

func (g generations) read(r *mdns.Msg) (generation int, wrong string) {
	if r.Rcode != mdns.RcodeSuccess || len(r.Answer) != g.each {
		return 0, fmt.Sprintf("%s with %d records", mdns.RcodeToString[r.Rcode], len(r.Answer))
	}
	for i, rr := range r.Answer {
		now := int(rr.(*mdns.A).A.To4()[1]) % distinct
		if i > 0 && now != generation {
			return 0, fmt.Sprintf("addresses of the generations %d and %d", generation, now)
		}
		generation = now
	}
	return generation, ""
}

// questions is how many questions a test asks at least. By hand:
// OPSLEDGER_TEST_QUESTIONS=50000 go test -run TestAChange ./workers/agents/bind
func questions() int64 {
	if n, err := strconv.ParseInt(os.Getenv("OPSLEDGER_TEST_QUESTIONS"), 10, 64); err == nil {
		return n
	}
	return 1500
}

// run makes changes until enough was asked, at least two.
func (g generations) run(h *host, c *clients) (changes int) {
	for generation := 0; generation < 2 || c.questions.Load() < questions(); generation++ {
		c.changes.Add(1)
		h.emitAll(g.change(generation)...)
		h.applied()
		changes++
	}
	c.stop()
	h.t.Logf("%d changes, %d questions, %d wrong", changes, c.questions.Load(), c.wrong.Load())
	return changes
}
