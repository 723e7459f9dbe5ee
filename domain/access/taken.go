package access

import "github.com/opsledger/opsledger/domain"

// taken tells which user holds a name or a mail address.
type taken struct {
	domain.Holder[domain.UserID]
	tag domain.Tag
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
		f.Set(e.ID, true)
	case UserProfileChanged:
		f.Set(e.ID, e.After.MailDigest != "" && TagMail(e.After.MailDigest) == f.tag)
	case UserDeleted:
		f.Set(e.ID, false)
	}
}
