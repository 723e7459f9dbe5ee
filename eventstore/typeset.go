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

// itemTypes are the types of an item.
type itemTypes struct {
	all, guards *typeSet
}

// typeSets remembers what the folds of each Go type read: most often the same
// for all of them, and asked for with every decision.
type typeSets struct {
	byFold sync.Map // reflect.Type → *itemTypes
}

func (s *typeSets) of(fold reflect.Type, item domain.Item) *itemTypes {
	guards := item.GuardTypes()
	known, ok := s.byFold.Load(fold)
	if ok {
		t := known.(*itemTypes)
		if slices.Equal(t.all.names, item.Types) && slices.Equal(t.guards.names, guards) {
			return t
		}
	}
	t := &itemTypes{newTypeSet(slices.Clone(item.Types)), newTypeSet(slices.Clone(guards))}
	if !ok {
		s.byFold.Store(fold, t)
	}
	return t
}
