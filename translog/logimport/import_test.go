package logimport_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/translog"
	"github.com/opsledger/opsledger/translog/logfile"
	"github.com/opsledger/opsledger/translog/logimport"
	"github.com/opsledger/opsledger/translog/verify"
)

// sameTables are all that a move must bring, byte for byte.
var sameTables = []string{
	"SELECT e::text FROM log.events e ORDER BY position",
	"SELECT t::text FROM log.event_tags t ORDER BY tag_hash, position",
	"SELECT h::text FROM log.head h",
	"SELECT t::text FROM translog.tiles t ORDER BY level, n",
	"SELECT k::text FROM translog.keys k WHERE since > 0 ORDER BY since",
	"SELECT origin || log || size || signed_size || checkpoint FROM translog.tree",
	"SELECT command_id::text || first || last || expires_at::text FROM cache.commands WHERE fingerprint <> '' ORDER BY 1",
}

func all(vault.Secret) bool { return true }

// A log that has moved is the same in every table, goes on with ids that were not given out, and
// its tree is signed on with its last key, which somebody who kept the first one believes.
func TestMove(t *testing.T) {
	t.Parallel()
	s := newSource(t)
	pool := testkit.Postgres(t)
	done, err := take(t, pool, s.file, logimport.Move, verify.Options{Key: s.first, Since: []translog.Checkpoint{s.old}})
	must(t, err)
	if done.Log != s.store.LogID() || done.Agents+done.Credentials+done.Webhooks != 0 {
		t.Errorf("imported %+v", done)
	}
	for _, sql := range sameTables {
		if want, got := rows(t, s.pool, sql), rows(t, pool, sql); !slices.Equal(want, got) || len(got) == 0 && !strings.Contains(sql, "fingerprint") {
			t.Errorf("%s: %d rows instead of %d", sql, len(got), len(want))
		}
	}
	moved := open(t, pool)
	takeVault(t, s.system, moved, all)
	publisher, _ := moved.publisher()
	moved.records(10)
	moved.await()
	must(t, publisher.Trouble())
	if r := moved.verify(verify.Options{Key: s.first, Since: []translog.Checkpoint{s.old}}); !r.Trusted || len(r.Continues) != 1 {
		t.Errorf("proved %+v", r)
	}
	if known := rows(t, pool, "SELECT count(DISTINCT command_id)::text FROM cache.commands"); known[0] != rows(t, pool, "SELECT count(DISTINCT command_id)::text FROM log.events WHERE position <= "+size(s))[0] {
		t.Errorf("%s commands are known", known[0])
	}
	if id := rows(t, pool, "SELECT nextval('log.id_record')::text")[0]; id != "11" {
		t.Errorf("the next record gets the id %s", id)
	}
}

func size(s *source) string { return rows(s.t, s.pool, "SELECT position::text FROM log.head")[0] }

// Without the keys of its checkpoints a log that has moved signs nothing.
func TestMoveWithoutTheVault(t *testing.T) {
	t.Parallel()
	s := newSource(t)
	pool := testkit.Postgres(t)
	_, err := take(t, pool, s.file, logimport.Move, verify.Options{})
	must(t, err)
	moved := open(t, pool)
	publisher, _ := moved.publisher()
	testkit.Eventually(t, "it says that it signs nothing", func() bool {
		err := publisher.Trouble()
		return err != nil && strings.Contains(err.Error(), "a key that the log does not name")
	})
	moved.records(1)
	moved.verify(verify.Options{Key: s.first, Since: []translog.Checkpoint{s.old}})
	if got := rows(t, pool, "SELECT signed_size::text FROM translog.tree"); len(got) != 1 || got[0] != size(s) {
		t.Errorf("it has signed %v", got)
	}
}

// A copy has the events and hashes, another id, and behind them the end of what was trusted. It
// has keys of its own, signs under an origin of its own, and never under the other's.
func TestCopy(t *testing.T) {
	t.Parallel()
	s := newSource(t)
	pool := testkit.Postgres(t)
	done, err := take(t, pool, s.file, logimport.Copy, verify.Options{})
	must(t, err)
	if done.Log == s.store.LogID() || done.Agents != 2 || done.Credentials != 3 || done.Webhooks != 1 {
		t.Errorf("imported %+v", done)
	}
	if want, got := rows(t, s.pool, sameTables[0]), rows(t, pool, sameTables[0]); !slices.Equal(want, got[:len(want)]) || len(got) != len(want)+6 {
		t.Errorf("%d events instead of %d and 6", len(got), len(want))
	}
	c := open(t, pool)
	c.verify(verify.Options{}) // not signed yet
	var ended []domain.Event
	head, err := c.store.Head(t.Context())
	must(t, err)
	events, err := c.store.ReadChange(t.Context(), head.Position)
	must(t, err)
	for _, e := range events {
		r, err := e.Decode(c.store.Codec())
		must(t, err)
		ended = append(ended, r.Event)
		if e.Door != domain.DoorCommandLine || e.Actor != domain.System {
			t.Errorf("event %d is by %d, %s", e.Position, e.Actor, e.Door)
		}
	}
	want := `[{"id":1},{"id":5},{"id":1,"user":1,"name":"token"},{"id":2,"user":1,"name":"tsig","secret":"7d0a1e6e-9d60-4b8f-b3f5-2a9d8c1a0001"},` +
		`{"id":5,"target":{"kind":"server","id":1,"name":"ns1"}},` +
		`{"id":1,"user":1,"webhook":{"origin":"https://a.example","target":"` + vaulted("t4") + `"},"secret":"` + vaulted("s4") + `","former":"` + vaulted("s1") + `"}]`
	if text, err := json.Marshal(ended); err != nil || string(text) != want {
		t.Errorf("ended is %s", text)
	}
	if e := events[3]; !slices.Contains(e.Tags, access.TagErasable) {
		t.Errorf("the secret is not to be destroyed: %v", e.Tags)
	}

	c.origin = s.origin
	publisher, stop := c.publisher()
	testkit.Eventually(t, "it does not sign as the other", func() bool {
		err := publisher.Trouble()
		return err != nil && strings.Contains(err.Error(), "is of log "+s.store.LogID().String())
	})
	stop()
	c.origin = translog.DefaultOrigin(done.Log)
	c.publisher()
	c.await()
	number, err := translog.Rotate(t.Context(), c.store, c.vault)
	must(t, err)
	if number != 3 {
		t.Errorf("its next key has the number %d", number)
	}
	c.await()
	first := c.key()
	if r := c.verify(verify.Options{Key: first}); !r.Trusted || strings.HasSuffix(first, s.first[len(s.first)-20:]) {
		t.Errorf("proved %+v with the key %s", r, first)
	}
}

// What is wrong with a file is told by where it is, and nothing is written.
func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	s := newSource(t)
	pool := testkit.Postgres(t)
	lines := strings.Split(s.file, "\n")
	replaced := func(line int, from, to string) func([]string) []string {
		if !strings.Contains(lines[line-1], from) {
			t.Fatalf("line %d has no %s: %s", line, from, lines[line-1])
		}
		return func(l []string) []string {
			l[line-1] = strings.Replace(l[line-1], from, to, 1)
			return l
		}
	}
	other := uuid.NewString()
	for name, c := range map[string]struct {
		change func([]string) []string
		says   string
	}{
		"no file of a log":           {func([]string) []string { return []string{"{}", ""} }, "not a file of a log"},
		"empty":                      {func([]string) []string { return nil }, "not a file of a log"},
		"another log's id":           {replaced(1, s.store.LogID().String(), other), "line 1: it is of log " + other},
		"no log's id":                {replaced(1, `"log":"`, `"log":"x`), "line 1"},
		"an event is another":        {replaced(50, `"actor":1`, `"actor":2`), "something at or before this position"},
		"an unknown type":            {replaced(50, `"RecordAdded"`, `"RecordSung"`), `line 50: event 49: decode event: unknown type "RecordSung"`},
		"a schema of the future":     {replaced(50, `"schema":`, `"schema":9`), "line 50: event 49: decode RecordAdded: schema 9"},
		"another context":            {func(l []string) []string { return replaced(2, `"context":"dns"`, `"context":"ops"`)(l) }, "line 2"},
		"a tag twice":                {replaced(50, `"tags":[`, `"tags":["a b","a b",`), "line 50: event 49: it cannot have the tag"},
		"a line break in a tag":      {replaced(50, `"tags":[`, `"tags":["a\nb",`), "line 50: event 49: it cannot have the tag"},
		"data that is no JSON":       {replaced(50, `"data":{`, `"data":{{`), "line 50"},
		"data of another form":       {replaced(50, `"data":{`, `"data":[{`), "line 50"},
		"NUL in its data":            {replaced(50, `"host":"www"`, "\"host\":\"w\x00w\""), "line 50"},
		"no UTF-8":                   {replaced(50, `"host":"www"`, "\"host\":\"w\xffw\""), "line 50: event 49: its data is not clean UTF-8"},
		"an event is gone":           {func(l []string) []string { return slices.Delete(l, 49, 50) }, "position 49, file, line 50"},
		"two events exchanged":       {func(l []string) []string { l[49], l[50] = l[50], l[49]; return l }, "position 49, file, line 50"},
		"an event twice":             {func(l []string) []string { return slices.Insert(l, 50, l[49]) }, "file, line 51"},
		"a line that is half":        {func(l []string) []string { l[49] = l[49][:60]; return l }, "line 50"},
		"cut off":                    {func(l []string) []string { return l[:300] }, "behind position 299"},
		"its last line is gone":      {func(l []string) []string { return append(l[:len(l)-2], "") }, "unexpected EOF"},
		"its last line is another":   {func(l []string) []string { l[len(l)-2] = `{"checkpoint":""}`; return l }, "its last line has another checkpoint"},
		"something behind its end":   {func(l []string) []string { return append(l, "{}") }, "something stands behind the last line"},
		"another checkpoint's size":  {replaced(1, `\n`+size(s)+`\n`, `\n`+size(s)+`0\n`), "checkpoint"},
		"another signature":          {replaced(1, `\n\n— `, `\n\n— x`), "checkpoint"},
		"ends inside a change":       {func(l []string) []string { return slices.Delete(l, len(l)-3, len(l)-2) }, ""},
		"a change that has no end":   {replaced(len(lines)-2, `"more":0`, `"more":1`), ""},
		"without the keys":           {replaced(1, `"keys":[`, `"keys":[],"x":[`), "keys of checkpoints"},
		"that the key came by":       {replaced(1, `"Since":224`, `"Since":225`), "keys of checkpoints"},
		"a first key from later on":  {replaced(1, `"Since":0`, `"Since":1`), "line 1: its first key"},
		"not from the first event":   {replaced(1, `"from":1`, `"from":2`), "line 1: the file begins with position 2"},
		"an empty first line":        {func(l []string) []string { return slices.Insert(l, 0, "") }, "not a file of a log"},
		"of a compressed file, half": {func([]string) []string { return []string{"\x28\xb5\x2f\xfd half"} }, "not a file of a log"},
	} {
		_, err := take(t, pool, strings.Join(c.change(slices.Clone(lines)), "\n"), logimport.Move, verify.Options{})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, which does not say %q", name, err, c.says)
		}
	}
	for what, o := range map[string]verify.Options{
		"trusted key": {Key: "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"},
		"was kept":    {Since: []translog.Checkpoint{{Head: translog.Head{Origin: s.origin, Size: 1 << 40}}}},
	} {
		if _, err := take(t, pool, s.file, logimport.Move, o); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := rows(t, pool, "SELECT count(*)::text FROM log.head UNION ALL SELECT count(*)::text FROM log.partitions"); !slices.Equal(got, []string{"0", "0"}) {
		t.Errorf("something was written: %v", got)
	}
	if _, err := take(t, pool, s.file, logimport.Move, verify.Options{}); err != nil {
		t.Errorf("the file as it was: %v", err)
	}
}

// broken is a file that cannot be read, or is another one, from some byte on at the second reading.
type broken struct {
	*strings.Reader
	from    int64
	instead []byte
	seeks   int
}

func (b *broken) Seek(offset int64, whence int) (int64, error) {
	b.seeks++
	return b.Reader.Seek(offset, whence)
}

func (b *broken) Read(p []byte) (int, error) {
	at := b.Size() - int64(b.Len())
	n, err := b.Reader.Read(p)
	if b.seeks < 2 || at+int64(n) <= b.from {
		return n, err
	}
	if b.instead == nil {
		return 0, errors.New("the disk is broken")
	}
	if at <= b.from {
		copy(p[b.from-at:n], b.instead)
	}
	return n, err
}

// An import that ends in its middle, for whatever reason, leaves nothing, and can be repeated.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	s := newSource(t)
	pool := testkit.Postgres(t)
	first := open(t, pool) // a log without events is no log
	at := int64(strings.Index(s.file[len(s.file)/2:], `"actor":1`) + len(s.file)/2 + len(`"actor":`))
	for name, file := range map[string]*broken{
		"read no further": {Reader: strings.NewReader(s.file), from: at},
		"another file":    {Reader: strings.NewReader(s.file), from: at, instead: []byte("2")},
	} {
		checked, err := logimport.Check(t.Context(), file, testkit.Codec(), verify.Options{})
		must(t, err)
		err = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			_, err := logimport.Write(t.Context(), tx, file, checked, logimport.Move, func(int64, int64) {})
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "the disk is broken") && !strings.Contains(err.Error(), "another one than a moment ago") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := rows(t, pool, "SELECT log::text || position FROM log.head"); len(got) != 1 || got[0] != first.store.LogID().String()+"0" {
		t.Errorf("the head is %v", got)
	}
	_, err := take(t, pool, s.file, logimport.Move, verify.Options{})
	must(t, err)
	// Who had opened the empty log has another one.
	if _, err := first.store.Head(t.Context()); !errors.Is(err, eventstore.ErrOtherLog) {
		t.Errorf("the log that was open: %v", err)
	}
	_, err = take(t, pool, s.file, logimport.Copy, verify.Options{})
	if !errors.Is(err, eventstore.ErrNotEmpty) || !strings.Contains(err.Error(), s.store.LogID().String()+", with "+size(s)+" events") {
		t.Errorf("over another log: %v", err)
	}
	if _, err := pool.Exec(t.Context(), "UPDATE log.head SET log = $1", uuid.New()); err == nil {
		t.Error("the log's id can be changed")
	}
}

// Two of the same file at once: one of them is the log.
func TestRacingImports(t *testing.T) {
	t.Parallel()
	s := newSource(t)
	pool := testkit.Postgres(t)
	results := make(chan error, 2)
	for range 2 {
		go func() {
			file := strings.NewReader(s.file)
			checked, err := logimport.Check(t.Context(), file, testkit.Codec(), verify.Options{})
			if err == nil {
				err = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
					_, err := logimport.Write(t.Context(), tx, file, checked, logimport.Copy, func(int64, int64) {})
					return err
				})
			}
			results <- err
		}()
	}
	a, b := <-results, <-results
	if (a == nil) == (b == nil) || !errors.Is(errors.Join(a, b), eventstore.ErrNotEmpty) {
		t.Errorf("%v and %v", a, b)
	}
	open(t, pool).verify(verify.Options{})
}

// A file that somebody has made up and signed is refused where no log ends: inside a change.
func TestSignedInsideAChange(t *testing.T) {
	t.Parallel()
	s := newSource(t)
	for events, says := range map[int]string{12: "it ends inside a change", 15: ""} { // changes have five events
		_, err := take(t, testkit.Postgres(t), s.signedAnew(events), logimport.Move, verify.Options{})
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%d events: %v", events, err)
		}
	}
}

// signedAnew is the file's first events, with a checkpoint of them that a key of nobody has signed.
func (s *source) signedAnew(events int) string {
	s.t.Helper()
	lines := strings.SplitAfter(s.file, "\n")
	var h logfile.Header
	must(s.t, json.Unmarshal([]byte(lines[0]), &h))
	tree := translog.Tree{}
	for _, line := range lines[1 : events+1] {
		var e protocol.Envelope
		must(s.t, json.Unmarshal([]byte(line), &e))
		tree.Add(eventstore.LeafHash(&e))
	}
	private, public, err := note.GenerateKey(rand.Reader, s.origin)
	must(s.t, err)
	signer, err := note.NewSigner(private)
	must(s.t, err)
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", s.origin, events, tree.Root())}, signer)
	must(s.t, err)
	h.Key, h.Checkpoint, h.Keys = public, string(signed), []translog.Key{{Verifier: public}}
	first, err := json.Marshal(h)
	must(s.t, err)
	last, err := json.Marshal(logfile.Footer{Checkpoint: h.Checkpoint})
	must(s.t, err)
	return string(first) + "\n" + strings.Join(lines[1:events+1], "") + string(last) + "\n"
}

// What no vault can have is refused where the log has it destroyed, and where a copy would: the
// system would not start.
func TestNoSecret(t *testing.T) {
	t.Parallel()
	added := access.CredentialAdded{ID: 1, User: 1, Name: "tsig", Kind: access.CredentialTSIG, Secret: "x"}
	ended := access.CredentialDeleted{ID: 1, User: 1, Name: "tsig", Secret: "x"}
	for says, events := range map[string][]domain.Event{
		"line 7: event 6: it has \"x\" destroyed":                      {ended},
		"what its CredentialDeleted would end: it has \"x\" destroyed": {added},
	} {
		s := open(t, testkit.Postgres(t))
		_, stop := s.publisher()
		s.records(1)
		s.append(events...)
		s.await()
		stop()
		if _, err := take(t, testkit.Postgres(t), s.export(), logimport.Move, verify.Options{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, which does not say %q", err, says)
		}
	}
}
