package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
	"github.com/opsledger/opsledger/projections/rights"
)

// walk is the copy-and-paste example under dev: a record, from POST to dig. It works as it
// is printed with the data that are there now: what it makes is not there, and what it uses
// is. Only a password that this process does not know has to be set first.
func (a *App) walk(ctx context.Context) string {
	curl := "curl -s"
	if a.certificate != nil {
		curl = "curl -sk" // whoever signed the certificate, and for whatever name
	}
	host := a.engine.Addr().Addr()
	at := host.String()
	if host.IsUnspecified() {
		at = "127.0.0.1"
	}
	var text strings.Builder
	text.WriteString("\nTry it")
	password := "'" + a.newPassword + "'" // of letters and digits
	if a.newPassword == "" {
		password = `"${PASSWORD:?set it first}"`
		fmt.Fprintf(&text, ", after PASSWORD='…' with admin's password (`opsledger reset-password --data %s admin` sets another one)",
			quoted(a.cfg.Data))
	}
	fmt.Fprintf(&text, `:
  API=%[2]s
  TOKEN=$(%[1]s $API/auth/login_local -d username=admin --data-urlencode password=%[3]s | sed 's/.*"token": *"\([^"]*\)".*/\1/')
`, curl, a.running().API(), password)
	place := a.findPlace(ctx)
	text.WriteString(place.make(curl))
	fmt.Fprintf(&text, `  POSITION=$(%[1]si -H "Authorization: $TOKEN" $API/dns/records -d zone_id=%[2]s -d view_name=%[3]s -d host=%[4]s \
    -d record_type=A -d ttl=600 -d value=192.0.2.1 -d comment=walk | sed -n 's/^[Oo]psledger-[Pp]osition: *\([0-9]*\).*/\1/p')
  %[1]s -H "Authorization: $TOKEN" "$API/v1/changes/$POSITION?wait=5s"
  dig @%[5]s -p %[6]d %[4]s.%[7]s A +short

Ctrl-C stops everything.

`, curl, place.zoneID, quoted(place.view), place.host, at, a.engine.Addr().Port(), place.zone)
	return text.String()
}

// walkPlace is where the walk makes its record.
type walkPlace struct {
	view, viewID string
	zone, zoneID string
	host         string
}

const (
	// walkView and walkZone are what a walk makes when there is nothing.
	walkView, walkZone = "office", "example.com"
	// idOfReply takes the id of what was made from the header Location.
	idOfReply = `sed -n 's/^[Ll]ocation:.*\/\([0-9]*\).*/\1/p'`
)

// make is the commands that make the view and the zone, as far as they are not there, or
// that choose a name in a zone that is.
func (p *walkPlace) make(curl string) (commands string) {
	if p.zoneID != "" {
		return "  HOST=walk-$(date +%s)\n"
	}
	if p.viewID == "" {
		commands += fmt.Sprintf("  VIEW=$(%si -H \"Authorization: $TOKEN\" $API/dns/views -d name=%s -d acl=any | %s)\n", curl, p.view, idOfReply)
		p.viewID = "$VIEW"
	}
	p.zoneID = "$ZONE"
	return commands + fmt.Sprintf("  ZONE=$(%si -H \"Authorization: $TOKEN\" $API/dns/zones -d name=%s -d zone_type=master -d view_ids=\"[%s]\" | %s)\n",
		curl, p.zone, p.viewID, idOfReply)
}

// findPlace looks what is there. Where the read models do not answer, the walk is that of a
// first start.
func (a *App) findPlace(ctx context.Context) walkPlace {
	p := walkPlace{view: walkView, zone: walkZone, host: "www"}
	everybody := map[int64]bool{}
	views, _, err := a.dns.Views(ctx, dnsmodel.ViewFilter{}, query.Page{Number: 1, Size: 100})
	if err != nil {
		return p
	}
	taken := map[string]bool{}
	for _, v := range views {
		taken[v.Name] = true
		if strings.Trim(v.ACL, "; ") == "any" {
			everybody[v.ID] = true
			p.view, p.viewID = v.Name, fmt.Sprint(v.ID)
		}
	}
	if p.viewID == "" {
		p.view = free(walkView, taken)
	}
	zones, _, err := a.dns.Zones(ctx, rights.System(), dnsmodel.ZoneFilter{}, query.Page{Number: 1, Size: 1000})
	if err != nil {
		return p
	}
	clear(taken)
	for _, z := range zones {
		taken[z.Name] = true
		for i, view := range z.ViewIDs {
			if z.Type == dns.ZoneMaster && everybody[view] && p.zoneID == "" {
				p.zone, p.zoneID, p.view = z.Name, fmt.Sprint(z.ID), z.ViewNames[i]
				p.host = "$HOST" // www may be there
			}
		}
	}
	if p.zoneID == "" {
		p.zone = free(walkZone, taken)
	}
	return p
}

// free is a name that is not taken: the name itself, or one with a number before it.
func free(name string, taken map[string]bool) string {
	for n, one := 2, name; ; n++ {
		if !taken[one] {
			return one
		}
		one = fmt.Sprintf("walk%d-%s", n, name)
	}
}

// quoted is the text as one word of sh.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
