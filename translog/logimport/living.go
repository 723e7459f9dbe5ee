package logimport

import (
	"cmp"
	"maps"
	"slices"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
)

// living is who is trusted at the end of a log beside the users who log in: what a copy of the
// log must not trust, since it would be reached by programs and hosts that mean the other one.
//
// Whatever acts outside by itself, or lets programs in, belongs here when it is invented.
type living struct {
	servers     map[int64]bool
	hosts       map[int64]bool
	credentials map[domain.CredentialID]access.CredentialDeleted
	tokens      map[domain.CredentialID]access.EnrolmentTokenEnded
	webhooks    map[access.WebhookID]access.WebhookState
}

func newLiving() *living {
	return &living{
		map[int64]bool{}, map[int64]bool{},
		map[domain.CredentialID]access.CredentialDeleted{}, map[domain.CredentialID]access.EnrolmentTokenEnded{}, map[access.WebhookID]access.WebhookState{},
	}
}

// apply takes the next event.
func (l *living) apply(r domain.Recorded) {
	switch event := r.Event.(type) {
	case dns.ServerEnrolled:
		l.servers[event.ID] = true
	case dns.ServerWithdrawn:
		delete(l.servers, event.ID)
	case dns.ServerDeleted:
		delete(l.servers, event.ID)
	case ops.HostEnrolled:
		l.hosts[event.ID] = true
	case ops.HostWithdrawn:
		delete(l.hosts, event.ID)
	case ops.MachineDeleted:
		delete(l.hosts, event.ID)
	case access.CredentialAdded:
		l.credentials[event.ID] = access.CredentialDeleted{ID: event.ID, User: event.User, Name: event.Name, Secret: event.Secret}
	case access.CredentialDeleted:
		delete(l.credentials, event.ID)
	case access.EnrolmentTokenAdded:
		l.tokens[event.ID] = access.EnrolmentTokenEnded{ID: event.ID, Target: event.Target}
	case access.EnrolmentTokenEnded:
		delete(l.tokens, event.ID)
	case access.UserDeleted: // with whom their credentials and webhooks end
		maps.DeleteFunc(l.credentials, func(_ domain.CredentialID, c access.CredentialDeleted) bool { return c.User == event.ID })
		maps.DeleteFunc(l.webhooks, func(_ access.WebhookID, w access.WebhookState) bool { return w.User == event.ID })
	default:
		access.FoldWebhook(l.webhooks, r)
	}
}

// agents is how many there are.
func (l *living) agents() int { return len(l.servers) + len(l.hosts) }

// ends are the events by which all of it ends.
func (l *living) ends() (list []domain.Event) {
	for _, id := range slices.Sorted(maps.Keys(l.servers)) {
		list = append(list, dns.ServerWithdrawn{ID: id})
	}
	for _, id := range slices.Sorted(maps.Keys(l.hosts)) {
		list = append(list, ops.HostWithdrawn{ID: id})
	}
	for _, c := range slices.SortedFunc(maps.Values(l.credentials), func(a, b access.CredentialDeleted) int { return cmp.Compare(a.ID, b.ID) }) {
		list = append(list, c)
	}
	for _, id := range slices.Sorted(maps.Keys(l.tokens)) {
		list = append(list, l.tokens[id])
	}
	for _, id := range slices.Sorted(maps.Keys(l.webhooks)) {
		list = append(list, l.webhooks[id].Deleted())
	}
	return list
}
