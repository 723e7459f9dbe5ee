package bench

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/protocol"
)

// viewName is the one view of an estate.
const viewName = "default"

// estate is a log with an admin, a view and zones in it, and a store whose
// writer runs until the Env ends.
type estate struct {
	pool  *pgxpool.Pool
	store *eventstore.Store
	view  int64
	zones []int64
	// host numbers the records added, so that each gets a name of its own.
	host atomic.Int64
	// batches and events count what the writer committed.
	batches, events atomic.Int64
}

// newEstate makes an estate in a database of its own.
func newEstate(ctx context.Context, e *Env, zones int) (*estate, error) {
	pool, err := e.Database(ctx)
	if err != nil {
		return nil, err
	}
	s := &estate{pool: pool}
	codec := domain.NewCodec(access.Events(), dns.Events())
	if s.store, err = eventstore.Open(ctx, eventstore.Config{Pool: pool, Codec: codec, Log: e.Log}); err != nil {
		return nil, err
	}
	s.store.OnCommit(func(batch []protocol.Envelope) { s.batches.Add(1); s.events.Add(int64(len(batch))) })
	writing, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- s.store.Run(writing) }()
	e.Defer(func() error { stop(); err := <-done; s.store.Close(); return err })
	return s, s.settle(ctx, zones)
}

// settle creates the admin, the view and the zones.
func (s *estate) settle(ctx context.Context, zones int) error {
	admin := access.RegisterUser{User: access.UserRegistered{Username: "admin"}, Roles: []int64{access.RoleAdmin}, First: true}
	if _, err := s.store.Execute(ctx, eventstore.Request{Door: domain.DoorDNS, Command: admin}); err != nil {
		return fmt.Errorf("create the admin: %w", err)
	}
	name, acl := viewName, "any"
	view, err := dns.NewCreateView(dns.ViewInput{Name: &name, ACL: &acl})
	if err != nil {
		return err
	}
	r, err := s.store.Execute(ctx, eventstore.Request{Door: domain.DoorDNS, Command: view, Actor: access.AdminID})
	if err != nil {
		return fmt.Errorf("create the view: %w", err)
	}
	s.view = r.Events[0].Event.(dns.ViewCreated).ID
	s.zones = make([]int64, zones)
	var group errgroup.Group
	group.SetLimit(64)
	for i := range zones {
		group.Go(func() (err error) { s.zones[i], err = s.createZone(ctx, fmt.Sprintf("zone%d.example", i)); return err })
	}
	return group.Wait()
}

func (s *estate) createZone(ctx context.Context, name string) (int64, error) {
	group, kind := int(dns.GroupInternal), string(dns.ZoneMaster)
	zone, err := dns.NewCreateZone(dns.ZoneInput{Name: &name, Type: &kind, Group: &group, ViewIDs: &[]int64{s.view}})
	if err != nil {
		return 0, err
	}
	r, err := s.store.Execute(ctx, eventstore.Request{Door: domain.DoorDNS, Command: zone, Actor: access.AdminID})
	if err != nil {
		return 0, fmt.Errorf("create zone %s: %w", name, err)
	}
	return r.Events[0].Event.(dns.ZoneCreated).ID, nil
}

// addRecord does what the API does for a record's creation, but for HTTP: the
// command is built from text, decided on the log, and appended under an
// idempotency key.
func (s *estate) addRecord(ctx context.Context) error {
	n := s.host.Add(1)
	host, kind, value, view, comment := "host-"+strconv.FormatInt(n, 10), "A", addressOf(n), viewName, "made by bench"
	command, err := dns.NewAddRecord(dns.RecordInput{
		ZoneID: &s.zones[n%int64(len(s.zones))], Host: &host, Type: &kind, Value: &value, ViewName: &view, Comment: &comment,
	})
	if err != nil {
		return err
	}
	print := sha256.Sum256([]byte(host))
	_, err = s.store.Execute(ctx, eventstore.Request{
		Command: command, Actor: access.AdminID, Door: domain.DoorDNS,
		CommandID: uuid.New(), Fingerprint: print[:], Correlation: uuid.New(),
	})
	return err
}

func addressOf(n int64) string {
	return fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255)
}
