package system

import (
	"fmt"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// scene is what a round finds when it begins. Its ids are far from those that
// the log gives to what the racers make.
type scene struct {
	t      *testing.T
	round  int
	before []domain.Event
}

func (s *scene) id() int64 { return int64(1_000_000 + s.round*100 + len(s.before)) }

func (s *scene) view(name string) int64 {
	id := s.id()
	s.before = append(s.before, dns.ViewCreated{ID: id, View: dns.ViewData{Name: name, ACL: "any"}})
	return id
}

func (s *scene) zone(name string, views ...int64) int64 {
	id := s.id()
	zone := dns.ZoneData{Name: name, Group: dns.GroupInternal, Type: dns.ZoneMaster, ViewIDs: views}
	s.before = append(s.before, dns.ZoneCreated{ID: id, Zone: zone})
	return id
}

// zoneWithViews makes a zone in two views.
func (s *scene) zoneWithViews() (zone int64, views [2]int64, names [2]string) {
	for i := range views {
		names[i] = fmt.Sprintf("v%d-%d", i, s.round)
		views[i] = s.view(names[i])
	}
	return s.zone(s.name(), views[:]...), views, names
}

// name is the zone's name in this round.
func (s *scene) name() string { return fmt.Sprintf("r%d.test", s.round) }

func (s *scene) createView(name string) domain.Command {
	acl := "any"
	return made[dns.CreateView](s.t)(dns.NewCreateView(dns.ViewInput{Name: &name, ACL: &acl}))
}

func (s *scene) renameView(id int64, name string) domain.Command {
	acl := "any"
	return made[dns.UpdateView](s.t)(dns.NewUpdateView(id, dns.ViewInput{Name: &name, ACL: &acl}, nil))
}

func zoneInput(name, kind string, views ...int64) dns.ZoneInput {
	forwarders := "192.0.2.1"
	return dns.ZoneInput{Name: &name, Type: &kind, Forwarders: &forwarders, ViewIDs: &views}
}

func (s *scene) createZone(name string, views ...int64) domain.Command {
	return made[dns.CreateZone](s.t)(dns.NewCreateZone(zoneInput(name, dns.ZoneMaster, views...)))
}

func (s *scene) updateZone(id int64, name, kind string, views ...int64) domain.Command {
	return made[dns.UpdateZone](s.t)(dns.NewUpdateZone(id, zoneInput(name, kind, views...), nil))
}

func (s *scene) addRecord(zone int64, view, host, kind, value string) domain.Command {
	return made[dns.AddRecord](s.t)(dns.NewAddRecord(dns.RecordInput{Host: &host, Type: &kind, Value: &value, ViewName: &view, ZoneID: &zone}))
}
