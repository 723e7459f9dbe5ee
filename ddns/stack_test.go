package ddns_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/ddns"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/oplog"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const admin domain.UserID = 1

// stack is everything from the log to the door, all real.
type stack struct {
	t        *testing.T
	addr     string
	store    *eventstore.Store
	pool     *pgxpool.Pool
	reader   *dnsmodel.Reader
	progress *projections.Progress
	identity *identity.Service
	// skew is what the server's clock is ahead, in seconds.
	skew atomic.Int64
	cfg  ddns.Config
}

// models are the read models of a stack.
func models(store *eventstore.Store) []projections.Model {
	return []projections.Model{accessmodel.New(), dnsmodel.New(oplog.NewUsernames(store), time.UTC)}
}

// begin makes the first user of the log that each stack has a copy of, and returns the key of its vault.
func begin(ctx context.Context, pool *pgxpool.Pool, store *eventstore.Store) (key []byte, err error) {
	return modeltest.NewVault(pool, func(secrets *vault.Vault) error {
		_, _, err := identity.EnsureAdmin(ctx, store, secrets, "correct horse")
		return err
	})
}

func newStack(t *testing.T) *stack {
	t.Helper()
	ctx := t.Context()
	pool, key := testkit.PostgresWith(t, "stack", modeltest.Log(models, begin))
	log := modeltest.Run(t, pool, models)
	store, progress := log.Store, log.Progress
	secrets := modeltest.Vault(t, pool, key)
	people, err := identity.New(ctx, identity.Config{Store: store, Vault: secrets, Pool: pool})
	must(t, err)
	s := &stack{t: t, store: store, pool: pool, reader: dnsmodel.NewReader(pool), progress: progress, identity: people}
	s.cfg = ddns.Config{
		Store: store, Reader: s.reader, Identity: people, Progress: progress,
		Now: func() time.Time { return time.Now().Add(time.Duration(s.skew.Load()) * time.Second) },
	}
	s.addr = s.serve(s.cfg)
	return s
}

// serve runs another door on the same log.
func (s *stack) serve(cfg ddns.Config) (addr string) {
	s.t.Helper()
	sockets, err := ddns.Listen(s.t.Context(), "127.0.0.1:0")
	must(s.t, err)
	server, err := ddns.New(cfg)
	must(s.t, err)
	testkit.Background(s.t, func(ctx context.Context) error { return server.Run(ctx, sockets) })
	return sockets.Addr().String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// do has the store carry out a command of the admin, and waits for the read models.
func (s *stack) do(cmd domain.Command, err error) eventstore.Receipt {
	s.t.Helper()
	must(s.t, err)
	receipt, err := s.store.Execute(s.t.Context(), eventstore.Request{Command: cmd, Actor: admin, Door: domain.DoorV1})
	must(s.t, err)
	s.await()
	return receipt
}

// await returns once the read models have all that the log has.
func (s *stack) await() {
	s.t.Helper()
	head, err := s.store.Head(s.t.Context())
	must(s.t, err)
	ctx, cancel := context.WithTimeout(s.t.Context(), testkit.Patience)
	defer cancel()
	for of, position := range head.Last {
		if of != domain.ContextOps {
			must(s.t, s.progress.Wait(ctx, of, position))
		}
	}
}

// created is the id of what a change created.
func created(receipt eventstore.Receipt) int64 {
	for _, r := range receipt.Events {
		switch e := r.Event.(type) {
		case dns.ViewCreated:
			return e.ID
		case dns.ZoneCreated:
			return e.ID
		case access.CredentialAdded:
			return int64(e.ID)
		case access.UserRegistered:
			return int64(e.ID)
		}
	}
	return 0
}

func (s *stack) view(name, acl string) int64 {
	s.t.Helper()
	return created(s.do(dns.NewCreateView(dns.ViewInput{Name: &name, ACL: &acl})))
}

func (s *stack) zone(name string, views ...int64) int64 {
	s.t.Helper()
	return created(s.do(dns.NewCreateZone(dns.ZoneInput{Name: &name, Type: new(dns.ZoneMaster), ViewIDs: &views})))
}

func (s *stack) record(zone int64, view, host, rrtype, value string, ttl uint32) {
	s.t.Helper()
	s.do(dns.NewAddRecord(dns.RecordInput{ZoneID: &zone, ViewName: &view, Host: &host, Type: &rrtype, Value: &value, TTL: &ttl}))
}

// key is a TSIG credential with its secret.
type key struct {
	id                      domain.CredentialID
	name, algorithm, secret string
}

// key makes a credential of the admin.
func (s *stack) key(view string, restrict access.Restriction) key {
	s.t.Helper()
	return s.keyOf(access.CredentialInput{Name: new("acme"), Kind: new(access.CredentialTSIG), Restrict: restrict}, view)
}

func (s *stack) keyOf(in access.CredentialInput, view string) key {
	s.t.Helper()
	if view != "" {
		in.View = dns.ViewNamed(view)
	}
	cmd, err := access.NewAddCredential(in, time.Now())
	must(s.t, err)
	secret, id, err := s.identity.SealTSIG(s.t.Context(), cmd.Algorithm())
	must(s.t, err)
	credential := domain.CredentialID(created(s.do(cmd.WithSecret(id.String()), nil)))
	return key{credential, identity.TSIGKeyName("acme", credential) + ".", cmd.Algorithm() + ".", secret}
}

// signed adds what the client signs a message with.
func (k key) signed(m *mdns.Msg) *mdns.Msg {
	return m.SetTsig(k.name, k.algorithm, 300, time.Now().Unix())
}

// ask signs and sends a message by TCP, and returns the answer, whose signature it has checked.
func (s *stack) ask(k key, m *mdns.Msg) *mdns.Msg {
	s.t.Helper()
	c := mdns.Client{Net: "tcp", TsigSecret: map[string]string{k.name: k.secret}, Timeout: testkit.Patience}
	if k.name != "" {
		k.signed(m)
	}
	answer, _, err := c.ExchangeContext(s.t.Context(), m, s.addr)
	if !errors.Is(err, mdns.ErrAuth) { // which the library says of each answer with the code NOTAUTH
		must(s.t, err)
	}
	if k.name != "" && answer.IsTsig() == nil {
		s.t.Errorf("the answer is not signed: %s", answer)
	}
	return answer
}

// update sends an update of a zone.
func (s *stack) update(k key, zone string, change func(*mdns.Msg)) *mdns.Msg {
	s.t.Helper()
	m := new(mdns.Msg).SetUpdate(zone)
	m.SetEdns0(1232, false)
	change(m)
	return s.ask(k, m)
}

// rr reads a record as a zone file has it.
func (s *stack) rr(text string) mdns.RR {
	s.t.Helper()
	rr, err := mdns.NewRR(text)
	must(s.t, err)
	return rr
}

func (s *stack) rrs(texts ...string) (all []mdns.RR) {
	for _, text := range texts {
		all = append(all, s.rr(text))
	}
	return all
}

// records are those of a zone in a view as the API shows them: host, type, TTL and value.
func (s *stack) records(zone, view int64) []string {
	s.t.Helper()
	s.await() // on a slow machine an update is answered before
	var all []string
	err := s.reader.Content(s.t.Context(), zone, view, func(c *dnsmodel.Content) error {
		return c.All(func(r dnsmodel.Record) error {
			all = append(all, strings.Join([]string{r.Host, domain.Shown(r.Type), time.Duration(int64(r.TTL) * int64(time.Second)).String(), r.Value}, " "))
			return nil
		})
	})
	must(s.t, err)
	slices.Sort(all)
	return all
}

// wantRecords compares the records of a zone.
func (s *stack) wantRecords(zone, view int64, want ...string) {
	s.t.Helper()
	slices.Sort(want)
	if got := s.records(zone, view); !slices.Equal(got, want) {
		s.t.Errorf("records\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// remark is what the answer says beside its code.
func remark(m *mdns.Msg) string {
	if opt := m.IsEdns0(); opt != nil {
		for _, o := range opt.Option {
			if ede, is := o.(*mdns.EDNS0_EDE); is {
				return ede.ExtraText
			}
		}
	}
	return ""
}

func (s *stack) wantRcode(m *mdns.Msg, rcode int) {
	s.t.Helper()
	if m.Rcode != rcode {
		s.t.Errorf("%s (%s), want %s", mdns.RcodeToString[m.Rcode], remark(m), mdns.RcodeToString[rcode])
	}
}

func (s *stack) head() domain.Position {
	s.t.Helper()
	head, err := s.store.Head(s.t.Context())
	must(s.t, err)
	return head.Position
}

// in returns the stack for a subtest.
func (s *stack) in(t *testing.T) *stack {
	return &stack{t: t, addr: s.addr, store: s.store, pool: s.pool, reader: s.reader, progress: s.progress, identity: s.identity, cfg: s.cfg}
}

func (s *stack) deleteZone(id int64) {
	s.t.Helper()
	s.do(dns.NewDeleteZone(id, nil))
}

// wantOneChange says that all that was appended after a position is one change, by the door.
func (s *stack) wantOneChange(after domain.Position) {
	s.t.Helper()
	events, err := s.store.Read(s.t.Context(), after, 1000)
	must(s.t, err)
	for i, e := range events {
		if e.More != len(events)-1-i || e.Door != domain.DoorDDNS || e.Actor != admin || e.Credential == 0 {
			s.t.Errorf("event %d of %d: %d follow, by door %s, user %d, credential %d", i+1, len(events), e.More, e.Door, e.Actor, e.Credential)
		}
	}
}
