package logimport_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/translog"
	"github.com/opsledger/opsledger/translog/logfile"
	"github.com/opsledger/opsledger/translog/logimport"
	"github.com/opsledger/opsledger/translog/verify"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// system is a log with its tree and its vault.
type system struct {
	t       *testing.T
	pool    *pgxpool.Pool
	store   *eventstore.Store
	vault   *vault.Vault
	keyFile string
	origin  string
}

// open opens the log that the database has, or makes one.
func open(t *testing.T, pool *pgxpool.Pool) *system {
	t.Helper()
	s := &system{t: t, pool: pool, keyFile: filepath.Join(t.TempDir(), "vault.key")}
	var err error
	s.store, err = eventstore.Open(t.Context(), eventstore.Config{Pool: pool, Codec: testkit.Codec(), PartitionSize: 300})
	must(t, err)
	t.Cleanup(s.store.Close)
	testkit.Background(t, s.store.Run)
	s.vault, err = vault.Open(pool, s.keyFile)
	must(t, err)
	s.origin = translog.DefaultOrigin(s.store.LogID())
	return s
}

// publisher begins to sign.
func (s *system) publisher() (p *translog.Publisher, stop func()) {
	s.t.Helper()
	p = translog.NewPublisher(translog.Config{
		Pool: s.pool, Store: s.store, Vault: s.vault, JS: testkit.JetStream(s.t, testkit.NATS(s.t)), Origin: s.origin, KeyFile: s.keyFile,
		Log: slog.New(slog.DiscardHandler), Every: 20 * time.Millisecond,
	})
	return p, testkit.Background(s.t, p.Run)
}

func (s *system) append(events ...domain.Event) {
	s.t.Helper()
	_, err := s.store.Execute(s.t.Context(), eventstore.Request{Command: testkit.Events(events), Actor: 1, Door: domain.DoorV1})
	must(s.t, err)
}

// records appends changes of five events of two contexts.
func (s *system) records(changes int) {
	s.t.Helper()
	for range changes {
		s.append(record(7), record(8), access.UserLoggedIn{ID: 1}, record(9), record(10))
	}
}

func record(id int64) domain.Event {
	return dns.RecordAdded{ID: id, ZoneID: 3, Record: dns.RecordData{ViewID: 2, Host: "www", Type: "TXT", Value: "\"<&> 名\""}}
}

// await waits until all of the log is under a checkpoint.
func (s *system) await() (c translog.Checkpoint) {
	s.t.Helper()
	head, err := s.store.Head(s.t.Context())
	must(s.t, err)
	reader := translog.NewReader(s.pool, s.store)
	testkit.Eventually(s.t, "a checkpoint of all", func() bool {
		c, err = reader.Checkpoint(s.t.Context())
		return err == nil && c.Size == int64(head.Position)
	})
	return c
}

func (s *system) key() string {
	s.t.Helper()
	keys, err := translog.NewReader(s.pool, s.store).Keys(s.t.Context())
	must(s.t, err)
	return keys[0].Verifier
}

func (s *system) verify(o verify.Options) verify.Report {
	s.t.Helper()
	r, err := verify.Database(s.t.Context(), verify.DatabaseConfig{
		Connect: func(ctx context.Context) (*pgx.Conn, error) {
			return pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig.Copy())
		},
		Connections: 2,
	}, o)
	must(s.t, err)
	return r
}

func (s *system) export() string {
	s.t.Helper()
	conn, err := s.pool.Acquire(s.t.Context())
	must(s.t, err)
	defer conn.Release()
	var out strings.Builder
	_, err = logfile.Write(s.t.Context(), conn.Conn(), &out, 1, func(int64, int64) {})
	must(s.t, err)
	return out.String()
}

// vaulted is the name of a secret.
func vaulted(what string) string { return uuid.NewSHA1(uuid.Nil, []byte(what)).String() }

// source is a log of one of each kind of what a copy ends and of what has ended, of two keys.
type source struct {
	*system
	// old is a checkpoint of before the second key, first the key that signed it.
	old   translog.Checkpoint
	first string
	file  string
}

func newSource(t *testing.T) *source {
	t.Helper()
	s := &source{system: open(t, testkit.Postgres(t))}
	_, stop := s.publisher()
	s.records(40)
	s.append(dns.ServerEnrolled{ID: 1}, dns.ServerEnrolled{ID: 2}, dns.ServerEnrolled{ID: 3}, ops.HostEnrolled{ID: 5}, ops.HostEnrolled{ID: 6})
	s.append(dns.ServerWithdrawn{ID: 2})
	s.append(dns.ServerDeleted{ID: 3}, ops.MachineDeleted{ID: 6})
	s.append(
		access.CredentialAdded{ID: 1, User: 1, Name: "token", Kind: access.CredentialToken, Digest: "ab"},
		access.CredentialAdded{ID: 2, User: 1, Name: "tsig", Kind: access.CredentialTSIG, Secret: "7d0a1e6e-9d60-4b8f-b3f5-2a9d8c1a0001"},
		access.CredentialAdded{ID: 3, User: 1, Name: "ended", Kind: access.CredentialToken, Digest: "cd"},
		access.CredentialAdded{ID: 4, User: 9, Name: "with its user", Kind: access.CredentialToken, Digest: "ef"},
	)
	s.append(
		access.WebhookAdded{ID: 1, User: 1, Webhook: access.WebhookData{Origin: "https://a.example", Target: vaulted("t1")}, Secret: vaulted("s1")},
		access.WebhookAdded{ID: 2, User: 9, Webhook: access.WebhookData{Origin: "https://b.example", Target: vaulted("t2")}, Secret: vaulted("s2")},
		access.WebhookAdded{ID: 3, User: 1, Webhook: access.WebhookData{Origin: "https://c.example", Target: vaulted("t3")}, Secret: vaulted("s3")},
		access.WebhookChanged{
			ID: 1, User: 1, Before: access.WebhookData{Origin: "https://a.example", Target: vaulted("t1")},
			After: access.WebhookData{Origin: "https://a.example", Target: vaulted("t4")},
		},
		access.WebhookRotated{ID: 1, User: 1, Secret: vaulted("s4"), Former: vaulted("s1")},
		access.WebhookDeleted{ID: 3, User: 1, Webhook: access.WebhookData{Origin: "https://c.example", Target: vaulted("t3")}, Secret: vaulted("s3")},
	)
	target := access.EnrolmentTarget{Kind: access.EnrolServer, ID: 1, Name: "ns1"}
	s.append(access.EnrolmentTokenAdded{ID: 5, Target: target, Digest: "01"}, access.EnrolmentTokenAdded{ID: 6, Target: target, Digest: "02"})
	s.append(access.EnrolmentTokenEnded{ID: 6, Target: target})
	s.append(access.CredentialDeleted{ID: 3, User: 1, Name: "ended"}, access.UserDeleted{ID: 9, Username: "gone"})
	s.old = s.await()
	s.first = s.key()
	_, err := translog.Rotate(t.Context(), s.store, s.vault)
	must(t, err)
	s.await()
	s.records(100)
	s.await()
	stop()
	s.file = s.export()
	return s
}

// take imports the file into the database.
func take(t *testing.T, pool *pgxpool.Pool, file string, as logimport.As, o verify.Options) (done logimport.Imported, err error) {
	t.Helper()
	reader := strings.NewReader(file)
	checked, err := logimport.Check(t.Context(), reader, testkit.Codec(), o)
	if err != nil {
		return done, err
	}
	err = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		done, err = logimport.Write(t.Context(), tx, reader, checked, as, func(int64, int64) {})
		return err
	})
	return done, err
}

// takeVault brings all secrets of one vault into another.
func takeVault(t *testing.T, from, to *system, wanted func(vault.Secret) bool) {
	t.Helper()
	var all []vault.Secret
	must(t, pgx.BeginFunc(t.Context(), from.pool, func(tx pgx.Tx) error {
		return from.vault.Each(t.Context(), tx, func(s vault.Secret) error {
			if wanted(s) {
				all = append(all, s)
			}
			return nil
		})
	}))
	must(t, pgx.BeginFunc(t.Context(), to.pool, func(tx pgx.Tx) error { return to.vault.Take(t.Context(), tx, all) }))
}

// rows are those of a query, as text.
func rows(t *testing.T, pool *pgxpool.Pool, sql string) []string {
	t.Helper()
	found, err := pool.Query(t.Context(), sql)
	must(t, err)
	list, err := pgx.CollectRows(found, pgx.RowTo[string])
	must(t, err)
	return list
}
