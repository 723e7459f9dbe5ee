package access_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/domaintest"
)

func TestEndSession(t *testing.T) {
	t.Parallel()
	ended := access.SessionEnded{ID: 7, Session: "d1"}
	domaintest.Given().When(access.EndSession{ID: 7, Digest: "d1"}).Then(t, ended)
	domaintest.Given(ended).When(access.EndSession{ID: 7, Digest: "d1"}).Then(t)
	domaintest.Given(ended).When(access.EndSession{ID: 7, Digest: "d2"}).Then(t, access.SessionEnded{ID: 7, Session: "d2"})
}
