package system

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/test/deployment"
)

const (
	// lookEvery is how often the watcher compares.
	lookEvery = 20 * time.Millisecond
	// truthWithin is how long a named may answer nothing, or with an error, until it is no longer said to be in sync.
	truthWithin = 15 * time.Second
)

// fleetWatch compares what is said of each name server with what its named answers afterwards. A
// named that is said to have a position answers with the zone's serial of then, or a later one, and
// with each record that was acknowledged up to there.
type fleetWatch struct {
	t       *testing.T
	load    *load
	serves  []*deployment.Server
	servers []*deployment.NameServer
	cancel  context.CancelFunc
	done    sync.WaitGroup
	// compared counts the answers of each. silent is since when a server has been said to be in sync
	// and answered nothing.
	compared []int
	silent   []time.Time
}

func watchFleet(t *testing.T, l *load, serves []*deployment.Server, servers []*deployment.NameServer) *fleetWatch {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &fleetWatch{
		t: t, load: l, serves: serves, servers: servers, cancel: cancel,
		compared: make([]int, len(servers)), silent: make([]time.Time, len(servers)),
	}
	w.done.Go(func() { w.run(ctx) })
	t.Cleanup(w.stop)
	return w
}

func (w *fleetWatch) stop() {
	w.cancel()
	w.done.Wait()
}

// end wants every name server to have been compared.
func (w *fleetWatch) end() {
	w.t.Helper()
	w.stop()
	w.t.Logf("compared: %v", w.compared)
	for i, n := range w.compared {
		if n == 0 {
			w.t.Errorf("name server %d was never compared", i+1)
		}
	}
}

func (w *fleetWatch) run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, s := range w.said(turn) {
			w.compare(ctx, s)
		}
	}
}

// saidServer is what is said of a name server.
type saidServer struct {
	Server   int64   `json:"server_id"`
	Serial   *uint32 `json:"serial"`
	Position int64   `json:"position"`
	State    string  `json:"state"`
}

// said asks one of the serves; one that is away says nothing.
func (w *fleetWatch) said(turn int) []saidServer {
	s := w.serves[turn%len(w.serves)].Within(time.Second)
	reply, body, err := s.Ask(http.MethodGet, "/v1/zones/"+w.load.zone+"/servers?view=office", "", "")
	if err != nil || reply.StatusCode != http.StatusOK {
		return nil
	}
	var list struct {
		Servers []saidServer `json:"servers"`
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		w.t.Errorf("%v: %s", err, body)
	}
	return list.Servers
}

func (w *fleetWatch) compare(ctx context.Context, said saidServer) {
	i := int(said.Server) - 1
	if said.Serial == nil || i < 0 || i >= len(w.servers) {
		return
	}
	named := w.servers[i].DNS
	reply := ask(ctx, named, "example.com.", mdns.TypeSOA)
	if reply == nil || reply.Rcode != mdns.RcodeSuccess {
		w.hushed(i, said, reply)
		return
	}
	w.silent[i] = time.Time{}
	w.compared[i]++
	if serial := serialOf(reply); int32(serial-*said.Serial) < 0 {
		w.t.Errorf("name server %d is said to have serial %d, and answers with %d", i+1, *said.Serial, serial)
	}
	host := w.load.newest(said.Position)
	if host == "" {
		return
	}
	reply = ask(ctx, named, host+".example.com.", mdns.TypeA)
	if reply != nil && (reply.Rcode == mdns.RcodeNameError || reply.Rcode == mdns.RcodeSuccess && len(reply.Answer) == 0) {
		w.t.Errorf("name server %d is said to have position %d, and lacks %s", i+1, said.Position, host)
	}
}

// hushed takes note that a named has not answered, or with an error.
func (w *fleetWatch) hushed(i int, said saidServer, reply *mdns.Msg) {
	switch {
	case said.State != "INSYNC":
		w.silent[i] = time.Time{}
	case w.silent[i].IsZero():
		w.silent[i] = time.Now()
	case time.Since(w.silent[i]) > truthWithin:
		w.t.Errorf("name server %d is said to be in sync, and has not answered since %s: %v", i+1, w.silent[i], reply)
	}
}

func serialOf(m *mdns.Msg) uint32 {
	for _, rr := range m.Answer {
		if soa, ok := rr.(*mdns.SOA); ok {
			return soa.Serial
		}
	}
	return 0
}

// ask returns the answer of a named, nil if none comes.
func ask(ctx context.Context, named, name string, kind uint16) *mdns.Msg {
	m := new(mdns.Msg).SetQuestion(name, kind)
	m.RecursionDesired = false
	reply, _, err := (&mdns.Client{Timeout: 500 * time.Millisecond}).ExchangeContext(ctx, m, named)
	if err != nil {
		return nil
	}
	return reply
}

// newest is the host of the last acknowledged write up to a position, empty for none.
func (l *load) newest(position int64) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.positions) - 1; i >= max(0, len(l.positions)-1000); i-- {
		if l.positions[i] <= position {
			return l.hosts[i]
		}
	}
	return ""
}
