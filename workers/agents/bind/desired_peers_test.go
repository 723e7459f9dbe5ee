package bind

import (
	"fmt"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// A server is configured anew when those change with which it exchanges zones, and never for others. Another
// type of its own is a job for each of its zones.
func TestPeersFollowFromTheLog(t *testing.T) {
	t.Parallel()
	for self, want := range map[int64][]string{
		1: { // begins as the only master
			"", "", "", "", "to 192.0.2.3 since 0", "to 192.0.2.9 since 0", "to 192.0.2.9 since 0", "",
			"from  since 9", "from 192.0.2.4 since 9", "",
		},
		3: { // begins as a slave
			"", "", "from  since 0", "from 192.0.2.1 since 0", "from 192.0.2.1 since 0", "from 192.0.2.1 since 0", "from 192.0.2.1 since 0",
			"from 192.0.2.1 since 9", "from  since 9", "from 192.0.2.4 since 9", "from 192.0.2.1 192.0.2.4 since 9",
		},
	} {
		s, emit := smallState(t)
		s.self = self
		row := func(id int64, ip, kind string) dns.ServerData {
			return dns.ServerData{Host: fmt.Sprint("s", id), IP: "192.0.2." + ip, Type: kind}
		}
		events := []domain.Event{
			dns.ServerCreated{ID: 1, Server: row(1, "1", "master")},
			dns.ServerCreated{ID: 4, Server: row(4, "4", "master")}, // no agent yet
			dns.ServerCreated{ID: 3, Server: row(3, "3", "salve")},
			dns.ServerEnrolled{ID: 1},
			dns.ServerEnrolled{ID: 3, Unproved: true},
			dns.ServerUpdated{ID: 3, Before: row(3, "3", "salve"), After: row(3, "9", "slave")},
			dns.ServerProved{ID: 3},
			dns.ServerWithdrawn{ID: 3},
			dns.ServerUpdated{ID: 1, Before: row(1, "1", "master"), After: row(1, "1", "slave")},
			dns.ServerEnrolled{ID: 4},
			dns.ServerUpdated{ID: 1, Before: row(1, "1", "slave"), After: row(1, "1", "master")},
		}
		was := ""
		for i, e := range events {
			prove(t, s)
			version, job := s.settings.version, s.inView[zoneKey{view: 1, zone: "a.test."}].generation
			emit(e)
			now := told(s.peers)
			if now = strings.Replace(now, fmt.Sprint("since ", s.left), "since 9", 1); s.left == 0 {
				now = strings.Replace(now, "since 9", "since 0", 1)
			}
			if now != want[i] {
				t.Errorf("server %d after %T (%d): %q, want %q", self, e, i, now, want[i])
			}
			if changed := s.settings.version != version; changed != (now != was) {
				t.Errorf("server %d after %T (%d): configured anew %v", self, e, i, changed)
			}
			turned := strings.HasPrefix(now, "from") != strings.HasPrefix(was, "from")
			if z := s.inView[zoneKey{view: 1, zone: "a.test."}]; (z.generation != job) != turned || turned && z.waiting == 0 {
				t.Errorf("server %d after %T (%d): its zones are worked on anew: %v", self, e, i, z.generation != job)
			}
			was = now
		}
	}
}

func told(p peers) string {
	var list []string
	for _, addr := range append(p.primaries, p.secondaries...) {
		list = append(list, addr.String())
	}
	switch {
	case p.secondary:
		return fmt.Sprintf("from %s since %d", strings.Join(list, " "), p.left)
	case p.exchange():
		return fmt.Sprintf("to %s since %d", strings.Join(list, " "), p.left)
	default:
		return ""
	}
}
