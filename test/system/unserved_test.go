package system

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/opsledger/opsledger/test/deployment"
)

// What was served and is not any more is no change that is live: a frozen named is said at
// every change, and that it goes on, too.
func TestFrozenNamedIsSaidAtEveryChange(t *testing.T) {
	t.Parallel()
	site := deployment.StartSite(t)
	s := site.Serve
	s.Login()
	zone := s.MakeLiveZone("example.com", "192.0.2.1")
	position := deployment.Position(t, s.Post("/dns/records", deployment.RecordBody("mail", "192.0.2.2", zone)))
	s.LiveAt(position)
	change := fmt.Sprintf("/v1/changes/%d", position)
	thaw := site.DNS.FreezeNamed()
	awaitReply(t, s, change, http.StatusOK, "does not answer")
	awaitReply(t, s, change, http.StatusOK, `"FAILED"`)
	thaw()
	awaitReply(t, s, change, http.StatusOK, `"INSYNC"`)
}
