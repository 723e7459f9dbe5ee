package api

import (
	"encoding/json"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/ops"
)

// withoutWithheld is an event's stored form as a dry run shows it: what is personal or secret is
// null, and so are ids that are no numbers and would be drawn.
func withoutWithheld(e domain.Event, data json.RawMessage) (json.RawMessage, error) {
	withheld := access.WithheldOf(e)
	if _, drawn := e.(ops.TaskCreated); drawn {
		withheld = whole("task")
	}
	return withheld.Null(data)
}
