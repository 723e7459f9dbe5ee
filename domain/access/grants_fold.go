package access

import (
	"maps"

	"github.com/opsledger/opsledger/domain"
)

// AccountGrant is an event of another package after which a user may log in to a
// system account of a machine, or may not any more.
type AccountGrant interface {
	domain.Event
	// Grant names the account, and says whether the user may log in to it.
	Grant() (account string, held bool)
}

// accountGrants are the system accounts that a user may log in to.
type accountGrants struct {
	user domain.UserID
	held map[string]bool
}

func newAccountGrants(user domain.UserID) *accountGrants {
	return &accountGrants{user: user, held: map[string]bool{}}
}

// grantEvents are the events that are an [AccountGrant], by name as those in
// resourceBegins.
var grantEvents = []string{"AccountGranted", "AccountRevoked"}

// Item implements [domain.Fold]. Both types guard: a grant is one more that others may
// lack, and a revocation takes away what its user shares with others.
func (f *accountGrants) Item() domain.Item {
	return domain.Item{Tag: TagUserKeys(f.user), Types: grantEvents}
}

// Apply implements [domain.Fold].
func (f *accountGrants) Apply(r domain.Recorded) {
	e, ok := r.Event.(AccountGrant)
	if !ok {
		return
	}
	account, held := e.Grant()
	if held {
		f.held[account] = true
	} else {
		delete(f.held, account)
	}
}

// Snapshot implements [domain.Fold].
func (f *accountGrants) Snapshot() any { return maps.Clone(f.held) }

// Restore implements [domain.Fold].
func (f *accountGrants) Restore(s any) { f.held = maps.Clone(s.(map[string]bool)) }
