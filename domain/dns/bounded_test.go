package dns_test

import (
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// theCredential is the one that commands are asked for with.
const theCredential domain.CredentialID = 7

// boundedWorld has two zones in two views, with records, and admin's credential.
func boundedWorld(c access.CredentialAdded, more ...domain.Event) []domain.Event {
	c.ID, c.User, c.Name, c.Kind = theCredential, admin, "certbot", access.CredentialToken
	return append(users(
		dns.ViewCreated{ID: 1, Privilege: 8, View: dns.ViewData{Name: "v1", ACL: "any"}},
		dns.ViewCreated{ID: 2, Privilege: 23, View: dns.ViewData{Name: "v2", ACL: "any"}},
		dns.ZoneCreated{ID: 1, Privilege: 11, Zone: master("a.com", 1, 2)},
		dns.ZoneCreated{ID: 2, Privilege: 31, Zone: master("b.org", 1)},
		record(1, 1, 1, "www", "A", "192.0.2.1"), record(2, 1, 2, "www", "A", "192.0.2.2"), record(3, 2, 1, "www", "A", "192.0.2.3"),
		c,
	), more...)
}

func bounded(c domain.Command, err error) domain.Command {
	return dns.NewBounded(must(c, err), theCredential)
}

func TestBounds(t *testing.T) {
	t.Parallel()
	add := func(zone int64, view, host, recordType, value string) domain.Command {
		return bounded(dns.NewAddRecord(recordInput(zone, view, host, recordType, value)))
	}
	batchOf := func(commands ...domain.Command) domain.Command {
		operations := make([]batch.Operation, len(commands))
		for i, c := range commands {
			operations[i] = batch.Of(c, nil)
		}
		return bounded(batch.New(operations))
	}
	plain := func(zone int64, view, host, recordType, value string) domain.Command {
		return must(dns.NewAddRecord(recordInput(zone, view, host, recordType, value)))
	}
	acme := access.CredentialAdded{Restrict: access.Restriction{Zones: []string{"*.com"}, Names: []string{"_acme-challenge.**"}, Types: []string{"TXT"}}}
	zone := access.CredentialAdded{Restrict: access.Restriction{Zones: []string{"a.com"}}}
	view := access.CredentialAdded{View: 1}
	reader := access.CredentialAdded{Restrict: access.Restriction{ReadOnly: true}}
	for _, c := range []struct {
		name       string
		credential access.CredentialAdded
		command    domain.Command
		allowed    bool
	}{
		{"name and type", acme, add(1, "v1", "_acme-challenge.www", "TXT", "x"), true},
		{"apex of the name", acme, add(1, "v1", "_acme-challenge", "TXT", "x"), true},
		{"another type", acme, add(1, "v1", "_acme-challenge.www", "A", "192.0.2.9"), false},
		{"another name", acme, add(1, "v1", "www", "TXT", "x"), false},
		{"another zone", acme, add(2, "v1", "_acme-challenge.www", "TXT", "x"), false},
		{"what was there", acme, bounded(dns.NewDeleteRecord(1, nil)), false},
		{"each operation", acme, batchOf(plain(1, "v1", "_acme-challenge", "TXT", "x"), plain(1, "v1", "www2", "TXT", "x")), false},
		{"added and taken away", acme, batchOf(plain(1, "v1", "www", "TXT", "x"), must(dns.NewDeleteRecord(100, nil))), false},
		{"all operations", acme, batchOf(plain(1, "v1", "_acme-challenge", "TXT", "x"), plain(1, "v2", "_acme-challenge", "TXT", "x")), true},

		{"record of the zone", zone, bounded(dns.NewUpdateRecord(1, recordInput(1, "v1", "www2", "A", "192.0.2.9"), nil)), true},
		{"the zone", zone, bounded(dns.NewUpdateZone(1, zoneInput("a.com", "master", 1), nil)), false},
		{"its settings", zone, bounded(dns.NewChangeZoneSettings(1, dns.ZoneSettingsInput{DefaultTTL: dns.Setting[int64]{Given: true, Value: new(int64(60))}}, nil, nil)), false},
		{"its end", zone, bounded(dns.NewDeleteZone(1, nil)), false},
		{"a new zone of the name", zone, bounded(dns.NewCreateZone(zoneInput("x.a.com", "master", 1))), false},
		{"a view", zone, bounded(dns.NewUpdateView(1, viewInput("v9", "any"), nil)), false},
		{"a server", zone, bounded(dns.NewCreateServer(serverInput("s9", "9.9.9.9"))), false},
		{"configuration", zone, bounded(dns.NewChangeBindConf("options { recursion no; };\n", nil, nil)), false},
		{"a user", zone, dns.NewBounded(must(access.NewDeleteUser(2, nil)), theCredential), false},
		{"a credential", access.CredentialAdded{}, dns.NewBounded(must(access.NewDeleteCredential(theCredential)), theCredential), false},

		{"the view", view, add(1, "v1", "n", "A", "192.0.2.9"), true},
		{"another view", view, add(1, "v2", "n", "A", "192.0.2.9"), false},
		{"into another view", view, bounded(dns.NewUpdateRecord(1, recordInput(1, "v2", "www", "A", "192.0.2.7"), nil)), false},
		{"out of another view", view, bounded(dns.NewDeleteRecord(2, nil)), false},
		{"a zone of the view alone", view, bounded(dns.NewDeleteZone(2, nil)), true},
		{"a zone of more views", view, bounded(dns.NewDeleteZone(1, nil)), false},
		{"a link to another view", view, bounded(dns.NewUpdateZone(2, zoneInput("b.org", "master", 1, 2), nil)), false},
		{"the view's own link to a zone of another", access.CredentialAdded{View: 2}, bounded(dns.NewUpdateZone(2, zoneInput("b.org", "master", 1, 2), nil)), true},
		{"the end of the view's own link", view, bounded(dns.NewUpdateZone(1, zoneInput("a.com", "master", 2), nil)), true},
		{"the end of another view's link", view, bounded(dns.NewUpdateZone(1, zoneInput("a.com", "master", 1), nil)), false},
		{"a name with the view's own link", view, bounded(dns.NewUpdateZone(1, zoneInput("c.com", "master", 2), nil)), false},
		{"settings of the view alone", view, bounded(dns.NewChangeZoneSettings(2, dns.ZoneSettingsInput{DefaultTTL: dns.Setting[int64]{Given: true, Value: new(int64(60))}}, nil, nil)), true},
		{"settings of more views", view, bounded(dns.NewChangeZoneSettings(1, dns.ZoneSettingsInput{DefaultTTL: dns.Setting[int64]{Given: true, Value: new(int64(60))}}, nil, nil)), false},
		{"the view itself", view, bounded(dns.NewUpdateView(1, viewInput("v9", "any"), nil)), true},
		{"another view itself", view, bounded(dns.NewUpdateView(2, viewInput("v9", "any"), nil)), false},
		{"configuration of all views", view, bounded(dns.NewChangeBindConf("options { recursion no; };\n", nil, nil)), false},
		{"a server of all views", view, bounded(dns.NewCreateServer(serverInput("s9", "9.9.9.9"))), false},

		{"to read", reader, add(1, "v1", "n", "A", "192.0.2.9"), false},
		{"no bounds", access.CredentialAdded{}, bounded(dns.NewDeleteZone(1, nil)), true},
		{"rights", access.CredentialAdded{}, dns.NewBounded(must(access.NewUpdateUser(2, access.UserChange{Roles: &[]int64{access.RoleAdmin}}, nil)), theCredential), false},
		{"codes", access.CredentialAdded{}, dns.NewBounded(must(access.NewChangePermissions(2, []int{access.CodeGetTask}, nil)), theCredential), false},
		{"a password", access.CredentialAdded{}, dns.NewBounded(access.ChangePassword{ID: 2, PasswordHash: "c"}, theCredential), false},
		{"a privilege", access.CredentialAdded{}, dns.NewBounded(must(access.NewCreatePrivilege(access.PrivilegeInput{Name: new("p")})), theCredential), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			outcome := domaintest.Given(boundedWorld(c.credential)...).As(admin).When(c.command)
			if !c.allowed {
				if outcome.Err == nil || !strings.Contains(outcome.Err.Error(), "凭据") {
					t.Errorf("%v %v", outcome.Events, outcome.Err)
				}
			} else if outcome.Err != nil || len(outcome.Events) == 0 {
				t.Errorf("refused: %v", outcome.Err)
			}
		})
	}
}

// A zone that is not covered tells nothing: not that a record is there already.
func TestBoundsTellNothing(t *testing.T) {
	t.Parallel()
	credential := access.CredentialAdded{Restrict: access.Restriction{Zones: []string{"a.com"}}}
	for _, command := range map[string]domain.Command{
		"there":     bounded(dns.NewAddRecord(recordInput(2, "v1", "www", "A", "192.0.2.3"))),
		"not there": bounded(dns.NewAddRecord(recordInput(2, "v1", "new", "A", "192.0.2.3"))),
		"no view":   bounded(dns.NewAddRecord(recordInput(2, "v2", "new", "A", "192.0.2.3"))),
		"a record":  bounded(dns.NewDeleteRecord(3, nil)),
	} {
		domaintest.Given(boundedWorld(credential)...).As(admin).When(command).ThenError(t, domain.CodeForbidden, "超出凭据certbot的范围")
	}
}

func TestBoundsEnd(t *testing.T) {
	t.Parallel()
	add := bounded(dns.NewAddRecord(recordInput(1, "v1", "n", "A", "192.0.2.9")))
	ended := access.CredentialDeleted{ID: theCredential, User: admin}
	world := boundedWorld(access.CredentialAdded{})
	domaintest.Given(append(world, ended)...).As(admin).When(add).ThenError(t, domain.CodeUnauthenticated, "")
	domaintest.Given(world...).As(2).When(add).ThenError(t, domain.CodeUnauthenticated, "")
	past := domaintest.Now.Add(-time.Second)
	domaintest.Given(boundedWorld(access.CredentialAdded{Expires: &past})...).As(admin).When(add).ThenError(t, domain.CodeUnauthenticated, "")
	domaintest.Given(world...).As(admin).When(add).CheckRace(t, ended, true)
}

// A credential for some records of a zone does not cancel what others import into it.
func TestBoundsOfCancelledImports(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		restrict access.Restriction
		allowed  bool
	}{
		"some names": {access.Restriction{Names: []string{"_acme-challenge.**"}}, false},
		"some types": {access.Restriction{Types: []string{"TXT"}}, false},
		"the zone":   {access.Restriction{Zones: []string{"a.com"}}, true},
	} {
		begun := dns.ImportBegun{ZoneID: 1, ViewID: 1}
		given := boundedWorld(access.CredentialAdded{Restrict: c.restrict}, begun)
		voided := dns.ImportVoided{Import: domain.Position(len(given)), ZoneID: 1, ViewID: 1, Reason: dns.VoidCancelled}
		outcome := domaintest.Given(given...).As(admin).When(dns.NewBounded(dns.NewVoidImport(voided), theCredential))
		if (outcome.Err == nil) != c.allowed || c.allowed && len(outcome.Events) != 1 {
			t.Errorf("%s: %v %v", name, outcome.Events, outcome.Err)
		}
	}
}
