package system

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// While the log grows in two processes, one is killed, NATS goes, the other is frozen and
// killed. Readers of events come, stop reading, go and come back, to either process: each of
// them gets every event, once and in order.
func TestEventReadersLoseNothing(t *testing.T) {
	t.Parallel()
	bus := deployment.StartBus(t)
	url, keys := testkit.PostgresURL(t), filepath.Join(t.TempDir(), "vault.key")
	var both [2]*deployment.Server
	for i, name := range []string{"first", "second"} {
		both[i] = deployment.StartServe(t, name, "--database-url", url, "--nats-url", bus.URL(), "--key-file", keys)
	}
	a, b := both[0], both[1]
	view := a.Created(a.Post("/dns/views", `{"name":"office","acl":"any"}`))
	zone := a.Created(a.Post("/dns/zones", fmt.Sprintf(`{"name":"example.com","zone_type":"master","view_ids":[%s]}`, view)))
	begin := a.Head()

	var end atomic.Int64 // of the log once nothing is written any more, 0 before
	var reading, writing sync.WaitGroup
	readers := make([]*eventReader, 4)
	for i := range readers {
		readers[i] = &eventReader{t: t, number: i, servers: both, at: begin, end: &end}
		reading.Go(readers[i].run)
	}
	var written atomic.Int64
	stop := make(chan struct{})
	for i, s := range both {
		writing.Go(func() {
			caller := s.Within(5 * time.Second)
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				record := deployment.RecordBody(fmt.Sprintf("w%d-%d", i, n), "192.0.2.1", zone)
				reply, _, err := caller.Ask(http.MethodPost, "/dns/records", record, "")
				if err == nil && reply.StatusCode == http.StatusOK {
					written.Add(1)
				}
			}
		})
	}
	grows := func() {
		t.Helper()
		more := written.Load() + 40
		testkit.Eventually(t, "the log grows", func() bool { return written.Load() >= more })
	}
	grows()
	a.Kill()
	grows()
	a.Start()
	grows()
	bus.Restart()
	grows()
	b.Freeze()
	grows()
	b.Thaw()
	grows()
	b.Kill()
	grows()
	b.Start()
	grows()
	close(stop)
	writing.Wait()
	end.Store(a.Head())
	a.Post("/dns/views", `{"name":"last","acl":"any"}`) // which wakes who waits
	reading.Wait()
	for _, r := range readers {
		t.Logf("reader %d: %d events by %d connections", r.number, r.at-begin, r.connections)
	}
}

// eventReader reads the log from a position to its end.
type eventReader struct {
	t           *testing.T
	number      int
	servers     [2]*deployment.Server
	at          int64
	end         *atomic.Int64
	connections int
}

func (r *eventReader) run() {
	for !r.done() {
		r.connections++
		// The same user, on a connection of its own.
		caller := r.servers[(r.number+r.connections)%2].Within(10 * time.Second)
		stream, err := caller.Stream("/v1/events", strconv.FormatInt(r.at, 10))
		if err != nil {
			time.Sleep(20 * time.Millisecond) // while it is killed, or starts
			continue
		}
		fine := r.read(bufio.NewReader(stream))
		_ = stream.Close()
		if !fine {
			return
		}
	}
}

func (r *eventReader) done() bool {
	end := r.end.Load()
	return end > 0 && r.at >= end
}

// read reads some events of a stream, or all that come; false: what came was wrong.
func (r *eventReader) read(stream *bufio.Reader) bool {
	most := 7 + 60*r.number // reader 0 goes after few events
	for n := 0; n < most && !r.done(); {
		line, err := stream.ReadString('\n')
		if err != nil {
			return true
		}
		data, found := strings.CutPrefix(line, "data: ")
		if !found {
			continue
		}
		var event struct{ Position int64 }
		if err := json.Unmarshal([]byte(data), &event); err != nil || event.Position != r.at+1 {
			r.t.Errorf("reader %d got event %d behind %d: %v", r.number, event.Position, r.at, err)
			return false
		}
		r.at = event.Position
		if n++; n%50 == 0 && r.number%2 == 1 {
			time.Sleep(200 * time.Millisecond) // a reader that stands still now and then
		}
	}
	return true
}
