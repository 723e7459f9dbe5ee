package powerdns

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// wholeBody is a zone with what it says of itself.
type wholeBody struct {
	zoneBody
	SOAEditAPI     string   `json:"soa_edit_api"`
	SOAEdit        string   `json:"soa_edit"`
	NSEC3Param     string   `json:"nsec3param"`
	NSEC3Narrow    bool     `json:"nsec3narrow"`
	APIRectify     bool     `json:"api_rectify"`
	MasterTSIGKeys []string `json:"master_tsig_key_ids"`
	SlaveTSIGKeys  []string `json:"slave_tsig_key_ids"`
}

func wholeFor(at place, serial uint32) wholeBody {
	return wholeBody{
		zoneBody: zoneFor(at.server.name, at.Zone.Name, serial, true), SOAEditAPI: "DEFAULT",
		MasterTSIGKeys: []string{}, SlaveTSIGKeys: []string{},
	}
}

// setsFilter says which RRsets of a zone are shown.
type setsFilter struct {
	none         bool
	name, rrtype *string
}

func readSetsFilter(q *api.Params) setsFilter {
	return setsFilter{none: rrsetsFlag(q), name: q.Text("rrset_name"), rrtype: q.Text("rrset_type")}
}

// rrsetsFlag says whether a client wants a zone without its RRsets.
func rrsetsFlag(q *api.Params) (none bool) {
	switch text := api.Given(q.Text("rrsets")); text {
	case "", "true":
		return false
	case "false":
		return true
	default:
		if q.Err == nil {
			q.Err = domain.Refused("'rrsets' request parameter value '%s' is not supported", domain.Shown(text))
		}
		return false
	}
}

// showZone sends a zone, and its RRsets one by one.
func (a *API) showZone(c echo.Context) error {
	at, err := a.placeOf(c)
	if err != nil {
		return err
	}
	q := api.ReadQuery(c.Request())
	filter := readSetsFilter(q)
	if q.Err != nil {
		return q.Err
	}
	leave, err := a.contents.Take(c.Request().Context(), api.Caller(c).ID)
	if err != nil {
		return err
	}
	defer leave()
	out := api.NewStream(c, echo.MIMEApplicationJSON, a.Still(c))
	api.ShowVersion(c, at.Changed)
	err = a.content(c.Request().Context(), at, func(content *dnsmodel.Content) error {
		return writeZone(content, at, filter, api.Caller(c), out)
	})
	return out.End(err)
}

// content has f read what the zone serves.
func (a *API) content(ctx context.Context, at place, f func(*dnsmodel.Content) error) error {
	err := a.DNS.Content(ctx, at.ID, at.view, f)
	if errors.Is(err, query.ErrNotFound) {
		return notFound("Zone", at.Zone.Name)
	}
	return err
}

func writeZone(content *dnsmodel.Content, at place, filter setsFilter, who *identity.User, out *api.Stream) error {
	head, err := json.Marshal(wholeFor(at, content.Serial))
	if err != nil {
		return err
	}
	if filter.none {
		return out.Line(string(head))
	}
	if err := out.Line(strings.TrimSuffix(string(head), "}") + `,"rrsets":[`); err != nil {
		return err
	}
	separator := ""
	err = eachSet(content, filter, who, func(set rrsetBody) error {
		text, err := api.EncodeJSON(set)
		if err != nil {
			return err
		}
		err = out.Text(separator + string(text))
		separator = ","
		return err
	})
	if err != nil {
		return err
	}
	return out.Line("]}")
}

// eachSet goes through the RRsets that a zone serves, as far as a user's credential is for them: first
// those that are generated, then the zone's own, then those that it has of other zones.
func eachSet(content *dnsmodel.Content, filter setsFilter, who *identity.User, each func(rrsetBody) error) error {
	wanted, err := filter.wanted(content.Name)
	if err != nil {
		return err
	}
	show := func(key zonedata.Key, set rrsetBody) error {
		if !wanted.has(key) || who.RequireRecord(strings.TrimSuffix(set.Name, "."), set.Type) != nil {
			return nil
		}
		return each(set)
	}
	if err := generatedSets(content, show); err != nil {
		return err
	}
	own := &ownSets{zone: dns.FoldName(content.Name), generated: content.Sets, show: show}
	if wanted.owner == "" {
		err = content.All(own.add)
	} else {
		err = content.AllAt(wanted.owner, own.add)
	}
	if err == nil {
		err = own.flush()
	}
	if err != nil {
		return err
	}
	return keptSets(content, wanted.owner, show)
}

// keptSets goes through the PTRs that a reverse zone serves of other zones: all, or that of an owner.
func keptSets(content *dnsmodel.Content, owner string, show func(zonedata.Key, rrsetBody) error) error {
	if owner == "" {
		return content.EachKept(func(key zonedata.Key, r zonedata.Record) error {
			return showData(content.Name, key, &zonedata.RRset{TTL: r.TTL, Data: []string{r.Data}}, show)
		})
	}
	kept, err := content.Kept(dns.FoldName(owner))
	set := kept[dns.FoldName(owner)]
	if err != nil || set == nil {
		return err
	}
	key := zonedata.Key{Owner: dns.FoldName(owner), Type: mdns.TypePTR}
	if content.Served(key) != set { // but another, or an alias
		return nil
	}
	return showData(content.Name, key, set, show)
}

// generatedSets goes through what is generated: the SOA, and what stands in the place of a zone's own.
func generatedSets(content *dnsmodel.Content, show func(zonedata.Key, rrsetBody) error) error {
	soa := content.SOA()
	key := zonedata.Key{Owner: dns.Apex, Type: soa.Hdr.Rrtype}
	text := strings.TrimPrefix(soa.String(), soa.Hdr.String())
	if err := show(key, setFor(content.Name, key, soa.Hdr.Ttl, []string{text})); err != nil {
		return err
	}
	inOrder := func(a, b zonedata.Key) int { return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Type, b.Type)) }
	for _, key := range slices.SortedFunc(maps.Keys(content.Sets), inOrder) {
		if err := showData(content.Name, key, content.Sets[key], show); err != nil {
			return err
		}
	}
	return nil
}

// showData shows an RRset that no client wrote; zone is the absolute name.
func showData(zone string, key zonedata.Key, set *zonedata.RRset, show func(zonedata.Key, rrsetBody) error) error {
	texts := make([]string, len(set.Data))
	for i, data := range set.Data {
		rr, err := zonedata.RR(".", key.Type, 0, data)
		if err != nil {
			return err
		}
		texts[i] = strings.TrimPrefix(rr.String(), rr.Header().String())
	}
	return show(key, setFor(zone, key, set.TTL, texts))
}

// wantedSets are the RRsets of one owner, or of one owner and type; the zero value is all.
type wantedSets struct {
	owner, rrtype string
	nothing       bool
}

func (f setsFilter) wanted(zone string) (wantedSets, error) {
	if f.name == nil {
		return wantedSets{}, nil // a type alone is ignored
	}
	owner, inside := zonedata.Relative(strings.TrimSuffix(*f.name, ".")+".", zone)
	if !inside {
		return wantedSets{nothing: true, owner: dns.Apex}, nil
	}
	return wantedSets{owner: dns.Respelled(owner), rrtype: upper(api.Given(f.rrtype))}, nil
}

func (w wantedSets) has(key zonedata.Key) bool {
	switch {
	case w.nothing:
		return false
	case w.owner != "" && dns.Place(w.owner) != dns.Place(key.Owner):
		return false
	default:
		return w.rrtype == "" || w.rrtype == "ANY" || dns.TypeName(key.Type) == w.rrtype
	}
}
