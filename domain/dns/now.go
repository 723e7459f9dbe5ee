package dns

import (
	"iter"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// Now reads from a history what zones are, and which records they have at some owner names. That
// costs what happened at these names, whatever the size of the zones.
type Now struct {
	history domain.History
	zones   map[int64]*zoneFold
	nodes   map[Node]*recordsFold
	guards  bool
}

// Node is an owner name in a zone. The host is relative to the zone, "@" for its apex.
type Node struct {
	Zone int64
	Host string
}

func (n Node) folded() Node { return Node{n.Zone, FoldName(n.Host)} }

// NewNow returns a reader that has read nothing yet.
func NewNow(h domain.History) *Now {
	return &Now{history: h, zones: map[int64]*zoneFold{}, nodes: map[Node]*recordsFold{}}
}

// Guarding is a reader for a decision that rests on all that it has read at owner names: it does
// not outlive a deletion there either.
func (n *Now) Guarding() *Now {
	n.guards = true
	return n
}

// Read reads some zones and some owner names, in one round trip. What was read already is not
// read again.
func (n *Now) Read(zones []int64, nodes []Node) error {
	var folds []domain.Fold
	for _, id := range zones {
		if n.zones[id] == nil {
			n.zones[id] = newZoneFold(id)
			folds = append(folds, n.zones[id])
		}
	}
	for _, node := range nodes {
		if node = node.folded(); n.nodes[node] == nil {
			folds = append(folds, n.fold(node))
		}
	}
	if len(folds) == 0 {
		return nil
	}
	return n.history.Load(folds...)
}

// fold makes the fold of an owner name.
func (n *Now) fold(node Node) domain.Fold {
	if n.guards {
		cut := newCutFold(node.Zone, node.Host)
		n.nodes[node] = &cut.recordsFold
		return cut
	}
	n.nodes[node] = newNodeFold(node.Zone, node.Host)
	return n.nodes[node]
}

// Authorize refuses what the actor may not do to a zone that was read and exists.
func (n *Now) Authorize(env domain.Env, zone int64, o access.Operation) error {
	actor := access.NewActor(env.Actor)
	if err := n.history.Load(actor); err != nil {
		return err
	}
	return access.Authorize(n.history, actor, access.On(n.zones[zone].target(), o))
}

// WrittenAfter says whether anything happened to a zone that was read, or to records of it in any
// view, after a position. A decision does not outlive a write of the zone then, and the first that
// asks reads all events of the zone's records.
func (n *Now) WrittenAfter(zone int64, p domain.Position) (bool, error) {
	written := &zoneWritten{zone: zone}
	if err := n.history.Load(written); err != nil {
		return false, err
	}
	z := n.zones[zone]
	return max(written.at, z.changed, z.settled) > p, nil
}

// zoneWritten is when the records of a zone were written last.
type zoneWritten struct {
	zone int64
	at   domain.Position
}

// Item implements [domain.Fold].
func (f *zoneWritten) Item() domain.Item {
	return domain.Item{Tag: TagZoneRecords(f.zone), Types: recordsTypes}
}

// Apply implements [domain.Fold].
func (f *zoneWritten) Apply(r domain.Recorded) { f.at = r.Position }

// Snapshot implements [domain.Fold].
func (f *zoneWritten) Snapshot() any { return f.at }

// Restore implements [domain.Fold].
func (f *zoneWritten) Restore(s any) { f.at = s.(domain.Position) }

// Zone returns a zone that was read, and its settings; exists is false for one that is not there.
func (n *Now) Zone(id int64) (data ZoneData, settings ZoneSettings, exists bool) {
	zone := n.zones[id]
	if zone == nil || !zone.exists {
		return data, settings, false
	}
	return zone.data, zone.settings, true
}

// Records goes through the records, in any view and no particular order, at an owner name that
// was read, as its zone was.
func (n *Now) Records(node Node) iter.Seq2[int64, RecordData] {
	return func(yield func(int64, RecordData) bool) {
		zone, at := n.zones[node.Zone], n.nodes[node.folded()]
		if zone == nil || at == nil {
			return
		}
		for id, r := range zone.liveOf(&at.recordSet) {
			if !yield(id, r.data) {
				return
			}
		}
	}
}
