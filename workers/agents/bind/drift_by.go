package bind

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/opsledger/opsledger/domain/dns"
)

const (
	// lookedForWho is how many octets of the end of named's log are looked through for who changed a
	// zone, and recently how old a line may be.
	lookedForWho = 256 << 10
	recently     = time.Minute
	// namedTime is how named's log has times, and localTime how it has them in the host's zone, where
	// the configuration has a log of its own.
	namedTime, localTime = time.RFC3339Nano, "02-Jan-2006 15:04:05.000"
	// rememberedPorts is how many of the engine's own ports are told from others' in that log.
	rememberedPorts = 512
)

// updateLine is what named logs of each change that an update makes.
var updateLine = regexp.MustCompile(
	`^(\S+(?: \d\d:\S+)?) .*client @\S+ (\S+)#(\d+)(?:/key (\S+?))?(?: \([^)]*\))?: view (\S+?): updating zone '([^']+)/IN': (?:adding an RR|deleting an RR|deleting rrset)\b.* '([^']+)' (\S+)`)

// ownPorts are the ports that the engine has sent updates from lately, the oldest of which are
// forgotten.
type ownPorts struct {
	ring [rememberedPorts]int
	next int
}

func (p *ownPorts) add(port int) {
	p.ring[p.next] = port
	p.next = (p.next + 1) % len(p.ring)
}

func (p *ownPorts) has(port int) bool { return port != 0 && slices.Contains(p.ring[:], port) }

// notePort notes a port of the engine's own.
func (e *Engine) notePort(port int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.own.add(port)
}

// whoChanged says by what key, and from where, RRsets of a zone were changed lately, as far as named's
// log tells: empty if it does not. The engine itself has the same key and another port.
func (e *Engine) whoChanged(key zoneKey, changes []change) string {
	lines := lastLines(e.layout.log(), lookedForWho)
	e.mu.Lock()
	own := e.own
	e.mu.Unlock()
	for _, line := range slices.Backward(lines) {
		if by, is := foreignUpdate(line, key, changes, own.has, time.Now()); is {
			return by
		}
	}
	return ""
}

// foreignUpdate says who a line of named's log tells of, if it is about one of the RRsets.
func foreignUpdate(line string, key zoneKey, changes []change, own func(port int) bool, now time.Time) (by string, is bool) {
	m := updateLine.FindStringSubmatch(line)
	if m == nil || m[5] != viewName(key.view) || dns.FoldName(m[6]) != strings.TrimSuffix(key.zone, ".") {
		return "", false
	}
	at, err := time.Parse(namedTime, m[1])
	if err != nil {
		at, err = time.ParseInLocation(localTime, m[1], time.Local)
	}
	port, _ := strconv.Atoi(m[3])
	if err != nil || now.Sub(at) > recently || own(port) {
		return "", false
	}
	about := func(ch change) bool {
		return dns.FoldName(m[7]) == strings.TrimSuffix(absolute(ch.key.owner, key.zone), ".") && (m[8] == "ANY" || m[8] == dns.TypeName(ch.key.rrtype))
	}
	if len(changes) > 0 && !slices.ContainsFunc(changes, about) {
		return "", false
	}
	if m[4] == "" {
		return m[2], true
	}
	return "key " + m[4] + " at " + m[2], true
}
