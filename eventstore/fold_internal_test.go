package eventstore

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/opsledger/opsledger/domain"
)

// tally counts events.
type tally struct{ n int }

func (*tally) Item() domain.Item       { return domain.Item{Tag: "x", Types: []string{"T"}} }
func (t *tally) Apply(domain.Recorded) { t.n++ }
func (t *tally) Snapshot() any         { return t.n }
func (t *tally) Restore(s any)         { t.n = s.(int) }

type event struct{}

func (event) EventType() string  { return "T" }
func (event) Tags() []domain.Tag { return nil }
func (event) SubjectKey() int64  { return 0 }

// Only what the item selects, up to the head, is folded; and what was folded
// once is not folded again from the cache.
func TestFoldStopsAtTheHead(t *testing.T) {
	t.Parallel()
	s := &Store{codec: domain.NewCodec([]domain.Descriptor{domain.Describe[event](domain.ContextDNS)}), cache: newFoldCache()}
	at := func(p domain.Position, typ string, tags ...domain.Tag) Envelope {
		return Envelope{Position: p, Type: typ, Schema: 1, Data: json.RawMessage("{}"), Tags: tags}
	}
	log := []Envelope{at(1, "T", "x"), at(2, "T", "collision"), at(3, "Other", "x"), at(4, "T", "y", "x"), at(5, "T", "x")}
	for _, c := range []struct {
		head domain.Position
		want int
	}{{4, 2}, {4, 2}, {5, 3}, {5, 3}} {
		f := &tally{}
		tail := s.tailOf(f)
		var events []Envelope
		for _, e := range log {
			if e.Position > tail.wants().after {
				events = append(events, e)
			}
		}
		if err := s.fold(&tail, events, c.head); err != nil {
			t.Fatal(err)
		}
		if f.n != c.want {
			t.Errorf("head %d: %d events folded, want %d", c.head, f.n, c.want)
		}
	}
	f := &tally{}
	tail := s.tailOf(f)
	if err := s.fold(&tail, nil, 3); !errors.Is(err, ErrOtherLog) {
		t.Errorf("a head behind the cached state: %v", err)
	}
	if _, ok := s.cache.get(s.tailOf(f).key); ok {
		t.Error("the impossible state is kept")
	}
}

// The cache keeps what was used last, within its weight, and the later state of two.
func TestFoldCacheBounds(t *testing.T) {
	t.Parallel()
	c := newFoldCache()
	key := func(tag domain.Tag) foldKey { return foldKey{fold: reflect.TypeFor[*tally](), tag: tag} }
	c.put(key("a"), foldState{at: 5, snapshot: 5, folded: 10})
	c.put(key("a"), foldState{at: 3, snapshot: 3, folded: 6})
	if got, _ := c.get(key("a")); got.at != 5 {
		t.Errorf("an older state replaced a newer: %+v", got)
	}
	c.put(key("b"), foldState{at: 1, folded: cacheWeight/2 - 100})
	c.get(key("a"))
	c.put(key("c"), foldState{at: 1, folded: cacheWeight / 2})
	c.put(key("d"), foldState{at: 1, folded: 100})
	for tag, want := range map[domain.Tag]bool{"a": true, "b": false, "c": true, "d": true} {
		if _, got := c.get(key(tag)); got != want {
			t.Errorf("%s is kept: %v", tag, got)
		}
	}
	if c.weight > cacheWeight || c.recent.Len() != len(c.byKey) {
		t.Errorf("weight %d, %d states, %d keys", c.weight, c.recent.Len(), len(c.byKey))
	}
}
