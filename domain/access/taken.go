package access

import "github.com/opsledger/opsledger/domain"

// taken tells which user holds a name or a mail address.
type taken struct {
	tag domain.Tag
	by  domain.UserID
}

func newTaken(tag domain.Tag) *taken { return &taken{tag: tag} }

// Item implements [domain.Fold]. A deletion frees what the user held and guards nothing.
func (f *taken) Item() domain.Item {
	guards := []string{UserRegistered{}.EventType(), UserProfileChanged{}.EventType()}
	return domain.Item{Tag: f.tag, Types: append([]string{UserDeleted{}.EventType()}, guards...), Guards: guards}
}

// Apply implements [domain.Fold].
func (f *taken) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case UserRegistered:
		f.by = e.ID
	case UserProfileChanged:
		if e.After.MailDigest != "" && TagMail(e.After.MailDigest) == f.tag {
			f.by = e.ID
		} else {
			f.free(e.ID)
		}
	case UserDeleted:
		f.free(e.ID)
	}
}

func (f *taken) free(user domain.UserID) {
	if f.by == user {
		f.by = 0
	}
}

// Snapshot implements [domain.Fold].
func (f *taken) Snapshot() any { return f.by }

// Restore implements [domain.Fold].
func (f *taken) Restore(s any) { f.by = s.(domain.UserID) }
