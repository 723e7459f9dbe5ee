package ddns

import (
	"sync"

	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// mostKnown bounds the zones that are remembered.
const mostKnown = 10_000

// known are zones as they were when they were looked up last, by name.
//
// Invariants:
//  1. What is remembered answers no message by itself: an update is decided on the log, where its
//     command finds out whether the zone is so still ([zoneupdate.ErrStale]); and what the door
//     itself refuses for what is remembered is looked up before it is refused.
type known struct {
	mu    sync.Mutex
	zones map[string]dnsmodel.Zone
}

// zone is the one of that name, nil for one that was not looked up.
func (k *known) zone(name string) *dnsmodel.Zone {
	k.mu.Lock()
	defer k.mu.Unlock()
	zone, there := k.zones[name]
	if !there {
		return nil
	}
	return &zone
}

func (k *known) remember(name string, zone dnsmodel.Zone) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.zones == nil || len(k.zones) >= mostKnown {
		k.zones = map[string]dnsmodel.Zone{}
	}
	k.zones[name] = zone
}
