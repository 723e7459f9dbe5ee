package translog

import (
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/opsledger/opsledger/internal/testkit"
)

const secondOrigin = "example.com/second"

func underSecond(c *Config) { c.Origin = secondOrigin }

// signedUnder waits for a checkpoint under an origin.
func (s *system) signedUnder(origin string, size int64) (c Checkpoint) {
	s.t.Helper()
	reader := s.reader()
	testkit.Eventually(s.t, "a checkpoint under "+origin, func() bool {
		var err error
		c, err = reader.Checkpoint(s.t.Context())
		return err == nil && c.Origin == origin && c.Size >= size
	})
	return c
}

// Under an origin nothing is signed that contradicts what was signed under it, though the log
// was changed and another origin was signed in between; its keys stay a chain.
func TestOriginsKeepTheirTrees(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	first := DefaultOrigin(s.store.LogID())
	old := s.publishes(s.publisher(), 300)
	s.exec(`DO $$ DECLARE t regclass; BEGIN
		FOR t IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'log.events'::regclass LOOP
			EXECUTE format('ALTER TABLE %s DISABLE TRIGGER ALL', t);
		END LOOP; ALTER TABLE log.events DISABLE TRIGGER ALL; END $$`)
	s.exec("UPDATE log.events SET actor = actor + 1 WHERE position = 299")
	stop := testkit.Background(t, s.publisher(underSecond).Run)
	if c := s.signedUnder(secondOrigin, 300); c.Root == old.Root {
		t.Fatal("the event was not changed")
	}
	if _, err := Rotate(t.Context(), s.store, s.vault); err != nil {
		t.Fatal(err)
	}
	s.signedUnder(secondOrigin, 301)
	stop()
	testkit.Background(t, s.publisher().Run)
	c := s.signedUnder(first, int64(s.add(5)))
	proof, err := s.reader().Consistency(t.Context(), old.Size, c.Size)
	must(t, err)
	if err := tlog.CheckTree(proof, c.Size, c.Root, old.Size, old.Root); err != nil {
		t.Errorf("what is signed now contradicts what was signed first: %v", err)
	}
	keys, err := s.reader().Keys(t.Context())
	must(t, err)
	if len(keys) != 2 || keys[0].Since != 0 || keys[1].Since != 301 || old.SignedBy(keys[0].Verifier) != nil {
		t.Fatalf("keys %+v", keys)
	}
	handover, err := ParseCheckpoint(keys[1].Checkpoint)
	must(t, err)
	if handover.Origin != first || handover.SignedBy(keys[0].Verifier) != nil || handover.SignedBy(keys[1].Verifier) != nil {
		t.Errorf("the first key has not signed for the second under its origin: %s", handover.Note)
	}
}

// The copies of one origin are not replaced by those of another.
func TestCopiesOfOrigins(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	p := s.publisher()
	old := s.publishes(p, 3)
	other := s.publisher(underSecond)
	stop := testkit.Background(t, other.Run)
	s.signedUnder(secondOrigin, int64(s.add(2)))
	stop()
	copies, err := p.copies.read(t.Context())
	must(t, err)
	if len(copies) != 2 || copies[0].Head != old.Head || copies[1].Head != old.Head {
		t.Errorf("copies of the first origin: %+v", copies)
	}
	must(t, os.WriteFile(p.copies.file, []byte(s.sign(Head{secondOrigin, 3, old.Root}).Note), 0o600))
	var trouble *contradiction
	if _, err := p.copies.read(t.Context()); !errors.As(err, &trouble) {
		t.Errorf("a copy of another origin: %v", err)
	}
}

// A checkpoint in the database that cannot be the one that was signed is no new beginning.
func TestUnreadableCheckpoint(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	p := s.publisher()
	c := s.publishes(p, 10)
	must(t, os.Remove(p.copies.file))
	for _, note := range []string{"what?", "", s.sign(s.headOf(9)).Note, s.sign(Head{secondOrigin, 10, c.Root}).Note} {
		s.exec("UPDATE translog.tree SET checkpoint = $1", note)
		p := s.publisher()
		stop := testkit.Background(t, p.Run)
		testkit.Eventually(t, "trouble", func() bool { return p.Trouble() != nil })
		if err := p.Trouble(); !strings.Contains(err.Error(), "position 10") {
			t.Errorf("%q: %v", note, err)
		}
		stop()
		var now string
		must(t, s.pool.QueryRow(t.Context(), "SELECT checkpoint FROM translog.tree").Scan(&now))
		if now != note {
			t.Errorf("%q was replaced by %q", note, now)
		}
	}
}

// A standby with another origin than the one that leads says so once.
func TestStandbyOfAnotherOrigin(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	testkit.Background(t, s.publisher().Run)
	s.published(s.add(3))
	log := &lines{}
	other := s.publisher(underSecond, log.set)
	conn, err := other.openSession(t.Context())
	must(t, err)
	defer closeSession(conn)
	for range 3 {
		must(t, other.standBy(t.Context(), conn))
	}
	if n := log.Count("under another origin"); n != 1 {
		t.Errorf("it said so %d times", n)
	}
}

// What is away is told once; trouble is over only when a checkpoint could be signed.
func TestTelling(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	log := &lines{}
	p := s.publisher(log.set)
	for range 3 {
		p.tell(errors.New("the bus is away"))
	}
	if n := log.Count("interrupted"); n != 1 {
		t.Errorf("it was told %d times", n)
	}
	p.good()
	p.tell(errors.New("the bus is away"))
	if n := log.Count("interrupted"); n != 2 {
		t.Errorf("it was told %d times, two of them were to be", n)
	}

	s.publishes(s.publisher(), 300)
	p.trouble.Store(&contradiction{"of before"})
	conn, err := p.openSession(t.Context())
	must(t, err)
	defer closeSession(conn)
	s.add(1)
	s.exec("ALTER TABLE translog.tree ADD CHECK (signed_size <= 300)") // the start finds nothing, and the first round fails
	if err := p.lead(t.Context(), conn); err == nil || p.Trouble() == nil {
		t.Errorf("%v, and the trouble is over: %v", err, p.Trouble())
	}
}

// The copy on the bus never goes back: neither by who has not seen the last one, nor by what
// waited for a connection.
func TestCopyOnTheBusDoesNotGoBack(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.add(5)
	one, two := s.publisher().copies, s.publisher().copies
	older, newer := s.sign(s.headOf(2)), s.sign(s.headOf(5))
	half, err := one.write(t.Context(), s.sign(s.headOf(1)))
	must(t, errors.Join(half, err))
	if _, err := two.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	half, err = two.write(t.Context(), newer)
	must(t, errors.Join(half, err))
	if _, err := one.write(t.Context(), older); !errors.Is(err, errOtherCopy) {
		t.Errorf("an older one was written over a newer: %v", err)
	}
	text, err := one.onBus(t.Context())
	if must(t, err); string(text) != newer.Note {
		t.Errorf("the bus has %q", text)
	}
	nc := testkit.NATS(t)
	gone := s.publisher().copies
	gone.js = testkit.JetStream(t, nc)
	nc.Close()
	if err := gone.publish(t.Context(), newer); err == nil {
		t.Error("published without a connection")
	}
}
