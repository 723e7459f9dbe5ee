package dnsapi

import (
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/projections/oplog"
)

// An entry of before doors were kept has null.
func TestEntryWithoutADoor(t *testing.T) {
	t.Parallel()
	a := API{Kernel: &api.Kernel{Config: api.Config{Location: time.UTC}}}
	text, err := api.EncodeJSON(a.oplog(oplog.Entry{ID: 1}))
	if err != nil || !strings.Contains(string(text), `"position":1,"credential":null,"door":null}`) {
		t.Errorf("%s, %v", text, err)
	}
}
