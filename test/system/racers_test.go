package system

import (
	"fmt"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

// racingZoneNames: some create a zone, others rename theirs, to one name in different case.
func racingZoneNames(s *scene) []domain.Command {
	view := s.view(fmt.Sprint("v", s.round))
	var out []domain.Command
	for i := range racers {
		name := fmt.Sprintf("%s.%s", []string{"name", "NAME"}[i/2%2], s.name())
		if i < racers/2 {
			out = append(out, s.createZone(name, view))
			continue
		}
		own := s.zone(fmt.Sprintf("own%d.%s", i, s.name()), view)
		out = append(out, s.updateZone(own, name, dns.ZoneMaster, view))
	}
	return out
}

func racingViewNames(s *scene) []domain.Command {
	name := fmt.Sprint("v", s.round)
	var out []domain.Command
	for i := range racers {
		if i < racers/2 {
			out = append(out, s.createView(name))
			continue
		}
		out = append(out, s.renameView(s.view(fmt.Sprintf("own%d-%d", i, s.round)), name))
	}
	return out
}

// racingServers: all have the host in common in one round, the address in the next.
func racingServers(s *scene) []domain.Command {
	var out []domain.Command
	env, none := "e", "-"
	for i := range racers {
		host, ip := fmt.Sprintf("ns%d", s.round), fmt.Sprintf("10.1.%d.%d", s.round/250, s.round%250+1)
		if s.round%2 == 0 {
			ip = fmt.Sprintf("2001:db8::%x:%x", s.round, i+1)
		} else {
			host += fmt.Sprint("-", i)
		}
		out = append(out, made[dns.CreateServer](s.t)(dns.NewCreateServer(dns.ServerInput{
			Host: &host, IP: &ip, Env: &env, ZbProcessItem: &none, ZbPortItem: &none, ZbResolveItem: &none, ZbResolveRateItem: &none,
		})))
	}
	return out
}

// racingAliases: one address and seven aliases at one name.
func racingAliases(s *scene) []domain.Command {
	zone, _, views := s.zoneWithViews()
	out := []domain.Command{s.addRecord(zone, views[0], "www", "A", "192.0.2.1")}
	for i := 1; i < racers; i++ {
		out = append(out, s.addRecord(zone, views[0], []string{"www", "WWW"}[i%2], "CNAME", fmt.Sprint("target", i)))
	}
	return out
}

func racingDuplicates(s *scene) []domain.Command {
	zone, _, views := s.zoneWithViews()
	var out []domain.Command
	for i := range racers {
		out = append(out, s.addRecord(zone, views[0], []string{"www", "Www"}[i%2], "AAAA", []string{"2001:db8::1", "2001:DB8:0::1"}[i/2%2]))
	}
	return out
}

func racingDeletedZone(s *scene) []domain.Command {
	zone, _, views := s.zoneWithViews()
	var out []domain.Command
	for i := range racers {
		if i%4 < 2 {
			out = append(out, made[dns.DeleteZone](s.t)(dns.NewDeleteZone(zone, nil)))
			continue
		}
		out = append(out, s.addRecord(zone, views[i/4], fmt.Sprint("h", i), "A", "192.0.2.1"))
	}
	return out
}

// racingUnlinkedView: the zone leaves its second view, to which others add records.
func racingUnlinkedView(s *scene) []domain.Command {
	zone, ids, views := s.zoneWithViews()
	var out []domain.Command
	for i := range racers {
		if i%4 < 2 {
			out = append(out, s.updateZone(zone, s.name(), dns.ZoneMaster, ids[0]))
			continue
		}
		out = append(out, s.addRecord(zone, views[1], fmt.Sprint("h", i), "A", "192.0.2.1"))
	}
	return out
}

// racingForwardOnly: seven make the zone one that only forwards, one adds the
// record that such a zone cannot have. Six of the seven then change nothing.
func racingForwardOnly(s *scene) []domain.Command {
	zone, ids, views := s.zoneWithViews()
	out := []domain.Command{s.addRecord(zone, views[0], "www", "A", "192.0.2.1")}
	for range racers - 1 {
		out = append(out, s.updateZone(zone, s.name(), dns.ZoneForwardOnly, ids[:]...))
	}
	return out
}

func racingDeletedView(s *scene) []domain.Command {
	view := s.view(fmt.Sprint("v", s.round))
	var out []domain.Command
	for i := range racers {
		if i%4 < 2 {
			out = append(out, made[dns.DeleteView](s.t)(dns.NewDeleteView(view, nil)))
			continue
		}
		out = append(out, s.createZone(fmt.Sprintf("h%d.%s", i, s.name()), view))
	}
	return out
}

func racingUsernames(s *scene) []domain.Command {
	var out []domain.Command
	for i := range racers {
		name := fmt.Sprintf("%s%d", []string{"user", "User"}[i/2%2], s.round)
		out = append(out, access.RegisterUser{User: access.UserRegistered{Username: name, MailDigest: fmt.Sprint(s.round, "-", i)}})
	}
	return out
}

func racingMails(s *scene) []domain.Command {
	var out []domain.Command
	for i := range racers {
		user := access.UserRegistered{Username: fmt.Sprintf("user%d-%d", s.round, i), MailDigest: fmt.Sprint(s.round)}
		out = append(out, access.RegisterUser{User: user})
	}
	return out
}
