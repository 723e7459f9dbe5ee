package translog

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/opsledger/opsledger/internal/testkit"
)

// What is published is the tree over the log's events, signed; a restarted process and a
// second one go on with it.
func TestPublish(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	if _, err := s.reader().Checkpoint(t.Context()); !errors.Is(err, ErrNotPublished) {
		t.Errorf("before the first: %v", err)
	}
	first := s.add(700)
	stop := testkit.Background(t, s.publisher().Run)
	s.published(first)
	stop()
	second := s.add(3)
	stop = testkit.Background(t, s.publisher().Run)
	standby := s.publisher()
	testkit.Background(t, standby.Run)
	s.published(second)
	stop()
	last := s.add(2)
	c := s.published(last)
	if want := s.headOf(int64(last)); c.Head != want {
		t.Errorf("published %+v, want %+v", c.Head, want)
	}
	keys, err := s.reader().Keys(t.Context())
	must(t, err)
	if len(keys) != 1 || c.SignedBy(keys[0].Verifier) != nil {
		t.Errorf("keys %+v: %v", keys, c.SignedBy(keys[0].Verifier))
	}
	copies, err := standby.copies.read(t.Context())
	must(t, err)
	for _, k := range copies {
		if k.Checkpoint.Head != c.Head {
			t.Errorf("the copy %s is of %d", k.where, k.Size)
		}
	}
	if len(copies) != 2 || standby.Trouble() != nil {
		t.Errorf("%d copies, trouble %v", len(copies), standby.Trouble())
	}
}

// Tiles, entries and proofs fit the checkpoint, and there are none beyond it.
func TestReader(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	testkit.Background(t, s.publisher().Run)
	old := s.published(s.add(300))
	c := s.published(s.add(400))
	r, ctx := s.reader(), t.Context()
	for _, position := range []int64{1, 256, 257, 300, c.Size} {
		for _, size := range []int64{0, old.Size, c.Size} {
			of, leaf, proof, err := r.Inclusion(ctx, position, size)
			if size == old.Size && position > size {
				if err == nil {
					t.Errorf("%d is proved to be among %d", position, size)
				}
				continue
			}
			must(t, err)
			root := c.Root
			if of == old.Size {
				root = old.Root
			}
			if err := tlog.CheckRecord(proof, of, root, position-1, leaf); err != nil {
				t.Errorf("event %d in %d: %v", position, size, err)
			}
		}
	}
	proof, err := r.Consistency(ctx, old.Size, c.Size)
	must(t, err)
	must(t, tlog.CheckTree(proof, c.Size, c.Root, old.Size, old.Root))
	entries, err := r.Entries(ctx, 1, 44)
	must(t, err)
	tile, err := r.Tile(ctx, Coord{0, 1}, 44)
	must(t, err)
	for i := range 44 {
		entry := entries[i*42 : i*42+42]
		if leaf := tlog.RecordHash(entry[2:]); entry[0] != 0 || entry[1] != 40 || leaf != tlog.Hash(tile[i*32:i*32+32]) {
			t.Fatalf("entry %d does not fit its leaf", i)
		}
	}
	for _, beyond := range []error{
		second(r.Tile(ctx, Coord{0, 2}, 256)), second(r.Tile(ctx, Coord{0, 3}, 1)), second(r.Tile(ctx, Coord{1, 0}, 3)),
		second(r.Tile(ctx, Coord{63, 0}, 1)), second(r.Entries(ctx, 2, 200)), second(r.Consistency(ctx, 1, c.Size+1)),
	} {
		if !errors.Is(beyond, ErrNotPublished) {
			t.Errorf("beyond the checkpoint: %v", beyond)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// leader is a Publisher that leads, and does each step when it is told to.
func (s *system) leader(change ...func(*Config)) *leadership {
	s.t.Helper()
	p := s.publisher(change...)
	conn, err := p.openSession(s.t.Context())
	must(s.t, err)
	s.t.Cleanup(func() { closeSession(conn) })
	l := &leadership{Publisher: p, conn: conn, fresh: map[Coord][]byte{}}
	must(s.t, l.load(s.t.Context()))
	return l
}

// No checkpoint ends inside a change, however many events are read at once.
func TestCheckpointsEndWithChanges(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	ends := map[int64]bool{}
	for range 4 {
		ends[int64(s.add(readPage/3))] = true
	}
	l := s.leader(func(c *Config) { c.Every = time.Nanosecond }) // of which each round reads one page
	for rounds := 0; l.signed.Size < 4*(readPage/3); rounds++ {
		must(t, l.round(t.Context()))
		if !ends[l.signed.Size] || rounds > 4 {
			t.Fatalf("checkpoint %d ends at %d", rounds, l.signed.Size)
		}
	}
}

// What was signed before and is not in the database keeps everything from being signed, and
// is named; with another origin, or with the log as it was, it goes on.
func TestContradiction(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	p := s.publisher()
	c := s.publishes(p, 10)
	longer, other := c.Head, c.Head
	longer.Size, longer.Root = 11, leafOf(1)
	other.Size, other.Root = 9, leafOf(2)
	s.add(5)
	ahead := s.headOf(15)
	forged := c
	forged.Note = strings.Replace(c.Note, "\n10\n", "\n12\n", 1) // the origin may end with 10
	onDisk := func(note string) { must(t, os.WriteFile(p.copies.file, []byte(note), 0o600)) }
	onBus := func(note string) {
		_, err := s.js.Publish(t.Context(), p.copies.subject, []byte(note))
		must(t, err)
	}
	restore := func() { onDisk(c.Note); onBus(c.Note) }
	beyond := c.Head
	beyond.Size = 16
	for name, fault := range map[string]struct {
		make func()
		says string
	}{
		"a file of a longer log":   {func() { onDisk(s.sign(beyond).Note) }, "position 16 that is kept beside the key file: it ends at 15"},
		"a bus of a longer log":    {func() { onBus(s.sign(beyond).Note) }, "position 16 that is kept on the bus: it ends at 15"},
		"a file of other events":   {func() { onDisk(s.sign(other).Note) }, "position 9 that is kept beside the key file: the events up to"},
		"a bus of other events":    {func() { onBus(s.sign(longer).Note) }, "position 11 that is kept on the bus: the events up to"},
		"a file of an unknown key": {func() { onDisk(forged.Note) }, "signed with a key that the log does not name"},
		"no checkpoint":            {func() { onDisk("what?") }, "is no checkpoint"},
	} {
		restore()
		fault.make()
		p := s.publisher()
		stop := testkit.Background(t, p.Run)
		testkit.Eventually(t, "trouble with "+name, func() bool { return p.Trouble() != nil })
		if err := p.Trouble(); !strings.Contains(err.Error(), fault.says) {
			t.Errorf("%s: %v", name, err)
		}
		now, err := s.reader().Checkpoint(t.Context())
		if must(t, err); now.Head != c.Head {
			t.Errorf("%s: %+v was signed", name, now.Head)
		}
		restore()
		if name == "a bus of other events" { // the log is as it was signed: it goes on by itself
			testkit.Eventually(t, "the trouble is over", func() bool { return p.Trouble() == nil })
			c = s.published(15)
		}
		stop()
	}
	// Who died between the copy and the database has signed what follows from the log.
	s.exec("UPDATE translog.tree SET size = 10, signed_size = 10, checkpoint = $1", s.sign(s.headOf(10)).Note)
	onDisk(s.sign(ahead).Note)
	stop := testkit.Background(t, s.publisher().Run)
	if c := s.published(15); c.Head != ahead {
		t.Errorf("went on with %+v", c.Head)
	}
	stop()
	// A history that is given up is continued under another name.
	onDisk(s.sign(longer).Note)
	testkit.Background(t, s.publisher(func(c *Config) { c.Origin = "example.com/second" }).Run)
	testkit.Eventually(t, "another origin", func() bool {
		c, err := s.reader().Checkpoint(t.Context())
		return err == nil && c.Origin == "example.com/second" && c.Size == 15 && c.Root == ahead.Root
	})
}

// Tiles that were changed below a checkpoint are not signed over.
func TestChangedTilesAreNotSigned(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	p := s.publisher()
	c := s.publishes(p, 300)
	s.exec("UPDATE translog.tiles SET hashes = set_byte(hashes, 3, get_byte(hashes, 3) # 1) WHERE level = 0 AND n = 1")
	s.add(2)
	// The check before each signature holds by itself, also where a start has seen nothing.
	l := s.leader()
	var trouble *contradiction
	if err := l.round(t.Context()); !errors.As(err, &trouble) || !strings.Contains(err.Error(), "the tiles of its tree were changed") {
		t.Errorf("signed over other tiles: %v", err)
	}
	p = s.publisher()
	testkit.Background(t, p.Run)
	testkit.Eventually(t, "trouble", func() bool { return p.Trouble() != nil })
	if now, err := s.reader().Checkpoint(t.Context()); err != nil || now.Head != c.Head {
		t.Errorf("%+v, %v", now.Head, err)
	}
}

// Damaged and missing tiles are made anew from the log, as long as that has what was signed.
func TestMend(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	if _, err := Mend(t.Context(), s.pool, nil); !errors.Is(err, ErrNotPublished) {
		t.Errorf("nothing was signed: %v", err)
	}
	c := s.publishes(s.publisher(), 700)
	tiles := func() string {
		var text string
		must(t, s.pool.QueryRow(t.Context(), "SELECT string_agg(level || '/' || n || ' ' || hashes::text, ',' ORDER BY level, n) FROM translog.tiles").Scan(&text))
		return text
	}
	was := tiles()
	for _, damage := range []string{
		"UPDATE translog.tiles SET hashes = set_byte(hashes, 3, get_byte(hashes, 3) # 1) WHERE level = 0 AND n = 1",
		"DELETE FROM translog.tiles WHERE level = 1", "DELETE FROM translog.tiles",
	} {
		s.exec(damage)
		if size, err := Mend(t.Context(), s.pool, nil); err != nil || size != c.Size || tiles() != was {
			t.Errorf("%s: %d, %v", damage, size, err)
		}
	}
	stop := testkit.Background(t, s.publisher().Run)
	s.published(s.add(3))
	if _, err := Mend(t.Context(), s.pool, nil); !errors.Is(err, ErrPublishing) {
		t.Errorf("while a process signs: %v", err)
	}
	stop()
	was = tiles()
	// Tiles of other events than those that were signed are no mend.
	s.exec("ALTER TABLE log.events DISABLE TRIGGER ALL")
	s.exec("UPDATE log.events SET actor = 7 WHERE position = 5")
	if _, err := Mend(t.Context(), s.pool, nil); err == nil || tiles() != was {
		t.Errorf("another event than was signed: %v", err)
	}
}

// A new key signs from its event on, and the first checkpoint with it is signed by both.
func TestRotate(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	testkit.Background(t, s.publisher().Run)
	before := s.published(s.add(3))
	for want := 2; want <= 3; want++ {
		if number, err := Rotate(t.Context(), s.store, s.vault); err != nil || number != want {
			t.Fatal(number, err)
		}
	}
	s.published(5)
	after := s.published(s.add(1))
	keys, err := s.reader().Keys(t.Context())
	must(t, err)
	if len(keys) != 3 || keys[1].Since != 4 || keys[2].Since != 5 || keys[0].Checkpoint != "" {
		t.Fatalf("keys %+v", keys)
	}
	if before.SignedBy(keys[0].Verifier) != nil || before.SignedBy(keys[1].Verifier) == nil {
		t.Error("the checkpoint of before is not by the first key alone")
	}
	if after.SignedBy(keys[0].Verifier) == nil || after.SignedBy(keys[2].Verifier) != nil {
		t.Error("the checkpoint of after is not by the last key alone")
	}
	for i, k := range keys[1:] {
		handover, err := ParseCheckpoint(k.Checkpoint)
		must(t, err)
		if handover.Size < k.Since || handover.SignedBy(keys[i].Verifier) != nil || handover.SignedBy(k.Verifier) != nil {
			t.Errorf("key %d came by a checkpoint of %d that not both have signed", i+2, handover.Size)
		}
	}
}

// A checkpoint of which no copy lies outside of PostgreSQL is not published; one copy is enough.
func TestPublishedAfterACopy(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	l := s.leader()
	p := l.Publisher
	must(t, l.examine(t.Context()))
	s.add(3)
	must(t, l.round(t.Context()))
	both := p.copies

	nc := testkit.NATS(t)
	p.copies.js = testkit.JetStream(t, nc)
	nc.Close()
	last := int64(s.add(2))
	must(t, l.round(t.Context()))
	if c, err := s.reader().Checkpoint(t.Context()); err != nil || c.Size != last || !l.degraded {
		t.Errorf("with the file alone: %d, %v", c.Size, err)
	}
	p.copies.file = filepath.Join(t.TempDir(), "missing", "copy")
	s.add(2)
	if err := l.round(t.Context()); err == nil {
		t.Error("published without a copy")
	}
	if c, err := s.reader().Checkpoint(t.Context()); err != nil || c.Size != last {
		t.Errorf("without a copy: %d, %v", c.Size, err)
	}
	// The next leader goes on, with the bus alone.
	p.copies.js = both.js
	must(t, l.load(t.Context()))
	must(t, l.examine(t.Context()))
	must(t, l.round(t.Context()))
	if c, err := s.reader().Checkpoint(t.Context()); err != nil || c.Size != last+2 {
		t.Errorf("with the bus alone: %d, %v", c.Size, err)
	}
}

// A process that ends leaves nothing without a checkpoint.
func TestLastCheckpoint(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	first := s.add(3)
	stop := testkit.Background(t, s.publisher(func(c *Config) { c.Every = time.Hour }).Run)
	s.published(first)
	last := s.add(2)
	stop()
	if c, err := s.reader().Checkpoint(t.Context()); err != nil || c.Size != int64(last) {
		t.Errorf("it ended with a checkpoint of %d, %v; the log ends at %d", c.Size, err, last)
	}
}
