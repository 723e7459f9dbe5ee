package v1

import (
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/opsmodel"
)

// foundBody is the reply to a search.
type foundBody struct {
	Zones    []foundZone    `json:"zones"`
	Records  []foundRecord  `json:"records"`
	Views    []foundView    `json:"views"`
	Servers  []foundServer  `json:"servers"`
	Machines []foundMachine `json:"machines"`
	Users    []foundUser    `json:"users"`
	Next     *string        `json:"next"`
	// TimedOut: not all records were looked through that the page has room for.
	TimedOut bool `json:"timed_out"`
}

// whole has an empty list for each kind of which there is nothing.
func (b foundBody) whole() foundBody {
	b.Zones, b.Records, b.Views = append([]foundZone{}, b.Zones...), append([]foundRecord{}, b.Records...), append([]foundView{}, b.Views...)
	b.Servers, b.Machines, b.Users = append([]foundServer{}, b.Servers...), append([]foundMachine{}, b.Machines...), append([]foundUser{}, b.Users...)
	return b
}

type foundZone struct {
	ID    int64         `json:"id"`
	Name  string        `json:"name"`
	Group dns.ZoneGroup `json:"zone_group"`
	Type  string        `json:"zone_type"`
	Views []string      `json:"view_names"`
}

func (f foundZone) id() int64 { return f.ID }

func zoneFound(z dnsmodel.Zone) foundZone {
	return foundZone{ID: z.ID, Name: z.Name, Group: z.Group, Type: z.Type, Views: append([]string{}, z.ViewNames...)}
}

// foundRecord is a record by its full name, with its zone.
type foundRecord struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	ZoneID   int64  `json:"zone_id"`
	Zone     string `json:"zone"`
	Host     string `json:"host"`
	Type     string `json:"record_type"`
	TTL      uint32 `json:"ttl"`
	Value    string `json:"value"`
	ViewName string `json:"view_name"`
	Comment  string `json:"comment"`
}

func (f foundRecord) id() int64 { return f.ID }

func recordFound(r dnsmodel.Record) foundRecord {
	return foundRecord{
		ID: r.ID, Name: dns.FullName(r.Host, r.Zone.Name), ZoneID: r.ZoneID, Zone: r.Zone.Name,
		Host: r.Host, Type: r.Type, TTL: r.TTL, Value: r.Value, ViewName: r.ViewName, Comment: r.Comment,
	}
}

type foundView struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func (f foundView) id() int64 { return f.ID }

func viewFound(v dnsmodel.View) foundView { return foundView{ID: v.ID, Name: v.Name} }

type foundServer struct {
	ID   int64  `json:"id"`
	Host string `json:"host"`
	IP   string `json:"ip"`
	Env  string `json:"env"`
	Type string `json:"dns_server_type"`
}

func (f foundServer) id() int64 { return f.ID }

func serverFound(s dnsmodel.Server) foundServer {
	return foundServer{ID: s.ID, Host: s.Host, IP: s.IP, Env: s.Env, Type: s.Type}
}

type foundMachine struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	InsideIP  string `json:"inside_ip"`
	OutsideIP string `json:"outside_ip"`
}

func (f foundMachine) id() int64 { return f.ID }

func machineFound(m opsmodel.Machine) foundMachine {
	return foundMachine{ID: m.ID, Name: m.Name, InsideIP: m.InsideIP, OutsideIP: m.OutsideIP}
}

// foundUser has nothing that is personal.
type foundUser struct {
	ID       domain.UserID `json:"id"`
	Username string        `json:"username"`
}

func (f foundUser) id() int64 { return int64(f.ID) }

func userFound(u accessmodel.User) foundUser { return foundUser{ID: u.ID, Username: u.Username} }

// foundPage is what is shown of rows, and below which id the next page begins, 0 where there
// are no more of them.
func foundPage[Row any, Found interface{ id() int64 }](rows []Row, limit int, found func(Row) Found) (page []Found, below int64) {
	for _, row := range rows[:min(len(rows), limit)] {
		page = append(page, found(row))
	}
	if len(rows) > limit {
		below = page[limit-1].id()
	}
	return page, below
}
