package verify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/translog"
	"github.com/opsledger/opsledger/translog/verify"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sealed is a log under a checkpoint.
type sealed struct {
	t       *testing.T
	pool    *pgxpool.Pool
	store   *eventstore.Store
	vault   *vault.Vault
	key     string
	publish func() (stop func())
}

const events = 700

// anotherKey is that of an example of C2SP signed-note.
const anotherKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

func newSealed(t *testing.T) *sealed {
	t.Helper()
	s := &sealed{t: t, pool: testkit.Postgres(t)}
	var err error
	// Small partitions, so that there are several.
	s.store, err = eventstore.Open(t.Context(), eventstore.Config{Pool: s.pool, Codec: testkit.Codec(), PartitionSize: 300})
	must(t, err)
	t.Cleanup(s.store.Close)
	testkit.Background(t, s.store.Run)
	keyFile := filepath.Join(t.TempDir(), "vault.key")
	s.vault, err = vault.Open(s.pool, keyFile)
	must(t, err)
	js := testkit.JetStream(t, testkit.NATS(t))
	s.publish = func() func() {
		return testkit.Background(t, translog.NewPublisher(translog.Config{
			Pool: s.pool, Store: s.store, Vault: s.vault, JS: js, Origin: translog.DefaultOrigin(s.store.LogID()), KeyFile: keyFile,
			Log: slog.New(slog.DiscardHandler), Every: 20 * time.Millisecond,
		}).Run)
	}
	return s
}

// add appends events, in changes of five of two contexts.
func (s *sealed) add(n int) {
	s.t.Helper()
	for id := int64(1); n > 0; n -= 5 {
		var c testkit.Events
		for i := range min(n, 5) {
			id++
			if i == 1 {
				c = append(c, access.UserLoggedIn{ID: 1})
				continue
			}
			c = append(c, dns.RecordAdded{ID: id, ZoneID: 3, Record: dns.RecordData{ViewID: 2, Host: "www", Type: "A", Value: "192.0.2.1"}})
		}
		_, err := s.store.Execute(s.t.Context(), eventstore.Request{Command: c, Actor: 1, Door: domain.DoorV1})
		must(s.t, err)
	}
}

// await waits until all of the log is under a checkpoint.
func (s *sealed) await() (c translog.Checkpoint) {
	s.t.Helper()
	head, err := s.store.Head(s.t.Context())
	must(s.t, err)
	reader := translog.NewReader(s.pool, s.store)
	testkit.Eventually(s.t, "a checkpoint of all", func() bool {
		c, err = reader.Checkpoint(s.t.Context())
		return err == nil && c.Size == int64(head.Position)
	})
	keys, err := reader.Keys(s.t.Context())
	must(s.t, err)
	s.key = keys[0].Verifier
	return c
}

func (s *sealed) verify(o verify.Options) (verify.Report, error) {
	s.t.Helper()
	return verify.Database(s.t.Context(), verify.DatabaseConfig{
		Connect: func(ctx context.Context) (*pgx.Conn, error) {
			return pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig.Copy())
		},
		Connections: 2,
	}, o)
}

// tamper changes the database as somebody does who may do everything in it.
func (s *sealed) tamper(sql ...string) {
	s.t.Helper()
	must(s.t, pgx.BeginFunc(s.t.Context(), s.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(s.t.Context(), `SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = 'log' AND c.relkind IN ('r', 'p') ORDER BY c.relkind DESC`)
		if err != nil {
			return err
		}
		tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, table := range tables {
			if _, err := tx.Exec(s.t.Context(), "ALTER TABLE "+table+" DISABLE TRIGGER ALL"); err != nil {
				return err
			}
		}
		for _, one := range sql {
			if _, err := tx.Exec(s.t.Context(), one); err != nil {
				return fmt.Errorf("%s: %w", one, err)
			}
		}
		return nil
	}))
}

// Each column of the log's tables, changed by itself, is found, and the finding names the
// position and the table; so it is by who has nothing but an old checkpoint and the key.
func TestTampering(t *testing.T) {
	t.Parallel()
	s := newSealed(t)
	stop := s.publish()
	s.add(100)
	old := s.await()
	s.add(events - 100)
	s.await()
	stop()
	trust := verify.Options{Since: []translog.Checkpoint{old}, Key: s.key}
	for _, o := range []verify.Options{{}, trust} {
		r, err := s.verify(o)
		must(t, err)
		if r.Events != events || r.Sealed != events || r.Entries < 2*events || r.Trusted != (o.Key != "") || len(r.Continues) != len(o.Since) {
			t.Fatalf("proved %+v", r)
		}
	}
	// Of each column, what changes it and changes it back. Positions are of the second partition.
	event := func(set, back string) [2]string { return both("log.events", set, back) }
	head := func(set, back string) [2]string { return both("log.head", set, back) }
	columns := map[string][2]string{
		"events.position": {
			"UPDATE log.events SET position = 1400 WHERE position = 333", "UPDATE log.events SET position = 333 WHERE position = 1400",
		},
		"events.prev":        plus("log.events", "prev"),
		"events.id":          texts("id", "uuid"),
		"events.type":        texts("type", "text"),
		"events.context":     event("context = 'dnx'", "context = 'dns'"),
		"events.schema":      plus("log.events", "schema"),
		"events.key":         plus("log.events", "key"),
		"events.tags":        event("tags = tags || E'\nx'", "tags = left(tags, -2)"),
		"events.data":        event("data = (' ' || data::text)::json", "data = (substr(data::text, 2))::json"),
		"events.actor":       plus("log.events", "actor"),
		"events.command_id":  texts("command_id", "uuid"),
		"events.causation":   plus("log.events", "causation"),
		"events.correlation": texts("correlation", "uuid"),
		"events.recorded_at": event("recorded_at = recorded_at + interval '1 us'", "recorded_at = recorded_at - interval '1 us'"),
		"events.more":        plus("log.events", "more"),
		"events.more_own":    plus("log.events", "more_own"),
		"events.credential":  plus("log.events", "credential"),
		"events.door":        texts("door", "text"),

		"event_tags.tag_hash": both("log.event_tags", "tag_hash = tag_hash # 1", "tag_hash = tag_hash # 1"),
		"event_tags.position": {
			"UPDATE log.event_tags SET position = 1400 WHERE position = 333", "UPDATE log.event_tags SET position = 333 WHERE position = 1400",
		},
		"event_tags.type_hash": plus("log.event_tags", "type_hash"),

		"head.log":         head("log = '00000000-0000-0000-0000-000000000001'", "log = '"+s.store.LogID().String()+"'"),
		"head.position":    head("position = position - 1", "position = position + 1"),
		"head.recorded_at": head("recorded_at = recorded_at + interval '1 s'", "recorded_at = recorded_at - interval '1 s'"),
		"head.last_access": head("last_access = last_access + 1", "last_access = last_access - 1"),
		"head.last_dns":    head("last_dns = last_dns + 1", "last_dns = last_dns - 1"),
		"head.last_ops":    head("last_ops = last_ops + 1", "last_ops = last_ops - 1"),
		"head.singleton": {
			"ALTER TABLE log.head DROP CONSTRAINT head_singleton_check; UPDATE log.head SET singleton = false",
			"UPDATE log.head SET singleton = true",
		},
	}
	s.everyColumnIsThere(columns)
	for column, do := range columns {
		s.tamper(do[0])
		for name, o := range map[string]verify.Options{"alone": {}, "with a checkpoint and the key": trust} {
			var found *verify.Finding
			_, err := s.verify(o)
			table, _, _ := strings.Cut(column, ".")
			if !errors.As(err, &found) || found.In != "log."+table {
				t.Errorf("%s, %s: %v", column, name, err)
				continue
			}
			if table != "head" && found.Position != 333 {
				t.Errorf("%s, %s: %v", column, name, found)
			}
		}
		s.tamper(do[1])
		if _, err := s.verify(trust); err != nil {
			t.Fatalf("%s was put back: %v", column, err)
		}
	}
}

// both are the statements that set a column of the row, or of the one that there is, and back.
func both(table, set, back string) [2]string {
	where := " WHERE position = 333"
	if table == "log.head" {
		where = ""
	}
	return [2]string{"UPDATE " + table + " SET " + set + where, "UPDATE " + table + " SET " + back + where}
}

func plus(table, column string) [2]string {
	return both(table, column+" = "+column+" + 1", column+" = "+column+" - 1")
}

// texts changes characters of an event's column, and changes them back.
func texts(column, kind string) [2]string {
	from, to := "v1RecordA", "V2rECORDa"
	if kind == "uuid" {
		from, to = "0123456789abcdef", "123456789abcdef0"
	}
	change := func(from, to string) string {
		return fmt.Sprintf("%s = translate(%s::text, '%s', '%s')::%s", column, column, from, to, kind)
	}
	return both("log.events", change(from, to), change(to, from))
}

// everyColumnIsThere fails if a column of the tables is not among those that are tried.
func (s *sealed) everyColumnIsThere(tried map[string][2]string) {
	s.t.Helper()
	rows, err := s.pool.Query(s.t.Context(), `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'log' AND table_name IN ('events', 'event_tags', 'head')`)
	must(s.t, err)
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(s.t, err)
	for _, column := range columns {
		if _, is := tried[column]; !is {
			s.t.Errorf("nobody tries %s", column)
		}
	}
}

// Rows that are gone or too many, and tiles and checkpoints that were changed.
func TestTamperingWithRows(t *testing.T) {
	t.Parallel()
	s := newSealed(t)
	stop := s.publish()
	s.add(events)
	s.await()
	stop()
	const otherHash = "UPDATE translog.tiles SET hashes = set_byte(hashes, "
	saved := []string{"translog.tiles", "translog.tree", "translog.keys", "log.events", "log.event_tags"}
	for name, c := range map[string]struct {
		do string
		in string
		at int64
	}{
		"an event is gone":        {"DELETE FROM log.events WHERE position = 20", "log.events", 20},
		"the last event is gone":  {"DELETE FROM log.events WHERE position = 700", "log.events", 699},
		"an entry is gone":        {"DELETE FROM log.event_tags WHERE position = 20", "log.event_tags", 20},
		"an entry is too many":    {"INSERT INTO log.event_tags VALUES (1, 20, 2)", "log.event_tags", 20},
		"a hash of a tile":        {otherHash + "608, 255 - get_byte(hashes, 608)) WHERE (level, n) = (0, 0)", "translog.tiles", 20},
		"a hash of an upper tile": {otherHash + "32, 255 - get_byte(hashes, 32)) WHERE level = 1", "translog.tiles", 257},
		"a tile is gone":          {"DELETE FROM translog.tiles WHERE level = 0 AND n = 1", "translog.tiles", 257},
		"the checkpoint":          {"UPDATE translog.tree SET checkpoint = translate(checkpoint, 'ABCD', 'BCDA')", "", 0},
		"the key":                 {"UPDATE translog.keys SET verifier = '" + anotherKey + "'", "keys of checkpoints", 700},
		"the log of the tree":     {"UPDATE translog.tree SET log = '00000000-0000-0000-0000-000000000001'", "log.head", 700},
	} {
		s.tamper("CREATE SCHEMA saved")
		for _, table := range saved {
			_, name, _ := strings.Cut(table, ".")
			s.tamper("CREATE TABLE saved." + name + " AS TABLE " + table)
		}
		s.tamper(c.do)
		var found *verify.Finding
		_, err := s.verify(verify.Options{Key: s.key})
		if !(c.in == "" && err != nil) && (!errors.As(err, &found) || found.In != c.in || found.Position != c.at) {
			t.Errorf("%s: %v", name, err)
		}
		for _, table := range saved {
			_, name, _ := strings.Cut(table, ".")
			s.tamper("DELETE FROM "+table, "INSERT INTO "+table+" TABLE saved."+name)
		}
		s.tamper("DROP SCHEMA saved CASCADE")
		if _, err := s.verify(verify.Options{Key: s.key}); err != nil {
			t.Fatalf("%s was put back: %v", name, err)
		}
	}
}

// Who has the key of the vault can make another history and sign it; who holds a checkpoint
// of before sees that it is another one.
func TestAnotherHistorySigned(t *testing.T) {
	t.Parallel()
	s := newSealed(t)
	stop := s.publish()
	s.add(100)
	old := s.await()
	stop()
	s.tamper("UPDATE log.events SET actor = 2 WHERE position = 42", "TRUNCATE translog.tree, translog.tiles, translog.keys")
	other := testkit.Background(t, translog.NewPublisher(translog.Config{
		Pool: s.pool, Store: s.store, Vault: s.vault, JS: testkit.JetStream(t, testkit.NATS(t)), Origin: translog.DefaultOrigin(s.store.LogID()),
		KeyFile: filepath.Join(t.TempDir(), "elsewhere"), Log: slog.New(slog.DiscardHandler), Every: 20 * time.Millisecond,
	}).Run)
	s.add(5)
	s.await()
	other()
	if _, err := s.verify(verify.Options{Key: s.key}); err != nil {
		t.Errorf("the other history fits itself: %v", err)
	}
	var found *verify.Finding
	_, err := s.verify(verify.Options{Key: s.key, Since: []translog.Checkpoint{old}})
	if !errors.As(err, &found) || found.Position != 100 || found.In != "checkpoint" {
		t.Errorf("who holds a checkpoint of before is told %v", err)
	}
}

// Keys are trusted from the one that is given on, and no other way.
func TestRotatedKeys(t *testing.T) {
	t.Parallel()
	s := newSealed(t)
	stop := s.publish()
	s.add(10)
	old := s.await()
	for range 2 {
		_, err := translog.Rotate(t.Context(), s.store, s.vault)
		must(t, err)
		s.add(3)
		s.await()
	}
	stop()
	first := s.key
	for _, key := range []string{"", first} {
		if r, err := s.verify(verify.Options{Key: key, Since: []translog.Checkpoint{old}}); err != nil || r.Trusted != (key != "") {
			t.Errorf("with key %q: %+v, %v", key, r, err)
		}
	}
	for name, sql := range map[string]string{
		"the handover is by others": "UPDATE translog.keys SET checkpoint = (SELECT checkpoint FROM translog.tree) WHERE since = 11",
		"no event names the key":    "UPDATE translog.keys SET since = 12 WHERE since = 11",
		"a key is left out":         "DELETE FROM translog.keys WHERE since = 11",
		"the first is another":      "UPDATE translog.keys SET verifier = '" + anotherKey + "' WHERE since = 0",
	} {
		_, err := s.pool.Exec(t.Context(), "CREATE TABLE saved AS TABLE translog.keys")
		must(t, err)
		s.tamper(sql)
		var found *verify.Finding
		if _, err := s.verify(verify.Options{Key: first}); !errors.As(err, &found) || found.In != "keys of checkpoints" {
			t.Errorf("%s: %v", name, err)
		}
		s.tamper("DELETE FROM translog.keys", "INSERT INTO translog.keys TABLE saved", "DROP TABLE saved")
	}
}

// A log that is not signed yet is checked as far as it can be; who kept something of it knows more.
func TestUnsignedLog(t *testing.T) {
	t.Parallel()
	s := newSealed(t)
	s.add(10)
	if r, err := s.verify(verify.Options{}); err != nil || r.Events != 10 || r.Checkpoint.Size != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	var found *verify.Finding
	if _, err := s.verify(verify.Options{Key: anotherKey}); !errors.As(err, &found) || found.In != "checkpoint" {
		t.Errorf("with a key that was kept: %v", err)
	}
	s.tamper("UPDATE log.events SET prev = prev + 1 WHERE position = 7")
	if _, err := s.verify(verify.Options{}); !errors.As(err, &found) || found.Position != 7 || found.In != "log.events" {
		t.Errorf("an event was changed: %v", err)
	}
}

// The state is of one moment, though a key comes between its reads.
func TestStateOfOneMoment(t *testing.T) {
	t.Parallel()
	s := newSealed(t)
	stop := s.publish()
	s.add(10)
	c := s.await()
	stop()
	conn, err := pgx.ConnectConfig(t.Context(), s.pool.Config().ConnConfig.Copy())
	must(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	tx, err := s.pool.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE translog.keys IN ACCESS EXCLUSIVE MODE")
	must(t, err)
	read := make(chan error, 1)
	var state translog.State
	go func() {
		var err error
		state, err = translog.ReadState(t.Context(), conn)
		read <- err
	}()
	testkit.Eventually(t, "the reader waits for the keys", func() bool {
		var waits bool
		err := s.pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
			WHERE d.datname = current_database() AND NOT l.granted AND l.relation = 'translog.keys'::regclass)`).Scan(&waits)
		return err == nil && waits
	})
	_, err = tx.Exec(t.Context(), "INSERT INTO translog.keys SELECT origin, 11, $1, checkpoint FROM translog.tree", anotherKey)
	must(t, err)
	must(t, tx.Commit(t.Context()))
	must(t, <-read)
	if len(state.Keys) != 1 || state.Checkpoint.Head != c.Head {
		t.Errorf("a checkpoint of %d with the keys %+v", state.Checkpoint.Size, state.Keys)
	}
}

// From outside the keys may be of a later moment than the checkpoint; and each reply is bounded.
func TestRemoteWhileAKeyComes(t *testing.T) {
	t.Parallel()
	s := newSealed(t)
	stop := s.publish()
	s.add(300)
	old := s.await()
	_, err := translog.Rotate(t.Context(), s.store, s.vault)
	must(t, err)
	s.await()
	stop()
	reader := translog.NewReader(s.pool, s.store)
	get := func(ctx context.Context, path string, most int64) (reply []byte, err error) {
		level, index, _ := strings.Cut(strings.TrimPrefix(path, "tile/"), "/")
		n, width, _ := translog.ParseTileIndex(index)
		switch {
		case path == "checkpoint":
			return []byte(old.Note), nil
		case path == "keys":
			keys, err := reader.Keys(ctx)
			if err != nil {
				return nil, err
			}
			var list []map[string]any
			for _, k := range keys {
				list = append(list, map[string]any{"key": k.Verifier, "since": k.Since, "checkpoint": k.Checkpoint})
			}
			return json.Marshal(map[string]any{"keys": list})
		case level == "entries":
			reply, err = reader.Entries(ctx, n, width)
		default:
			number, atoi := strconv.Atoi(level)
			must(t, atoi)
			reply, err = reader.Tile(ctx, translog.Coord{Level: number, N: n}, width)
		}
		if err == nil && int64(len(reply)) != most {
			err = fmt.Errorf("%s: %d bytes were expected at most, there are %d", path, most, len(reply))
		}
		return reply, err
	}
	keys, err := reader.Keys(t.Context())
	must(t, err)
	if r, err := verify.Remote(t.Context(), get, verify.Options{Key: keys[0].Verifier}); err != nil || !r.Trusted || r.Sealed != old.Size {
		t.Errorf("%+v, %v", r, err)
	}
}
