package powerdns

import (
	"slices"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zoneupdate"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// rrsetBody is an RRset on the wire.
type rrsetBody struct {
	Comments []commentBody `json:"comments"`
	Name     string        `json:"name"`
	Records  []recordBody  `json:"records"`
	TTL      uint32        `json:"ttl"`
	Type     string        `json:"type"`
}

type recordBody struct {
	Content  string `json:"content"`
	Disabled bool   `json:"disabled"`
}

type commentBody struct {
	Account    string `json:"account"`
	Content    string `json:"content"`
	ModifiedAt int64  `json:"modified_at"`
}

// setFor is an RRset without comments; zone is the absolute name.
func setFor(zone string, key zonedata.Key, ttl uint32, contents []string) rrsetBody {
	set := rrsetBody{
		Name: zonedata.Owner(key.Owner, zone), Type: dns.TypeName(key.Type), TTL: ttl, Comments: []commentBody{}, Records: []recordBody{},
	}
	for _, text := range contents {
		set.Records = append(set.Records, recordBody{Content: text})
	}
	return set
}

// ownSets puts the records of a zone together. Those of an RRset come in a row.
type ownSets struct {
	zone string
	// generated are the RRsets that stand in the place of the zone's own.
	generated map[zonedata.Key]*zonedata.RRset
	show      func(zonedata.Key, rrsetBody) error

	key zonedata.Key
	set *rrsetBody
}

func (o *ownSets) add(r dnsmodel.Record) error {
	key, _, err := zonedata.Locate(o.zone, r.RecordData)
	if err != nil {
		return err
	}
	text, err := zoneupdate.Content(o.zone, r.RecordData)
	if err != nil {
		return err
	}
	if o.set == nil || o.key != key {
		if err := o.flush(); err != nil {
			return err
		}
		set := setFor(zonedata.Absolute(o.zone), key, r.TTL, nil)
		o.key, o.set = key, &set
	}
	o.set.TTL = min(o.set.TTL, r.TTL)
	o.set.Records = append(o.set.Records, recordBody{Content: text})
	comment := commentBody{Content: r.Comment, ModifiedAt: r.Created.Unix()}
	if r.Comment != "" && !slices.ContainsFunc(o.set.Comments, comment.sameText) {
		o.set.Comments = append(o.set.Comments, comment)
	}
	return nil
}

func (c commentBody) sameText(o commentBody) bool { return c.Content == o.Content }

// flush shows the RRset at hand.
func (o *ownSets) flush() error {
	if o.set == nil {
		return nil
	}
	set := *o.set
	o.set = nil
	if _, replaced := o.generated[o.key]; replaced {
		return nil
	}
	return o.show(o.key, set)
}
