package dnsapi

import (
	"errors"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
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

func recordFor(who *identity.User, row dnsmodel.Record) recordBody {
	return recordBody{
		ID: row.ID, Host: row.Host, Type: row.Type, TTL: strconv.FormatUint(uint64(row.TTL), 10), Value: row.Value,
		ViewName: row.ViewName, Comment: row.Comment, ZoneID: row.ZoneID, permissions: permissionsOnRecord(who, row),
	}
}

// recordInput reads a record. Its comment is the one text that may be set to
// nothing: an empty one is given, not absent.
func recordInput(p *api.Params) dns.RecordInput {
	return dns.RecordInput{
		Host: p.Text("host"), Type: p.Text("record_type"), TTL: readTTL(p), Value: p.Text("value"),
		ViewName: p.Text("view_name"), Comment: p.GivenText("comment"), ZoneID: p.Integer("zone_id"),
	}
}

// readTTL returns the TTL, a number or a numeric string.
func readTTL(p *api.Params) *uint32 {
	text := p.Scalar("ttl")
	if text == nil {
		return nil
	}
	ttl, err := dns.ParseTTL(*text)
	if err != nil {
		if p.Err == nil {
			p.Err = err
		}
		return nil
	}
	return &ttl
}

func (a *API) records() []api.Route {
	return api.Resources[dnsmodel.Record, dnsmodel.RecordFilter, recordBody]{
		Kind: api.Record, Path: "/dns/records", Key: "records", Access: api.AccessUser, Reads: reads, ReadNarrow: true, WriteNarrow: true,
		Filter: func(q *api.Params) dnsmodel.RecordFilter {
			return dnsmodel.RecordFilter{
				ZoneID: q.Integer("zone_id"), ID: q.Integer("id"), Host: api.Given(q.Text("host")), Value: api.Given(q.Text("value")),
				Type: strings.ToUpper(api.Given(q.Text("record_type"))), TTL: readTTL(q), ViewName: api.Given(q.Text("view_name")),
			}
		},
		Check: a.checkZoneFilter,
		List:  a.DNS.Records, Read: a.DNS.Record, Item: recordFor,
		Changed: func(row dnsmodel.Record) domain.Position { return row.Changed },
		Odd:     func(row dnsmodel.Record) domain.Warning { return dns.StoredWarning(row.Zone.Name, row.RecordData) },

		MayCreate: a.rightToAddRecord,
		May:       rightOnRecord,
		Create:    func(w *api.Request) (domain.Command, error) { return dns.NewAddRecord(recordInput(w.Params)) },
		Update: func(w *api.Request) (domain.Command, error) {
			return dns.NewUpdateRecord(w.ID, recordInput(w.Params), w.IfMatch)
		},
		Delete: func(w *api.Request) (domain.Command, error) { return dns.NewDeleteRecord(w.ID, w.IfMatch) },
		Input:  api.Reads(recordInput),
		Takes:  dns.AddRecord{}.Allocates(),
	}.Routes()
}

func rightOnRecord(r dnsmodel.Record, o access.Operation) access.Right {
	return access.OnRecord(r.Target, r.Zone, o).OfRecord(dns.FullName(r.Host, r.Zone.Name), r.Type, r.ViewID)
}

// checkZoneFilter: only admin lists the records of all zones at once. A zone that
// is asked for must be there, and the caller must have something to see in it:
// the zone, or single records by privileges of their own.
func (a *API) checkZoneFilter(c echo.Context, filter dnsmodel.RecordFilter) error {
	id := filter.ZoneID
	if id == nil {
		if api.Caller(c).Admin() {
			return nil
		}
		return domain.Invalid("zone_id", "不能为空！")
	}
	zone, err := a.DNS.Zone(c.Request().Context(), *id)
	if err != nil {
		return zoneFound(err)
	}
	forbidden := api.Caller(c).Require(access.OnRecords(zone.Target, access.OperationAccess))
	if forbidden == nil {
		return nil
	}
	one := query.Page{Number: 1, Size: 1}
	_, granted, err := a.DNS.Records(c.Request().Context(), api.Viewer(c), dnsmodel.RecordFilter{ZoneID: id}, one)
	if err == nil && granted == 0 {
		return forbidden
	}
	return err
}

func (a *API) rightToAddRecord(w *api.Request) (access.Right, error) {
	id := w.Integer("zone_id")
	if id == nil {
		return access.Right{}, domain.Invalid("zone_id", "不能为空！")
	}
	zone, err := a.DNS.Zone(w.Context(), *id)
	return access.OnRecords(zone.Target, access.OperationUpdate), zoneFound(err)
}

// zoneFound turns the read models' "not there" into the reply for a zone_id
// outside the path.
func zoneFound(err error) error {
	if errors.Is(err, query.ErrNotFound) {
		return domain.Refused("当前Zone不存在，请检查zone_id是否正确！").Blame("zone_id")
	}
	return err
}
