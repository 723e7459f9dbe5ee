package reporter

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/protocol"
)

func TestConcernOf(t *testing.T) {
	t.Parallel()
	master := dns.ServerData{Host: "a", IP: "192.0.2.1", Type: "master", Env: "x"}
	slave, moved, renamed := master, master, master
	slave.Type, moved.IP, renamed.Env = "slave", "192.0.2.2", "y"
	inside := dns.RecordData{ViewID: 1, Host: "www", Type: "A", Value: "192.0.2.1", TTL: 60}
	comment, value := inside, inside
	comment.Comment, value.Value = "c", "192.0.2.2"
	outside := dns.RecordData{Line: "default", Host: "www"}
	internal, external := dns.ZoneData{Name: "z", Group: dns.GroupHijack}, dns.ZoneData{Name: "z", Group: dns.GroupExternal}
	for name, c := range map[string]struct {
		event domain.Event
		want  effect
		views []int64
	}{
		"user":                 {access.UserRegistered{ID: 1}, effect{}, nil},
		"master":               {dns.ServerCreated{Server: master}, effect{any: true}, nil},
		"slave":                {dns.ServerCreated{Server: slave}, effect{any: true}, nil},
		"server's environment": {dns.ServerUpdated{Before: master, After: renamed}, effect{}, nil},
		"server's address":     {dns.ServerUpdated{Before: master, After: moved}, effect{any: true}, nil},
		"master becomes slave": {dns.ServerUpdated{Before: master, After: slave}, effect{any: true}, nil},
		"master gone":          {dns.ServerDeleted{Server: master}, effect{any: true}, nil},
		"enrolled":             {dns.ServerEnrolled{ID: 1}, effect{any: true}, nil},
		"proved":               {dns.ServerProved{ID: 1}, effect{any: true}, nil},
		"withdrawn":            {dns.ServerWithdrawn{ID: 1}, effect{any: true}, nil},
		"fleet":                {dns.FleetChanged{}, effect{any: true}, nil},
		"renumbered":           {dns.ZonesRenumbered{}, effect{any: true}, nil},
		"order of views":       {dns.ViewsOrdered{}, effect{any: true}, nil},
		"zone's settings":      {dns.ZoneSettingsChanged{ID: 5}, effect{any: true, zone: 5}, nil},
		"server's settings":    {dns.ServerSettingsChanged{ID: 1}, effect{}, nil},
		"drift":                {dns.DriftFound{ServerID: 1, ZoneID: 5}, effect{}, nil},
		"view":                 {dns.ViewCreated{ID: 1}, effect{any: true}, []int64{1}},
		"view renamed":         {dns.ViewUpdated{ID: 1, Before: dns.ViewData{Name: "a", ACL: "any"}, After: dns.ViewData{Name: "b", ACL: "any"}}, effect{}, []int64{1}},
		"view's ACL":           {dns.ViewUpdated{ID: 1, Before: dns.ViewData{ACL: "any"}, After: dns.ViewData{ACL: "none"}}, effect{any: true}, []int64{1}},
		"view gone":            {dns.ViewDeleted{ID: 1}, effect{any: true}, []int64{1}},
		"configuration":        {dns.BindConfChanged{}, effect{any: true}, nil},
		"zone":                 {dns.ZoneCreated{ID: 5, Zone: internal}, effect{any: true, zone: 5, after: "z"}, nil},
		"external zone":        {dns.ZoneCreated{ID: 5, Zone: external}, effect{zone: 5, after: "z"}, nil},
		"zone changed":         {dns.ZoneUpdated{ID: 5, Before: internal, After: internal}, effect{any: true, zone: 5, before: "z", after: "z"}, nil},
		"zone gone":            {dns.ZoneDeleted{ID: 5, Zone: internal}, effect{any: true, zone: 5, before: "z"}, nil},
		"zone back":            {dns.ZoneRestored{ID: 5, After: internal}, effect{any: true, zone: 5, after: "z"}, nil},
		"views back":           {dns.ZoneRestored{ID: 5, Before: &internal, After: internal}, effect{any: true, zone: 5, before: "z", after: "z"}, nil},
		"record":               {dns.RecordAdded{ZoneID: 5, Record: inside}, effect{any: true, zone: 5}, []int64{1}},
		"external record":      {dns.RecordAdded{ZoneID: 5, Record: outside}, effect{zone: 5}, []int64{0}},
		"record's comment":     {dns.RecordUpdated{ZoneID: 5, Before: inside, After: comment}, effect{zone: 5}, []int64{1, 1}},
		"record's value":       {dns.RecordUpdated{ZoneID: 5, Before: inside, After: value}, effect{any: true, zone: 5}, []int64{1, 1}},
		"record gone":          {dns.RecordDeleted{ZoneID: 5, Record: inside}, effect{any: true, zone: 5}, []int64{1}},
		"external record gone": {dns.RecordDeleted{ZoneID: 5, Record: outside}, effect{zone: 5}, []int64{0}},
		"import begun":         {dns.ImportBegun{ZoneID: 5, ViewID: 1}, effect{}, nil},
		"records staged":       {dns.RecordsStaged{ZoneID: 5, ViewID: 1}, effect{}, nil},
		"import done":          {dns.ZoneImported{ZoneID: 5, ViewID: 1}, effect{any: true, zone: 5}, []int64{1}},
		"import void":          {dns.ImportVoided{ZoneID: 5, ViewID: 1}, effect{}, nil},
	} {
		if got, views := effectOf(c.event); got != c.want || !slices.Equal(views, c.views) {
			t.Errorf("%s: got %+v in the views %v, want %+v in %v", name, got, views, c.want, c.views)
		}
	}
}

// Every event type of the dns context has an answer of its own; a new one must get one.
func TestEveryEventTypeIsConsidered(t *testing.T) {
	t.Parallel()
	const considered = 32
	if got := len(dns.Events()); got != considered {
		t.Errorf("there are %d event types, concernOf knows %d", got, considered)
	}
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	says := func(applied, seen domain.Position, failures ...protocol.Failure) *lastReport {
		w := &lastReport{}
		w.take(protocol.Report{Boot: uuid.New(), Seq: 1, Applied: applied, Seen: seen, Failures: failures}, now)
		return w
	}
	zone, conf := effect{any: true, zone: 5}, effect{any: true}
	removal := effect{any: true, zone: 5, before: "Gone.example"}
	stays := protocol.Failure{Since: 8, Zone: "gone.example", Message: "busy"}
	more := protocol.Failure{Since: 8, More: true, Message: "many"}
	inOne, created := effect{any: true, zone: 5, view: 1}, effect{any: true, view: 1}
	now1 := func(view, zone int64) protocol.Failure {
		return protocol.Failure{Now: true, More: view == 0, ViewID: view, ZoneID: zone, Message: "clients get REFUSED"}
	}
	failure := func(since domain.Position, zone int64) protocol.Failure {
		return protocol.Failure{Since: since, ZoneID: zone, Message: "bad"}
	}
	for name, c := range map[string]struct {
		concern effect
		words   []*lastReport // nil: the agent never spoke
		state   State
		percent int
	}{
		"no servers":                                    {zone, nil, InSync, 100},
		"all have it":                                   {zone, []*lastReport{says(10, 10), says(12, 12)}, InSync, 100},
		"one lacks it":                                  {zone, []*lastReport{says(10, 10), says(9, 10), says(11, 11)}, Pending, 66},
		"one never spoke":                               {zone, []*lastReport{says(10, 10), nil}, Pending, 50},
		"the zone fails since then":                     {zone, []*lastReport{says(10, 10, failure(10, 5)), says(10, 10)}, Failed, 50},
		"the zone fails since before":                   {zone, []*lastReport{says(10, 10, failure(7, 5))}, Failed, 0},
		"the zone fails since later":                    {zone, []*lastReport{says(12, 12, failure(11, 5))}, InSync, 100},
		"another zone fails":                            {zone, []*lastReport{says(12, 12, failure(3, 6))}, InSync, 100},
		"an older failure, the change not seen yet":     {zone, []*lastReport{says(9, 9, failure(7, 5))}, Pending, 0},
		"an older failure, the change seen":             {zone, []*lastReport{says(9, 10, failure(7, 5))}, Failed, 0},
		"the configuration fails, the record is served": {zone, []*lastReport{says(10, 10, failure(4, 0))}, InSync, 100},
		"the configuration fails, the record is not":    {zone, []*lastReport{says(9, 10, failure(4, 0))}, Failed, 0},
		"the configuration fails":                       {conf, []*lastReport{says(10, 10, failure(10, 0))}, Failed, 0},
		"the configuration failed before":               {conf, []*lastReport{says(10, 10, failure(4, 0))}, Failed, 0},
		"the configuration fails later":                 {conf, []*lastReport{says(12, 12, failure(11, 0))}, InSync, 100},
		"a zone fails, the configuration does not":      {conf, []*lastReport{says(10, 10, failure(4, 5))}, InSync, 100},
		"a zone fails because of the configuration":     {conf, []*lastReport{says(10, 10, failure(10, 5))}, Failed, 0},
		"a zone cannot be removed":                      {removal, []*lastReport{says(10, 10, stays)}, Failed, 0},
		"another zone cannot be removed":                {zone, []*lastReport{says(10, 10, stays)}, InSync, 100},
		"a zone's removal is not the configuration":     {conf, []*lastReport{says(10, 10, stays)}, InSync, 100},
		"more failures than the report holds":           {zone, []*lastReport{says(10, 10, more)}, Failed, 0},
		"named does not answer":                         {inOne, []*lastReport{says(99, 99, now1(0, 0)), says(10, 10)}, Failed, 50},
		"named does not answer, nothing was seen":       {inOne, []*lastReport{says(3, 3, now1(0, 0))}, Failed, 0},
		"named does not answer, the configuration":      {conf, []*lastReport{says(99, 99, now1(0, 0))}, Failed, 0},
		"named refuses the view":                        {inOne, []*lastReport{says(99, 99, now1(1, 0))}, Failed, 0},
		"named refuses the view, which the event made":  {created, []*lastReport{says(99, 99, now1(1, 0))}, Failed, 0},
		"named refuses a view of the configuration":     {conf, []*lastReport{says(99, 99, now1(1, 0))}, Failed, 0},
		"named refuses another view":                    {inOne, []*lastReport{says(99, 99, now1(2, 0))}, InSync, 100},
		"named refuses the zone":                        {inOne, []*lastReport{says(99, 99, now1(1, 5))}, Failed, 0},
		"named refuses the zone in another view":        {inOne, []*lastReport{says(99, 99, now1(2, 5))}, InSync, 100},
		"named refuses the zone's neighbour":            {inOne, []*lastReport{says(99, 99, now1(1, 6))}, InSync, 100},
		"named refuses a zone, not the configuration":   {conf, []*lastReport{says(99, 99, now1(1, 5))}, InSync, 100},
		"failed on one, pending on the other":           {zone, []*lastReport{says(10, 10, failure(10, 5)), says(3, 3)}, Failed, 0},
	} {
		var servers []dnsmodel.Server
		words := map[int64]*lastReport{}
		for i, w := range c.words {
			id := int64(i + 1)
			servers = append(servers, dnsmodel.Server{ID: id})
			if w != nil {
				words[id] = w
			}
		}
		got := (&asked{end: 10, effects: effects{c.concern: {}}}).evaluate(servers, words, now)
		if got.State != c.state || got.Percent != c.percent || len(got.Servers) != len(servers) || got.Servers == nil {
			t.Errorf("%s: got %s %d%% %+v, want %s %d%%", name, got.State, got.Percent, got.Servers, c.state, c.percent)
		}
		for _, s := range got.Servers {
			if s.Applied != (s.Percent == 100) || s.Applied != (s.Since != nil) || s.Applied && s.Error != "" {
				t.Errorf("%s: %+v contradicts itself", name, s)
			}
		}
	}
}

func TestOnline(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := &lastReport{}
	w.take(protocol.Report{Seq: 1, Applied: 5}, now)
	servers := []dnsmodel.Server{{ID: 1}}
	for after, want := range map[time.Duration]bool{0: true, offlineAfter - 1: true, offlineAfter: false} {
		if got := (&asked{end: 5}).evaluate(servers, map[int64]*lastReport{1: w}, now.Add(after)).Servers[0].Online; got != want {
			t.Errorf("after %s: online is %t", after, got)
		}
	}
}

func TestWordTakesReportsInOrder(t *testing.T) {
	t.Parallel()
	first, second := uuid.New(), uuid.New()
	w := &lastReport{}
	for i, step := range []struct {
		boot uuid.UUID
		seq  int64
		want bool
	}{
		{first, 1, true}, {first, 3, true}, {first, 2, false}, {first, 3, false},
		{second, 1, true}, {first, 4, false}, {second, 2, true},
	} {
		if _, ok := w.take(protocol.Report{Boot: step.boot, Seq: step.seq}, time.Now()); ok != step.want {
			t.Errorf("step %d: taken is %t", i, ok)
		}
	}
}

func TestWordTellsSinceWhen(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	w := &lastReport{}
	seq := int64(0)
	say := func(applied domain.Position, minute int) {
		seq++
		w.take(protocol.Report{Seq: seq, Applied: applied}, start.Add(time.Duration(minute)*time.Minute))
	}
	since := func(p domain.Position) int { return int(w.since(p).Sub(start) / time.Minute) }
	say(5, 1)
	say(5, 2)
	say(9, 3)
	if got := [3]int{since(4), since(5), since(6)}; got != [3]int{1, 1, 3} {
		t.Errorf("since %v", got)
	}
	say(6, 4) // named was emptied: 9 must be proved again
	say(9, 5)
	if got := [3]int{since(5), since(6), since(9)}; got != [3]int{1, 4, 5} {
		t.Errorf("after a step back: since %v", got)
	}
	for i := range 3 * maxApplied {
		say(domain.Position(10+i), 6)
	}
	if len(w.applied) > maxApplied || since(1) != 6 {
		t.Errorf("%d marks are kept, the oldest since %d", len(w.applied), since(1))
	}
}

func TestWaiters(t *testing.T) {
	t.Parallel()
	var w waiters
	woken := func(list ...*waiter) (n int) {
		for _, one := range list {
			select {
			case <-one.Answer():
				n++
			default:
			}
		}
		return n
	}
	var list []*waiter
	for p := range 100 {
		list = append(list, w.join(domain.Position(100-p), false))
	}
	held := w.join(3, true)
	list[0].Leave() // 100
	w.reached(50)
	if n := woken(list...); n != 50 || woken(held) != 0 {
		t.Errorf("%d were woken, want 50 and not the one held up", n)
	}
	w.failuresChanged()
	if woken(held) != 1 || w.failing.Len() != 0 {
		t.Error("the one held up was not woken")
	}
	list[99].Leave() // woken before
	w.all()
	if n := woken(list...); n != 49 || w.ahead.Len() != 0 {
		t.Errorf("%d more were woken, want all but the one that left", n)
	}
	list[1].Leave()
}
