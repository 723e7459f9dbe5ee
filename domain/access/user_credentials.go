package access

import (
	"maps"
	"slices"
	"time"

	"github.com/opsledger/opsledger/domain"
)

// maxUserCredentials bounds the credentials of one user: all of them end with the user, in
// one change.
const maxUserCredentials = 1000

// userCredentials is the fold of a user's credentials.
type userCredentials struct {
	user domain.UserID
	live map[domain.CredentialID]CredentialState
}

func newUserCredentials(user domain.UserID) *userCredentials {
	return &userCredentials{user: user, live: map[domain.CredentialID]CredentialState{}}
}

// Item implements [domain.Fold]. A new credential guards, because it must not outlive what
// ends all of them; a deletion takes nothing from a decision.
func (f *userCredentials) Item() domain.Item {
	added := CredentialAdded{}.EventType()
	return domain.Item{Tag: TagUserCredentials(f.user), Types: []string{added, CredentialDeleted{}.EventType()}, Guards: []string{added}}
}

// Apply implements [domain.Fold].
func (f *userCredentials) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case CredentialAdded:
		f.live[e.ID] = stateOf(e)
	case CredentialDeleted:
		delete(f.live, e.ID)
	}
}

// Snapshot implements [domain.Fold].
func (f *userCredentials) Snapshot() any { return maps.Clone(f.live) }

// Restore implements [domain.Fold].
func (f *userCredentials) Restore(s any) {
	f.live = maps.Clone(s.(map[domain.CredentialID]CredentialState))
}

// holding counts those that may be used at that moment.
func (f *userCredentials) holding(now time.Time) int {
	n := 0
	for _, s := range f.live {
		if s.Holds(now) {
			n++
		}
	}
	return n
}

// endExpired returns the events that end those that have expired, whose secrets are then
// destroyed.
func (f *userCredentials) endExpired(now time.Time) []domain.Event {
	var events []domain.Event
	for _, id := range slices.Sorted(maps.Keys(f.live)) {
		if s := f.live[id]; !s.Holds(now) {
			events = append(events, deletion(id, s))
		}
	}
	return events
}

// end returns the events that end all of them, in the order of their ids.
func (f *userCredentials) end() []domain.Event {
	var events []domain.Event
	for _, id := range slices.Sorted(maps.Keys(f.live)) {
		events = append(events, deletion(id, f.live[id]))
	}
	return events
}

func deletion(id domain.CredentialID, s CredentialState) CredentialDeleted {
	return CredentialDeleted{ID: id, User: s.User, Name: s.Name, Secret: s.Secret}
}
