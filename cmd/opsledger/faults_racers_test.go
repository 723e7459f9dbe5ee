package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
)

const (
	racers = 8
	// raceRounds is for each invariant; raceWidth of them run at a time, under names of their own.
	raceRounds, raceWidth = 300, 25
)

// race is one invariant and those who try to break it. Each round has names of
// its own; prepare returns the racers' commands, all of which are decided at the
// same moment, on what it put into the scene.
type race struct {
	invariant string
	prepare   func(*scene) []domain.Command
	// settled checks what all racers of the round appended, in order of position;
	// nil means that exactly one may append.
	settled func([]domain.Recorded) error
}

// Of eight racers in two processes exactly one wins, for every invariant, while
// an unrelated write transaction stays open. (A condition that looks away from
// what is newer than the oldest open transaction has two winners nearly every
// time, and so has a check that is not under the lock of the append.)
func TestRacersBreakNoInvariant(t *testing.T) {
	t.Parallel()
	for _, r := range []race{
		{"one zone of a name", racingZoneNames, nil},
		{"one view of a name", racingViewNames, nil},
		{"one server of a host or address", racingServers, nil},
		{"a CNAME is alone", racingAliases, nil},
		{"no record twice", racingDuplicates, nil},
		{"no record under a deleted zone", racingDeletedZone, nothingAfter("ZoneDeleted", "RecordAdded")},
		{"no record under an unlinked view", racingUnlinkedView, nothingAfter("ZoneUpdated", "RecordAdded")},
		{"no record in a forward-only zone", racingForwardOnly, nil},
		{"no zone in a deleted view", racingDeletedView, nothingAfter("ViewDeleted", "ZoneCreated")},
		{"one user of a name", racingUsernames, nil},
		{"one user of a mail address", racingMails, nil},
	} {
		t.Run(r.invariant, func(t *testing.T) {
			t.Parallel()
			newArena(t).run(r)
		})
	}
}

// arena is one database with two processes on it.
type arena struct {
	t      *testing.T
	stores [2]*eventstore.Store
}

func newArena(t *testing.T) *arena {
	t.Helper()
	url := testkit.PostgresURL(t)
	a := &arena{t: t}
	for i := range a.stores {
		a.stores[i] = runStore(t, openPool(t, url))
	}
	holdTransaction(t, openPool(t, url))
	return a
}

func openPool(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// runStore opens a store with a running writer, like a process of its own.
func runStore(t *testing.T, pool *pgxpool.Pool) *eventstore.Store {
	t.Helper()
	store, err := eventstore.Open(t.Context(), eventstore.Config{Pool: pool, Codec: newCodec()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := store.Run(ctx); err != nil {
			t.Errorf("event store: %v", err)
		}
	})
	t.Cleanup(func() { stop(); wg.Wait(); store.Close() })
	return store
}

// holdTransaction keeps a write transaction open that is older than everything the test does.
func holdTransaction(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) }) // its pool closes after it
	if _, err := tx.Exec(t.Context(), "CREATE TABLE unrelated AS SELECT txid_current()"); err != nil {
		t.Fatal(err)
	}
}

func (a *arena) run(r race) {
	a.t.Helper()
	rounds := make([][]domain.Command, raceRounds)
	var before []domain.Event
	for i := range rounds {
		s := &scene{t: a.t, round: i}
		rounds[i] = r.prepare(s)
		before = append(before, s.before...)
	}
	if _, err := a.stores[0].Execute(a.t.Context(), eventstore.Request{Command: history(before)}); err != nil {
		a.t.Fatal(err)
	}
	next := make(chan int)
	var wg sync.WaitGroup
	for range raceWidth {
		wg.Go(func() {
			for i := range next {
				a.round(r, i, rounds[i])
			}
		})
	}
	for i := range rounds {
		next <- i
	}
	close(next)
	wg.Wait()
}

// history is a command that appends what happened before.
type history []domain.Event

func (h history) Decide(domain.History, domain.Env) ([]domain.Event, error) { return h, nil }

func (a *arena) round(r race, round int, commands []domain.Command) {
	if len(commands) != racers {
		a.t.Errorf("%d racers", len(commands))
	}
	appended := a.race(commands)
	slices.SortFunc(appended, func(x, y domain.Recorded) int { return int(x.Position - y.Position) })
	settled := r.settled
	if settled == nil {
		settled = exactlyOne
	}
	if err := settled(appended); err != nil {
		a.t.Errorf("round %d: %v", round, err)
	}
}

// race lets all commands decide on one state before any of them may append,
// and returns the events of all.
func (a *arena) race(commands []domain.Command) []domain.Recorded {
	var mu sync.Mutex
	var appended []domain.Recorded
	line := newStartLine(len(commands))
	var wg sync.WaitGroup
	for i, c := range commands {
		wg.Go(func() {
			racer := &waiting{Command: c, line: line}
			receipt, err := a.stores[i%2].Execute(a.t.Context(), eventstore.Request{Command: racer})
			racer.arrive() // if it never came to decide
			var refused *domain.Error
			if err != nil && !errors.As(err, &refused) {
				a.t.Errorf("racer %d: %v", i, err)
			}
			mu.Lock()
			defer mu.Unlock()
			appended = append(appended, receipt.Events...)
		})
	}
	wg.Wait()
	return appended
}

// startLine holds decisions until all of a round were made once.
type startLine struct{ decided sync.WaitGroup }

func newStartLine(n int) *startLine {
	l := &startLine{}
	l.decided.Add(n)
	return l
}

// waiting is a command whose first decision waits for those of the others.
type waiting struct {
	domain.Command
	first sync.Once
	line  *startLine
}

func (w *waiting) arrive() { w.first.Do(w.line.decided.Done) }

func (w *waiting) Decide(h domain.History, env domain.Env) ([]domain.Event, error) {
	events, err := w.Command.Decide(h, env)
	w.arrive()
	w.line.decided.Wait()
	return events, err
}

func (w *waiting) Allocates() []domain.Sequence {
	if a, ok := w.Command.(domain.Allocator); ok {
		return a.Allocates()
	}
	return nil
}

func exactlyOne(appended []domain.Recorded) error {
	if len(appended) != 1 {
		return fmt.Errorf("%d winners: %+v", len(appended), appended)
	}
	return nil
}

// nothingAfter wants at most one event of the type end, and none of the other type after it.
func nothingAfter(end, other string) func([]domain.Recorded) error {
	return func(appended []domain.Recorded) error {
		ended := false
		for _, r := range appended {
			switch r.Event.EventType() {
			case end:
				if ended {
					return fmt.Errorf("%s twice: %+v", end, appended)
				}
				ended = true
			case other:
				if ended {
					return fmt.Errorf("%s after %s: %+v", other, end, appended)
				}
			}
		}
		if len(appended) == 0 {
			return errors.New("nobody won")
		}
		return nil
	}
}

// made builds a command of a constructor's results; what is built here is sound.
func made[C domain.Command](t *testing.T) func(C, error) domain.Command {
	return func(c C, err error) domain.Command {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		return c
	}
}

// scene is what a round finds when it begins. Its ids are far from those that
// the log gives to what the racers make.
type scene struct {
	t      *testing.T
	round  int
	before []domain.Event
}

func (s *scene) id() int64 { return int64(1_000_000 + s.round*100 + len(s.before)) }

func (s *scene) view(name string) int64 {
	id := s.id()
	s.before = append(s.before, dns.ViewCreated{ID: id, View: dns.ViewData{Name: name, ACL: "any"}})
	return id
}

func (s *scene) zone(name string, views ...int64) int64 {
	id := s.id()
	s.before = append(s.before, dns.ZoneCreated{ID: id, Zone: dns.ZoneData{Name: name, Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: views}})
	return id
}

// zoneWithViews makes a zone in two views.
func (s *scene) zoneWithViews() (zone int64, views [2]int64, names [2]string) {
	for i := range views {
		names[i] = fmt.Sprintf("v%d-%d", i, s.round)
		views[i] = s.view(names[i])
	}
	return s.zone(s.name(), views[:]...), views, names
}

// name is the zone's name in this round.
func (s *scene) name() string { return fmt.Sprintf("r%d.test", s.round) }

func (s *scene) createView(name string) domain.Command {
	acl := "any"
	return made[dns.CreateView](s.t)(dns.NewCreateView(dns.ViewInput{Name: &name, ACL: &acl}))
}

func (s *scene) renameView(id int64, name string) domain.Command {
	acl := "any"
	return made[dns.UpdateView](s.t)(dns.NewUpdateView(id, dns.ViewInput{Name: &name, ACL: &acl}, nil))
}

func zoneInput(name, kind string, views ...int64) dns.ZoneInput {
	forwarders := "192.0.2.1"
	return dns.ZoneInput{Name: &name, Type: &kind, Forwarders: &forwarders, ViewIDs: &views}
}

func (s *scene) createZone(name string, views ...int64) domain.Command {
	return made[dns.CreateZone](s.t)(dns.NewCreateZone(zoneInput(name, dns.ZoneMaster, views...)))
}

func (s *scene) updateZone(id int64, name, kind string, views ...int64) domain.Command {
	return made[dns.UpdateZone](s.t)(dns.NewUpdateZone(id, zoneInput(name, kind, views...), nil))
}

func (s *scene) addRecord(zone int64, view, host, kind, value string) domain.Command {
	return made[dns.AddRecord](s.t)(dns.NewAddRecord(dns.RecordInput{Host: &host, Type: &kind, Value: &value, ViewName: &view, ZoneID: &zone}))
}

// racingZoneNames: some create a zone, others rename theirs, to one name in different case.
func racingZoneNames(s *scene) []domain.Command {
	view := s.view(fmt.Sprint("v", s.round))
	var out []domain.Command
	for i := range racers {
		name := fmt.Sprintf("%s.%s", []string{"name", "NAME"}[i/2%2], s.name())
		if i < racers/2 {
			out = append(out, s.createZone(name, view))
			continue
		}
		own := s.zone(fmt.Sprintf("own%d.%s", i, s.name()), view)
		out = append(out, s.updateZone(own, name, dns.ZoneMaster, view))
	}
	return out
}

func racingViewNames(s *scene) []domain.Command {
	name := fmt.Sprint("v", s.round)
	var out []domain.Command
	for i := range racers {
		if i < racers/2 {
			out = append(out, s.createView(name))
			continue
		}
		out = append(out, s.renameView(s.view(fmt.Sprintf("own%d-%d", i, s.round)), name))
	}
	return out
}

// racingServers: all have the host in common in one round, the address in the next.
func racingServers(s *scene) []domain.Command {
	var out []domain.Command
	env, none := "e", "-"
	for i := range racers {
		host, ip := fmt.Sprintf("ns%d", s.round), fmt.Sprintf("10.1.%d.%d", s.round/250, s.round%250+1)
		if s.round%2 == 0 {
			ip = fmt.Sprintf("2001:db8::%x:%x", s.round, i+1)
		} else {
			host += fmt.Sprint("-", i)
		}
		out = append(out, made[dns.CreateServer](s.t)(dns.NewCreateServer(dns.ServerInput{
			Host: &host, IP: &ip, Env: &env, ZbProcessItem: &none, ZbPortItem: &none, ZbResolveItem: &none, ZbResolveRateItem: &none,
		})))
	}
	return out
}

// racingAliases: one address and seven aliases at one name.
func racingAliases(s *scene) []domain.Command {
	zone, _, views := s.zoneWithViews()
	out := []domain.Command{s.addRecord(zone, views[0], "www", "A", "192.0.2.1")}
	for i := 1; i < racers; i++ {
		out = append(out, s.addRecord(zone, views[0], []string{"www", "WWW"}[i%2], "CNAME", fmt.Sprint("target", i)))
	}
	return out
}

func racingDuplicates(s *scene) []domain.Command {
	zone, _, views := s.zoneWithViews()
	var out []domain.Command
	for i := range racers {
		out = append(out, s.addRecord(zone, views[0], []string{"www", "Www"}[i%2], "AAAA", []string{"2001:db8::1", "2001:DB8:0::1"}[i/2%2]))
	}
	return out
}

func racingDeletedZone(s *scene) []domain.Command {
	zone, _, views := s.zoneWithViews()
	var out []domain.Command
	for i := range racers {
		if i%4 < 2 {
			out = append(out, made[dns.DeleteZone](s.t)(dns.NewDeleteZone(zone, nil)))
			continue
		}
		out = append(out, s.addRecord(zone, views[i/4], fmt.Sprint("h", i), "A", "192.0.2.1"))
	}
	return out
}

// racingUnlinkedView: the zone leaves its second view, to which others add records.
func racingUnlinkedView(s *scene) []domain.Command {
	zone, ids, views := s.zoneWithViews()
	var out []domain.Command
	for i := range racers {
		if i%4 < 2 {
			out = append(out, s.updateZone(zone, s.name(), dns.ZoneMaster, ids[0]))
			continue
		}
		out = append(out, s.addRecord(zone, views[1], fmt.Sprint("h", i), "A", "192.0.2.1"))
	}
	return out
}

// racingForwardOnly: seven make the zone one that only forwards, one adds the
// record that such a zone cannot have. Six of the seven then change nothing.
func racingForwardOnly(s *scene) []domain.Command {
	zone, ids, views := s.zoneWithViews()
	out := []domain.Command{s.addRecord(zone, views[0], "www", "A", "192.0.2.1")}
	for range racers - 1 {
		out = append(out, s.updateZone(zone, s.name(), dns.ZoneForwardOnly, ids[:]...))
	}
	return out
}

func racingDeletedView(s *scene) []domain.Command {
	view := s.view(fmt.Sprint("v", s.round))
	var out []domain.Command
	for i := range racers {
		if i%4 < 2 {
			out = append(out, made[dns.DeleteView](s.t)(dns.NewDeleteView(view, nil)))
			continue
		}
		out = append(out, s.createZone(fmt.Sprintf("h%d.%s", i, s.name()), view))
	}
	return out
}

func racingUsernames(s *scene) []domain.Command {
	var out []domain.Command
	for i := range racers {
		name := fmt.Sprintf("%s%d", []string{"user", "User"}[i/2%2], s.round)
		out = append(out, access.RegisterUser{User: access.UserRegistered{Username: name, MailDigest: fmt.Sprint(s.round, "-", i)}})
	}
	return out
}

func racingMails(s *scene) []domain.Command {
	var out []domain.Command
	for i := range racers {
		out = append(out, access.RegisterUser{User: access.UserRegistered{Username: fmt.Sprintf("user%d-%d", s.round, i), MailDigest: fmt.Sprint(s.round)}})
	}
	return out
}
