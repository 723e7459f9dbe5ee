package access

import (
	"slices"

	"github.com/opsledger/opsledger/domain"
)

// ByCredential says whether a decision that was asked for with a credential may lead to an
// event. No credential makes or ends credentials, sets a password, rights, roles or links to
// the directory: of what says who somebody is it changes profiles and deletes users alone.
func ByCredential(e domain.Event) bool {
	switch e.(type) {
	case UserProfileChanged, UserDeleted:
		return true
	}
	return !slices.Contains(ofAccess, e.EventType())
}

// ofAccess are the types of the context's events.
var ofAccess = func() []string {
	var types []string
	for _, d := range Events() {
		types = append(types, d.Name)
	}
	return types
}()
