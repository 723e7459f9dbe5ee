package workload

import (
	"fmt"
	"slices"
)

const (
	// mostZones and mostRecords bound what one client has at a time.
	mostZones, mostRecords = 6, 60
	// baseViews are shared by all; each is renamed by one client.
	baseViews = 4
	// The clients that also change what named has to be reconfigured for.
	serverClient, confClient = 5, 6
)

// deed is something that a client does now and then, weight times as often as
// one of weight 1.
type deed struct {
	weight int
	do     func(*client)
}

// repertoire is all that clients do. What a later part of opsledger offers comes
// with deeds of its own.
var repertoire = slices.Concat(recordDeeds, zoneDeeds, siteDeeds, batchDeeds, peopleDeeds, machineDeeds)

var (
	recordDeeds = []deed{
		{40, (*client).addRecord}, {14, (*client).updateRecord}, {12, (*client).deleteRecord}, {3, (*client).refusedRecord},
	}
	zoneDeeds = []deed{
		{6, (*client).addZone}, {4, (*client).relinkZone}, {2, (*client).renameZone}, {2, (*client).turnZone}, {2, (*client).deleteZone},
	}
	// siteDeeds change what all zones have in common.
	siteDeeds = []deed{{1, (*client).renameView}, {1, (*client).ownView}, {1, (*client).server}, {1, (*client).configure}}
)

// step does one thing of a random kind.
func (c *client) step() {
	total := 0
	for _, d := range repertoire {
		total += d.weight
	}
	at := c.rng.IntN(total)
	for _, d := range repertoire {
		if at -= d.weight; at < 0 {
			d.do(c)
			return
		}
	}
}

func resource(kind string, id int64) string { return fmt.Sprintf("/dns/%s/%d", kind, id) }
