package dns

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/opsledger/opsledger/domain"
)

// Bounds of what is told of drift.
const (
	// driftPause is the least time between two findings of one zone on one server.
	driftPause = time.Minute
	// MaxDriftZones is how many zones of a server are told one by one in that time.
	MaxDriftZones = 100
	// MaxAdopted is how many records of a server are changed in a day since they were changed in
	// named.
	MaxAdopted = 1000
	adoptedIn  = 24 * time.Hour
	// maxDriftText bounds each text of a finding, in bytes.
	maxDriftText = 1000
)

// FindDrift notes in the log that a server has something else than the log says. It is the system's
// own, and says what the server's agent has reported.
//
// Invariants:
//  1. Of a zone on a server, and of what is about no zone, there is one finding in a minute at most,
//     and of more zones than [MaxDriftZones] in a minute none: nothing is decided then.
//  2. Records are changed only where the server's mode says so, by the decision that a client's change
//     would be, and no more than [MaxAdopted] in a day.
//  3. What the agent calls a zone of the log is not believed: its name, and whether it is in the view, are
//     the log's, also for invariant 1.
//  4. A serial is lifted only over one that is above ours, within reach, and not left in named.
type FindDrift struct {
	found   DriftFound
	present *uint32
	foreign *uint32
	adopt   domain.Command
}

// NewFindDrift returns the command.
func NewFindDrift(found DriftFound) (FindDrift, error) {
	if found.Done == DriftAdopted {
		return FindDrift{}, domain.Invalid("done", "is not for an agent to say")
	}
	for _, text := range []*string{&found.Zone, &found.Expected, &found.Found, &found.Reason, &found.By} {
		*text = shortened(*text)
	}
	found.Zone = FoldName(found.Zone)
	return FindDrift{found: found}, checkID("Server", found.ServerID)
}

// Over returns the command as one that lifts the zone's serial over a foreign one where that is above
// the one that the zone has, or had when that was read: a serial only grows.
func (c FindDrift) Over(foreign, present uint32) FindDrift {
	c.foreign, c.present = &foreign, &present
	return c
}

// Adopting returns the command as one that also decides on the change of records by which the log has
// what was found. What this is refused for is the command's refusal.
func (c FindDrift) Adopting(change domain.Command) FindDrift {
	c.adopt = change
	return c
}

// Allocates implements [domain.Allocator].
func (c FindDrift) Allocates() []domain.Sequence {
	if a, is := c.adopt.(domain.Allocator); is {
		return a.Allocates()
	}
	return nil
}

// Decide implements [domain.Command].
func (c FindDrift) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	server, settings := newServerFold(c.found.ServerID), newServerSettingsFold(c.found.ServerID)
	before, zone := newDriftFold(c.found.ServerID), newZoneFold(c.found.ZoneID)
	folds := []domain.Fold{server, settings, before}
	if c.found.ZoneID != 0 {
		folds = append(folds, zone)
	}
	if err := h.Load(folds...); err != nil {
		return nil, err
	}
	if !server.exists || !server.enrolled {
		return nil, domain.NotFound("Server %d 不存在！", c.found.ServerID)
	}
	found := c.found
	switch {
	case !zone.exists:
		found.ZoneID, found.ViewID = 0, 0
	case !slices.Contains(zone.data.ViewIDs, found.ViewID):
		found.ViewID = 0
		fallthrough
	default:
		found.Zone = FoldName(zone.data.Name)
	}
	if !before.allows(found.Zone, env.Now) {
		return nil, nil
	}
	changes, err := c.adopted(h, env, settings.data.OnDrift, before)
	if err != nil {
		return nil, err
	}
	if c.adopt != nil {
		found.Done, found.Adopted = DriftAdopted, len(changes)
	}
	events := []domain.Event{found}
	if raise := c.raise(found); raise != nil && zone.exists && zone.writable(env) == nil {
		events = append(events, ZoneSettingsChanged{ID: zone.id, Before: zone.settings, After: zone.settings, Raise: raise})
	}
	return append(events, changes...), nil
}

func (c FindDrift) adopted(h domain.History, env domain.Env, mode DriftMode, before *driftFold) ([]domain.Event, error) {
	if c.adopt == nil {
		return nil, nil
	}
	if mode != DriftAdopt {
		return nil, domain.Refused("drift on server %d is not adopted", c.found.ServerID)
	}
	changes, err := c.adopt.Decide(h, env)
	if err == nil && before.adopted(env.Now)+len(changes) > MaxAdopted {
		err = domain.Refused("more than %d records of server %d in a day are not adopted", MaxAdopted, c.found.ServerID)
	}
	return changes, err
}

// raise is that of the serial for everybody, nil for none.
func (c FindDrift) raise(found DriftFound) *SerialRaise {
	if c.foreign == nil || found.Done == DriftReported || found.ViewID == 0 || !SerialLater(*c.foreign, *c.present) {
		return nil
	}
	to := *c.foreign + 1
	if to == 0 {
		to = 1
	}
	return &SerialRaise{Zone: found.Zone, Views: []int64{found.ViewID}, To: to}
}

// driftFold is what was found on a server lately.
type driftFold struct {
	server int64
	driftState
}

// driftState has lists in the order of time, which are only appended to or replaced.
type driftState struct {
	last     []driftTime
	adoption []adoption
}

// driftTime is when a zone was found, empty for what is about none.
type driftTime struct {
	zone string
	at   time.Time
}

// adoption is how many records were changed at a time.
type adoption struct {
	at      time.Time
	records int
}

func newDriftFold(server int64) *driftFold { return &driftFold{server: server} }

// Item implements [domain.Fold].
func (f *driftFold) Item() domain.Item {
	return domain.Item{Tag: TagServer(f.server), Types: []string{DriftFound{}.EventType()}}
}

// Apply implements [domain.Fold].
func (f *driftFold) Apply(r domain.Recorded) {
	e, ok := r.Event.(DriftFound)
	if !ok {
		return
	}
	f.last = append(f.since(r.At), driftTime{FoldName(e.Zone), r.At})
	if e.Adopted == 0 {
		return
	}
	var kept []adoption
	for _, a := range f.adoption {
		if r.At.Sub(a.at) < adoptedIn {
			kept = append(kept, a)
		}
	}
	f.adoption = append(kept, adoption{r.At, e.Adopted})
}

// since are the findings of the last minute, in a list of its own.
func (s *driftState) since(now time.Time) (recent []driftTime) {
	for _, l := range s.last {
		if now.Sub(l.at) < driftPause {
			recent = append(recent, l)
		}
	}
	return recent
}

// allows says whether something found now may be told.
func (s *driftState) allows(zone string, now time.Time) bool {
	zone, zones := FoldName(zone), 0
	for _, l := range s.since(now) {
		if l.zone == zone {
			return false
		}
		if l.zone != "" {
			zones++
		}
	}
	return zone == "" || zones < MaxDriftZones
}

// adopted is how many records were changed in the last day.
func (s *driftState) adopted(now time.Time) (records int) {
	for _, a := range s.adoption {
		if now.Sub(a.at) < adoptedIn {
			records += a.records
		}
	}
	return records
}

// Snapshot implements [domain.Fold].
func (f *driftFold) Snapshot() any { return f.driftState }

// Restore implements [domain.Fold].
func (f *driftFold) Restore(s any) { f.driftState = s.(driftState) }

// shortened cuts a text at a character, and leaves out what a log cannot hold.
func shortened(text string) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "?")
	if len(text) <= maxDriftText {
		return text
	}
	at := maxDriftText
	for !utf8.RuneStart(text[at]) {
		at--
	}
	return text[:at]
}
