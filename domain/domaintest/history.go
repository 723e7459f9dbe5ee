package domaintest

import (
	"errors"
	"slices"
	"time"

	"github.com/opsledger/opsledger/domain"
)

// History is a log in memory that remembers what was loaded from it.
type History struct {
	events []domain.Recorded
	tags   [][]domain.Tag
	loaded []domain.Item
	// loads counts the calls of Load; that with the number failing fails.
	loads, failing int
}

// ErrUnread is what Load returns of a history from [History.FailingAt].
var ErrUnread = errors.New("the log cannot be read now")

// NewHistory returns a log of the given events at the positions 1, 2, 3 …
func NewHistory(events ...domain.Event) *History {
	h := &History{}
	h.Append(events...)
	return h
}

// Append adds events of the system to the end of the log.
func (h *History) Append(events ...domain.Event) { h.AppendBy(domain.System, events...) }

// AppendBy adds events of an actor to the end of the log.
func (h *History) AppendBy(actor domain.UserID, events ...domain.Event) {
	for _, e := range events {
		last := domain.Position(len(h.events))
		h.events = append(h.events, domain.Recorded{At: Now, Position: last + 1, Prev: last, Actor: actor, Event: e})
		h.tags = append(h.tags, domain.TagsOf(e, actor))
	}
}

// AppendAt adds events of the system that were recorded at a time to the end of the log.
func (h *History) AppendAt(at time.Time, events ...domain.Event) {
	before := len(h.events)
	h.Append(events...)
	for i := range h.events[before:] {
		h.events[before+i].At = at
	}
}

// Fork returns a log with the same events from which nothing was loaded.
func (h *History) Fork() *History {
	return &History{events: slices.Clip(h.events), tags: slices.Clip(h.tags)}
}

// FailingAt returns a fork whose nth Load fails, with [ErrUnread].
func (h *History) FailingAt(n int) *History {
	f := h.Fork()
	f.failing = n
	return f
}

// Loads is how often Load was called.
func (h *History) Loads() int { return h.loads }

// Last is the position of the newest event, 0 for none.
func (h *History) Last() domain.Position { return domain.Position(len(h.events)) }

// Load implements [domain.History]. Half way through the events each fold is
// replaced by one that is restored from its snapshot, as between decisions in the
// real store.
func (h *History) Load(folds ...domain.Fold) error {
	if h.loads++; h.loads == h.failing {
		return ErrUnread
	}
	for _, f := range folds {
		item := f.Item()
		h.loaded = append(h.loaded, item)
		for i, r := range h.events {
			if i == len(h.events)/2 {
				f.Restore(f.Snapshot())
			}
			if matches(item.Tag, item.Types, h.tags[i], r.Event) {
				f.Apply(r)
			}
		}
	}
	return nil
}

// Conflicts says whether an append based on what was loaded would fail if the
// event had been appended since, by the system.
func (h *History) Conflicts(e domain.Event) bool { return h.ConflictsBy(domain.System, e) }

// ConflictsBy is Conflicts for an event that the actor has caused.
func (h *History) ConflictsBy(actor domain.UserID, e domain.Event) bool {
	tags := domain.TagsOf(e, actor)
	return slices.ContainsFunc(h.loaded, func(i domain.Item) bool { return matches(i.Tag, i.GuardTypes(), tags, e) })
}

func matches(tag domain.Tag, types []string, tags []domain.Tag, e domain.Event) bool {
	return slices.Contains(tags, tag) && (len(types) == 0 || slices.Contains(types, e.EventType()))
}
