package dnsapi

import (
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/projections/oplog"
)

// oplogBody is an entry of the operation log on the wire.
type oplogBody struct {
	ID            int64  `json:"id"`
	OperationTime string `json:"operation_time"`
	OperationType string `json:"operation_type"`
	Operator      string `json:"operator"`
	TargetType    string `json:"target_type"`
	TargetName    string `json:"target_name"`
	TargetID      string `json:"target_id"`
	TargetDetail  string `json:"target_detail"`

	// Beyond the document: the zone of an entry on a zone or a record, null otherwise, the
	// state after, where in the log the event is, by which credential it was made, null for
	// none, and by which door, null for an event of before doors were kept.
	ZoneID      *int64          `json:"zone_id"`
	TargetZone  string          `json:"target_zone"`
	TargetAfter string          `json:"target_after"`
	Position    int64           `json:"position"`
	Credential  *credentialBody `json:"credential"`
	Door        *domain.Door    `json:"door"`
}

// credentialBody names a credential, also one that has ended.
type credentialBody struct {
	ID   domain.CredentialID `json:"id"`
	Name *string             `json:"name"`
}

func (a *API) oplog(row oplog.Entry) oplogBody {
	body := oplogBody{
		ID: row.ID, OperationTime: a.FormatTime(row.Time), OperationType: row.OperationType,
		Operator: row.Operator, TargetType: row.TargetType, TargetName: row.TargetName,
		TargetID: row.TargetID, TargetDetail: row.TargetDetail,
		TargetZone: row.Zone, TargetAfter: row.TargetAfter, Position: row.ID,
	}
	if row.ZoneID != 0 {
		body.ZoneID = &row.ZoneID
	}
	if row.Credential != 0 {
		body.Credential = &credentialBody{ID: row.Credential, Name: row.CredentialName}
	}
	if row.Door != "" {
		body.Door = &row.Door
	}
	return body
}

func (a *API) oplogFilter(q *api.Params) oplog.Filter {
	return oplog.Filter{
		ID: q.Integer("id"), OperationType: api.Given(q.Text("operation_type")), Operator: api.Given(q.Text("operator")),
		TargetType: api.Given(q.Text("target_type")), TargetName: api.Given(q.Text("target_name")), TargetID: api.Given(q.Text("target_id")),
		ZoneID: q.Integer("zone_id"), Since: q.Moment("since", a.Location), Until: q.Moment("until", a.Location),
	}
}

func (a *API) listOplogs(c echo.Context) error {
	q := api.ReadQuery(c.Request())
	page, filter := q.Page(), a.oplogFilter(q)
	if q.Err != nil {
		return q.Err
	}
	rows, total, err := a.Oplogs.Entries(c.Request().Context(), api.Viewer(c), filter, page.Projection())
	if err != nil {
		return err
	}
	return api.List(c, "operation_logs", page, rows, total, a.oplog)
}
