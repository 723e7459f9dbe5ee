package api

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
)

// Invariant 1 of formerState: no event that tells of a state before it can be forgotten.
func TestFormerStatesOfAllEventsAreConsidered(t *testing.T) {
	t.Parallel()
	shown := []string{
		// Views are for everybody, and the others are changed by who sees them: admin, who may edit the configuration, and of a webhook its maker.
		"ViewUpdated", "ViewDeleted", "FleetChanged", "RolloutPlanned", "ServerSettingsChanged",
		"PrivilegeChanged", "UserRolesChanged", "WebhookChanged",
		// These tell no more than what the request named.
		"UserDeleted", "RoleDeleted", "PrivilegeDeleted", "CredentialDeleted", "WebhookDeleted", "TaskDeleted",
	}
	codec := domain.NewCodec(access.Events(), dns.Events(), ops.Events())
	for _, list := range [][]domain.Descriptor{access.Events(), dns.Events(), ops.Events()} {
		for _, d := range list {
			known, _ := codec.Descriptor(d.Name)
			e, err := known.Decode([]byte("{}"))
			if err != nil {
				t.Fatal(err)
			}
			_, updates := reflect.TypeOf(e).FieldByName("Before")
			if !updates && !strings.HasSuffix(d.Name, "Deleted") {
				continue
			}
			if withheld := (&formerState{}).withheld(e) != nil; withheld == slices.Contains(shown, d.Name) {
				t.Errorf("%s: what it tells of the state before it is withheld: %v", d.Name, withheld)
			}
		}
	}
}
