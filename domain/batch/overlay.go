package batch

import (
	"errors"
	"reflect"
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// errWanted ends a decision that needs what has not been read yet.
var errWanted = errors.New("batch: what the decision needs is not read yet")

// provisional is where the positions of the batch's own events begin: beyond
// every position that the log will ever have, as theirs will be beyond all that
// was read. Folds compare positions, and only that.
const provisional domain.Position = 1 << 62

// overlay is the log as an operation sees it: what was read, and on top the
// events of the operations before it.
//
// Invariants:
//  1. Every fold that an operation is given was read through the store's history,
//     and so is a part of the append's condition.
//  2. A fold is given the batch's events after all of the log's, in the order of
//     the operations, each once.
//  3. What the history does not show no operation is shown: those that ask for it are refused.
//  4. The folds that the store read are as they were read when the batch ends: the
//     store remembers them for later decisions, in whose log the batch's
//     provisional positions do not exist.
type overlay struct {
	history domain.History
	env     domain.Env
	// direct makes Load read a missing fold at once instead of failing with errWanted.
	direct bool
	// states has every state that was asked for, in chains by tag. There is hardly
	// ever more than one state under a tag.
	states map[domain.Tag]*state
	wanted []*state
	// asked is what the present Load is about.
	asked []*state
	// happened are the batch's events of this round, tags those of each. byItsTag has the places
	// of the first `indexed` of them by tag: a fold that is read behind them needs those of its tag.
	happened []domain.Recorded
	tags     [][]domain.Tag
	byItsTag map[domain.Tag][]int32
	indexed  int
	changed  []*state
}

// state is what a fold says after the log and the batch's events so far.
type state struct {
	item domain.Item
	// fold belongs to the overlay: operations get copies of its state by Restore.
	fold domain.Fold
	kind reflect.Type
	read bool
	// hidden is why the history does not show the fold, nil for one that it does.
	hidden *domain.Error
	// log is the snapshot without the batch's events, now the one with them,
	// unless stale.
	log, now       any
	changed, stale bool
	// next is another state under the same tag.
	next *state
}

// newOverlay returns an overlay for so many operations.
func newOverlay(h domain.History, env domain.Env, operations int) *overlay {
	return &overlay{
		history: h, env: env, states: make(map[domain.Tag]*state, operations),
		happened: make([]domain.Recorded, 0, operations), byItsTag: map[domain.Tag][]int32{},
	}
}

// Load implements [domain.History]. It fails with errWanted where something has
// to be read first, unless the round is direct.
func (o *overlay) Load(folds ...domain.Fold) error {
	asked, complete := o.asked[:0], true
	for _, f := range folds {
		s := o.want(f)
		asked, complete = append(asked, s), complete && s.read
	}
	o.asked = asked
	if !complete && !o.direct {
		return errWanted
	}
	if !complete {
		if err := o.fetch(); err != nil {
			return err
		}
	}
	for i, f := range folds {
		if asked[i].hidden != nil {
			return asked[i].hidden
		}
		f.Restore(asked[i].snapshot())
	}
	return nil
}

// want returns the state that the fold asks for; the next fetch reads it if it was not.
func (o *overlay) want(f domain.Fold) *state {
	item, kind := f.Item(), reflect.TypeOf(f)
	first := o.states[item.Tag]
	for s := first; s != nil; s = s.next {
		// Type and item say all of a fold, see [domain.Fold].
		if s.kind == kind && slices.Equal(s.item.Types, item.Types) {
			return s
		}
	}
	s := &state{item: item, fold: f, kind: kind, next: first}
	o.states[item.Tag] = s
	o.wanted = append(o.wanted, s)
	return s
}

// fetch reads all that is wanted, in one round trip.
func (o *overlay) fetch() error {
	folds := make([]domain.Fold, len(o.wanted))
	for i, s := range o.wanted {
		folds[i] = s.fold
	}
	err := o.history.Load(folds...)
	outside, some := errors.AsType[*domain.OutsideError](err)
	if err != nil && !some {
		return err
	}
	o.index()
	for _, s := range o.wanted {
		s.read = true
		if some && outside.Hides(s.fold) {
			s.hidden = outside.Reason
		}
		s.log = s.fold.Snapshot()
		s.now = s.log
		for _, place := range o.byItsTag[s.item.Tag] {
			o.apply(s, o.happened[place])
		}
	}
	o.wanted = o.wanted[:0]
	return nil
}

// restart forgets the batch's events, for another round.
func (o *overlay) restart(direct bool) {
	for _, s := range o.changed {
		s.fold.Restore(s.log)
		s.now, s.changed, s.stale = s.log, false, false
	}
	clear(o.byItsTag)
	o.happened, o.tags, o.indexed, o.changed, o.direct = o.happened[:0], o.tags[:0], 0, o.changed[:0], direct
}

// add shows the events of one operation to the operations that follow.
func (o *overlay) add(events []domain.Event) {
	for _, e := range events {
		at := provisional + domain.Position(len(o.happened)) + 1
		r := domain.Recorded{Position: at, Actor: o.env.Actor, At: o.env.Now, Event: e}
		tags := domain.TagsOf(e, r.Actor)
		o.happened, o.tags = append(o.happened, r), append(o.tags, tags)
		for _, tag := range tags {
			for s := o.states[tag]; s != nil; s = s.next {
				o.apply(s, r)
			}
		}
	}
}

// index files what happened under its tags.
func (o *overlay) index() {
	for ; o.indexed < len(o.happened); o.indexed++ {
		for _, tag := range o.tags[o.indexed] {
			o.byItsTag[tag] = append(o.byItsTag[tag], int32(o.indexed))
		}
	}
}

// apply gives an event to a state that was read. A state that was not read yet gets
// the event in fetch.
func (o *overlay) apply(s *state, r domain.Recorded) {
	if !s.read || len(s.item.Types) > 0 && !slices.Contains(s.item.Types, r.Event.EventType()) {
		return
	}
	s.fold.Apply(r)
	s.stale = true
	if !s.changed {
		s.changed = true
		o.changed = append(o.changed, s)
	}
}

func (s *state) snapshot() any {
	if s.stale {
		s.now, s.stale = s.fold.Snapshot(), false
	}
	return s.now
}
