package api

import (
	"errors"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections"
)

// recordBody is a record on the wire.
type recordBody struct {
	ID       int64  `json:"id"`
	Host     string `json:"host"`
	Type     string `json:"record_type"`
	TTL      string `json:"ttl"`
	Value    string `json:"value"`
	ViewName string `json:"view_name"`
	Comment  string `json:"comment"`
	ZoneID   int64  `json:"zone_id"`
	permissions
}

func recordFor(who *identity.User) func(projections.Record) recordBody {
	return func(row projections.Record) recordBody {
		return recordBody{
			ID: row.ID, Host: row.Host, Type: row.Type, TTL: strconv.FormatUint(uint64(row.TTL), 10), Value: row.Value,
			ViewName: row.ViewName, Comment: row.Comment, ZoneID: row.ZoneID, permissions: permissionsOnRecord(who, row),
		}
	}
}

// recordInput reads a record. Its comment is the one text that may be set to
// nothing: an empty one is given, not absent.
func recordInput(p *params) dns.RecordInput {
	return dns.RecordInput{
		Host: p.text("host"), Type: p.text("record_type"), TTL: p.ttl(), Value: p.text("value"),
		ViewName: p.text("view_name"), Comment: p.givenText("comment"), ZoneID: p.integer("zone_id"),
	}
}

// ttl returns the TTL, a number or a numeric string.
func (p *params) ttl() *uint32 {
	text := p.scalar("ttl")
	if text == nil {
		return nil
	}
	ttl, err := dns.ParseTTL(*text)
	if err != nil {
		if p.err == nil {
			p.err = err
		}
		return nil
	}
	return &ttl
}

func (s *server) listRecords(c echo.Context) error {
	q, err := readQuery(c)
	if err != nil {
		return err
	}
	page, filter := q.page(), projections.RecordFilter{
		ZoneID: q.integer("zone_id"), ID: q.integer("id"), Host: given(q.text("host")), Value: given(q.text("value")),
		Type: strings.ToUpper(given(q.text("record_type"))), TTL: q.ttl(), ViewName: given(q.text("view_name")),
	}
	if q.err != nil {
		return q.err
	}
	if err := s.checkZoneFilter(c, filter.ZoneID); err != nil {
		return err
	}
	rows, total, err := s.Reader.Records(c.Request().Context(), viewer(callerOf(c)), filter, page.projection())
	if err != nil {
		return err
	}
	return list(c, "records", page, rows, total, recordFor(callerOf(c)))
}

// checkZoneFilter: only admin lists the records of all zones at once. A zone that
// is asked for must be there, and the caller must have something to see in it:
// the zone, or single records by privileges of their own.
func (s *server) checkZoneFilter(c echo.Context, id *int64) error {
	if id == nil {
		if callerOf(c).Admin() {
			return nil
		}
		return domain.Invalid("zone_id", "不能为空！")
	}
	zone, err := s.Reader.Zone(c.Request().Context(), *id)
	if err != nil {
		return zoneFound(err)
	}
	forbidden := callerOf(c).Require(access.OnRecords(zone.Target, access.OperationAccess))
	if forbidden == nil {
		return nil
	}
	_, granted, err := s.Reader.Records(c.Request().Context(), viewer(callerOf(c)), projections.RecordFilter{ZoneID: id}, projections.Page{Number: 1, Size: 1})
	if err == nil && granted == 0 {
		return forbidden
	}
	return err
}

func (s *server) showRecord(c echo.Context) error {
	id, err := pathID(c, resourceRecord)
	if err != nil {
		return err
	}
	row, err := s.Reader.Record(c.Request().Context(), id)
	if err != nil {
		return found(resourceRecord, id, err)
	}
	if err := callerOf(c).Require(access.OnRecord(row.Target, row.Zone, access.OperationAccess)); err != nil {
		return err
	}
	return show(c, row.Changed, recordFor(callerOf(c))(row))
}

func (s *server) createRecord(c echo.Context) error {
	return s.write(c, s.rightToAddRecord(c), func(w *write) (domain.Command, error) {
		return dns.NewAddRecord(recordInput(w.params))
	})
}

func (s *server) updateRecord(c echo.Context) error {
	return s.update(c, resourceRecord, s.rightToRecord, func(id int64, w *write) (domain.Command, error) {
		return dns.NewUpdateRecord(id, recordInput(w.params), w.ifMatch)
	})
}

func (s *server) deleteRecord(c echo.Context) error {
	return s.remove(c, resourceRecord, s.rightToRecord, func(id int64, w *write) (domain.Command, error) {
		return dns.NewDeleteRecord(id, w.ifMatch)
	})
}

func (s *server) rightToRecord(c echo.Context, id int64, operation access.Operation) (access.Right, error) {
	row, err := s.Reader.Record(c.Request().Context(), id)
	return access.OnRecord(row.Target, row.Zone, operation), err
}

func (s *server) rightToAddRecord(c echo.Context) authority {
	return func(w *write) (access.Right, error) {
		id := w.integer("zone_id")
		if id == nil {
			return access.Right{}, domain.Invalid("zone_id", "不能为空！")
		}
		zone, err := s.Reader.Zone(c.Request().Context(), *id)
		return access.OnRecords(zone.Target, access.OperationUpdate), zoneFound(err)
	}
}

// zoneFound turns the read models' "not there" into the reply for a zone_id
// outside the path.
func zoneFound(err error) error {
	if errors.Is(err, projections.ErrNotFound) {
		return domain.Refused("当前Zone不存在，请检查zone_id是否正确！")
	}
	return err
}
