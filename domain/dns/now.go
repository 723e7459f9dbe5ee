package dns

import (
	"iter"

	"github.com/opsledger/opsledger/domain"
)

// Now reads from a history what zones are, and which records they have at some owner names. That
// costs what happened at these names, whatever the size of the zones. It decides nothing.
type Now struct {
	history domain.History
	zones   map[int64]*zoneFold
	nodes   map[Node]*recordsFold
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
			n.nodes[node] = newNodeFold(node.Zone, node.Host)
			folds = append(folds, n.nodes[node])
		}
	}
	if len(folds) == 0 {
		return nil
	}
	return n.history.Load(folds...)
}

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
