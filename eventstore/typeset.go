package eventstore

import (
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/opsledger/opsledger/domain"
)

// typeSet is a list of event types in the forms in which they are needed.
type typeSet struct {
	names []string
	// joined are the names, one a line.
	joined string
	// codes stand for the names in the tag index, text is an int[] of them, see typeList.
	codes []int32
	text  string
}

func newTypeSet(names []string) *typeSet {
	return &typeSet{names: names, joined: strings.Join(names, "\n"), codes: hashTypes(names), text: typeList(names)}
}

// contains says whether the type is one of them; an empty set stands for all.
func (s *typeSet) contains(typ string) bool {
	return len(s.names) == 0 || slices.Contains(s.names, typ)
}

// itemTypes are the types of an item, for the folds of one Go type.
type itemTypes struct {
	all, guards *typeSet
	// guarded: every type is a guard.
	guarded bool
}

func (t *itemTypes) are(all, guards []string) bool {
	return slices.Equal(t.all.names, all) && slices.Equal(t.guards.names, guards)
}

// typeSets remembers which types of events the folds of each Go type read. They are
// most often the same for all folds of a Go type, and needed with every decision.
//
// Invariants:
//  1. The folds of one Go type with the same types and guards have one itemTypes,
//     and those of another Go type do not.
type typeSets struct {
	// usual has the types that the first fold of a Go type read, others those that
	// differ from them.
	usual  sync.Map // reflect.Type → *itemTypes
	others sync.Map // typesKey → *itemTypes
}

type typesKey struct {
	fold        reflect.Type
	all, guards string
}

func (s *typeSets) of(fold reflect.Type, item domain.Item) *itemTypes {
	guards := item.GuardTypes()
	known, ok := s.usual.Load(fold)
	if ok && known.(*itemTypes).are(item.Types, guards) {
		return known.(*itemTypes)
	}
	t := &itemTypes{newTypeSet(slices.Clone(item.Types)), newTypeSet(slices.Clone(guards)), slices.Equal(item.Types, guards)}
	if !ok {
		if known, ok = s.usual.LoadOrStore(fold, t); !ok || known.(*itemTypes).are(item.Types, guards) {
			return known.(*itemTypes)
		}
	}
	known, _ = s.others.LoadOrStore(typesKey{fold, t.all.joined, t.guards.joined}, t)
	return known.(*itemTypes)
}
