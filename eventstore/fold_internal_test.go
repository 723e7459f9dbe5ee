package eventstore

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
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
	at := func(p domain.Position, typ string, tags ...domain.Tag) protocol.Envelope {
		return protocol.Envelope{Position: p, Type: typ, Schema: 1, Data: json.RawMessage("{}"), Tags: tags}
	}
	log := []protocol.Envelope{at(1, "T", "x"), at(2, "T", "collision"), at(3, "Other", "x"), at(4, "T", "y", "x"), at(5, "T", "x")}
	for _, c := range []struct {
		head domain.Position
		want int
	}{{4, 2}, {4, 2}, {5, 3}, {5, 3}} {
		f := &tally{}
		tail := s.tailOf(f)
		var events []protocol.Envelope
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
	if s.tailOf(f).cached != nil {
		t.Error("the impossible state is kept")
	}
}

// lastOnly is a tally that says that it does not grow.
type lastOnly struct{ tally }

type lastState struct{ n int }

func (lastState) Size() int { return 1 }

func (f *lastOnly) Snapshot() any { return lastState{f.n} }
func (f *lastOnly) Restore(s any) { f.n = s.(lastState).n }

// A state that says what it holds weighs that, however many events are behind it: one that changes all the
// time does not push others out.
func TestStateWeighsWhatItHolds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fold domain.Fold
		want int
	}{{&lastOnly{}, 1}, {&tally{}, 1000}} {
		s := &Store{codec: domain.NewCodec([]domain.Descriptor{domain.Describe[event](domain.ContextDNS)}), cache: newFoldCache()}
		for from := range 2 {
			var events []protocol.Envelope
			for i := range 500 {
				events = append(events, protocol.Envelope{Position: domain.Position(500*from + i + 1), Type: "T", Schema: 1, Data: json.RawMessage("{}"), Tags: []domain.Tag{"x"}})
			}
			tail := s.tailOf(c.fold)
			if err := s.fold(&tail, events, domain.Position(500*(from+1))); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.cache.weight - baseWeight; got != c.want {
			t.Errorf("%T weighs %d, want %d", c.fold, got, c.want)
		}
	}
}

// The cache keeps what was used last, within its weight, and the later state of two.
func TestFoldCacheBounds(t *testing.T) {
	t.Parallel()
	c := newFoldCache()
	var types itemTypes
	put := func(tag domain.Tag, state foldState) {
		key := foldKey{tag, &types}
		_, at := c.get(key)
		c.put(key, at, state)
	}
	wants := func(kept map[domain.Tag]domain.Position) {
		t.Helper()
		for tag, want := range kept {
			if got, at := c.get(foldKey{tag, &types}); got.at != want || (at != nil) != (want > 0) {
				t.Errorf("of %s there is %+v, want position %d", tag, got, want)
			}
		}
		if c.weight > cacheWeight || c.recent.Len() != len(c.byKey) {
			t.Errorf("weight %d, %d states, %d keys", c.weight, c.recent.Len(), len(c.byKey))
		}
	}
	put("a", foldState{at: 5, snapshot: 5, holds: 10})
	put("a", foldState{at: 3, snapshot: 3, holds: 6})
	put("b", foldState{at: 1, holds: cacheWeight/2 - 100})
	_, gone := c.get(foldKey{"b", &types})
	wants(map[domain.Tag]domain.Position{"a": 5})
	put("c", foldState{at: 1, holds: cacheWeight / 2})
	put("d", foldState{at: 1, holds: 100})
	wants(map[domain.Tag]domain.Position{"a": 5, "b": 0, "c": 1, "d": 1})
	c.put(foldKey{"b", &types}, gone, foldState{at: 2, holds: 1}) // it had been there when it was read
	wants(map[domain.Tag]domain.Position{"a": 5, "b": 2, "c": 1, "d": 1})
}

// Folds of one Go type that read the same have one key in the cache, others have not.
func TestTypeSets(t *testing.T) {
	t.Parallel()
	var s typeSets
	of := func(fold any, types, guards []string) *itemTypes {
		return s.of(reflect.TypeOf(fold), domain.Item{Types: types, Guards: guards})
	}
	seen := map[*itemTypes]int{}
	for range 2 {
		for i, t := range []*itemTypes{
			of(1, []string{"T"}, nil), of(1, []string{"T", "U"}, nil), of(1, []string{"T", "U"}, []string{"T"}), of("", []string{"T"}, nil),
		} {
			seen[t] |= 1 << i
		}
	}
	for types, items := range seen {
		if items&(items-1) != 0 {
			t.Errorf("items %b have the same types %v", items, types.all.names)
		}
	}
	if len(seen) != 4 {
		t.Errorf("4 items have %d keys", len(seen))
	}
}
