package api

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/projections"
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
}

func oplogIn(location *time.Location) func(projections.Oplog) oplogBody {
	return func(row projections.Oplog) oplogBody {
		return oplogBody{
			ID: row.ID, OperationTime: row.Time.In(location).Format(timeLayout), OperationType: row.OperationType,
			Operator: row.Operator, TargetType: row.TargetType, TargetName: row.TargetName,
			TargetID: row.TargetID, TargetDetail: row.TargetDetail,
		}
	}
}

func (s *server) listOplogs(c echo.Context) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	page, filter := q.page(), projections.OplogFilter{
		ID: q.integer("id"), OperationType: given(q.text("operation_type")), Operator: given(q.text("operator")),
		TargetType: given(q.text("target_type")), TargetName: given(q.text("target_name")), TargetID: given(q.text("target_id")),
	}
	if q.err != nil {
		return q.err
	}
	rows, total, err := s.Reader.Oplogs(c.Request().Context(), viewer(callerOf(c)), filter, page.projection())
	if err != nil {
		return err
	}
	return list(c, "operation_logs", page, rows, total, oplogIn(s.Config.Location))
}
