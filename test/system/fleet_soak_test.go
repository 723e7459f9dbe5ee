package system

import (
	"fmt"
	"testing"
	"time"

	"github.com/opsledger/opsledger/test/deployment"
	"github.com/opsledger/opsledger/test/natscluster"
)

// TestFleetSoak is TestSoak for a fleet: a cluster of three NATS nodes, two serve, and name servers,
// of which each is watched: at no time is it said to have a change that its named does not answer
// with. The short form runs with all tests; `make fleet-soak` takes OPSLEDGER_FLEET_SOAK=10m.
func TestFleetSoak(t *testing.T) {
	t.Parallel()
	length, interval := fromEnvironment(t, "OPSLEDGER_FLEET_SOAK", 8*time.Second), fromEnvironment(t, "OPSLEDGER_FLEET_SOAK_EVERY", time.Second)
	f := newFleet(t)
	var serves []*deployment.Server
	for _, name := range []string{"first", "second"} {
		s := f.serve(name)
		s.Start() // the first takes the lead
		s.Login()
		serves = append(serves, s)
	}
	var servers []*deployment.NameServer
	var wires []*deployment.Wire
	for number := range 2 {
		n, wire := f.nameServer(number + 1)
		n.Start()
		servers, wires = append(servers, n), append(wires, wire)
	}
	view := serves[0].Created(serves[0].Post("/dns/views", `{"name":"office","acl":"any"}`))
	zone := serves[0].Created(serves[0].Post("/dns/zones", fmt.Sprintf(`{"name":"example.com","zone_type":"master","view_ids":[%s]}`, view)))
	serves[0].PostLive("/dns/records", deployment.RecordBody("first", "192.0.2.1", zone))
	load := startLoad(t, zone, 3, serves...)
	watch := watchFleet(t, load, serves, servers)
	faults := fleetFaults(f, serves, servers, wires, interval)
	for i := range max(int(length/interval), len(faults)) {
		next := time.NewTimer(interval)
		fault := faults[i%len(faults)]
		began := time.Now()
		fault.strike()
		load.more(10)
		t.Logf("%s: writes are acknowledged again after %s", fault.name, time.Since(began).Round(time.Millisecond))
		<-next.C
	}
	hosts := load.end()
	serves[1].PostLive("/dns/records", deployment.RecordBody("last", "192.0.2.1", zone))
	watch.end()
	for _, s := range serves {
		s.WantBody("/dns/records?zone_id="+zone, fmt.Sprintf(`"total":%d`, len(hosts)+2))
	}
	for _, n := range servers {
		for _, host := range append(hosts, "first", "last") {
			n.WantAnswer(host+".example.com.", "A", "192.0.2.1")
		}
	}
	deployment.OpenLog(t, f.url).SameAsReplay()
}

// fleetFault is something that goes wrong, and is over when strike returns, but for what
// opsledger is to do itself.
type fleetFault struct {
	name   string
	strike func()
}

// fleetFaults are those of docs/faults.md, at each part of the fleet. What is frozen is so for
// the interval, or until nobody waits for it any more.
func fleetFaults(
	f *fleet, serves []*deployment.Server, servers []*deployment.NameServer, wires []*deployment.Wire, interval time.Duration,
) []fleetFault {
	nodes, length := f.bus.Nodes, max(interval, 2*time.Second)
	frozen := func(freeze, thaw func()) func() {
		return func() {
			freeze()
			time.Sleep(length) // the length is the point
			thaw()
		}
	}
	restarted := func(n *natscluster.Node) func() { return func() { n.Kill(); n.Start() } }
	return []fleetFault{
		{"the leading serve is killed", serves[0].Restart},
		{"an agent is killed with its named", func() { servers[0].Kill(); servers[0].Start() }},
		{"an agent's connection is cut", wires[1].Cut},
		{"a NATS node is killed", restarted(nodes[0])},
		{"a serve is frozen", frozen(serves[1].Freeze, serves[1].Thaw)},
		{"named is killed", servers[1].KillNamed},
		{"a NATS node is frozen", frozen(nodes[1].Freeze, nodes[1].Thaw)},
		{"the other serve is killed", serves[1].Restart},
		{"an agent is cut off from the bus", frozen(wires[0].Down, wires[0].Up)},
		{"an agent is frozen", frozen(servers[1].Freeze, servers[1].Thaw)},
		{"two NATS nodes are killed", func() { nodes[1].Kill(); nodes[2].Kill(); nodes[1].Start(); nodes[2].Start() }},
	}
}
