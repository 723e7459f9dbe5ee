package dns

import "github.com/opsledger/opsledger/domain"

// serverFold is one server's life.
type serverFold struct {
	id int64
	serverState
}

type serverState struct {
	origin
	exists   bool
	enrolled bool
	serves   bool
	data     ServerData
	changed  domain.Position
}

func newServerFold(id int64) *serverFold { return &serverFold{id: id} }

// Item implements [domain.Fold]. Every type but the creation guards: an
// update's "before" must be what the update replaced.
func (f *serverFold) Item() domain.Item {
	guards := []string{
		ServerUpdated{}.EventType(), ServerDeleted{}.EventType(),
		ServerEnrolled{}.EventType(), ServerProved{}.EventType(), ServerWithdrawn{}.EventType(),
	}
	return domain.Item{Tag: TagServer(f.id), Types: append([]string{ServerCreated{}.EventType()}, guards...), Guards: guards}
}

// Apply implements [domain.Fold].
func (f *serverFold) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case ServerCreated:
		f.exists, f.data, f.origin = true, e.Server, originOf(r, e.Privilege, e.Birth)
	case ServerUpdated:
		f.data = e.After
	case ServerEnrolled:
		f.enrolled, f.serves = true, !e.Unproved
	case ServerProved:
		f.serves = true
	case ServerWithdrawn:
		f.enrolled, f.serves = false, false
	case ServerDeleted:
		f.exists, f.enrolled, f.serves = false, false, false
	default:
		return
	}
	f.changed = r.Position
}

// Snapshot implements [domain.Fold].
func (f *serverFold) Snapshot() any { return f.serverState }

// Restore implements [domain.Fold].
func (f *serverFold) Restore(s any) { f.serverState = s.(serverState) }

// serverHolder tells which server holds a host name or an address.
type serverHolder struct {
	domain.Holder[int64]
	tag domain.Tag
}

func serverWithHost(host string) *serverHolder { return &serverHolder{tag: TagServerHost(host)} }
func serverWithIP(ip string) *serverHolder     { return &serverHolder{tag: TagServerIP(ip)} }

// Item implements [domain.Fold]. A deletion frees what it held and guards nothing.
func (f *serverHolder) Item() domain.Item {
	guards := []string{ServerCreated{}.EventType(), ServerUpdated{}.EventType()}
	return domain.Item{Tag: f.tag, Types: append([]string{ServerDeleted{}.EventType()}, guards...), Guards: guards}
}

// Apply implements [domain.Fold].
func (f *serverHolder) Apply(r domain.Recorded) {
	switch e := r.Event.(type) {
	case ServerCreated:
		f.Set(e.ID, true)
	case ServerUpdated:
		f.Set(e.ID, TagServerHost(e.After.Host) == f.tag || TagServerIP(e.After.IP) == f.tag)
	case ServerDeleted:
		f.Set(e.ID, false)
	}
}
