package powerdns

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zoneupdate"
	"github.com/opsledger/opsledger/identity"
)

// setsInput are the RRsets of a body.
type setsInput struct {
	// zone is the name that they are in.
	zone string
	who  *identity.User
	sets []zoneupdate.Set
	// soa: the zone's SOA is among them. It is generated, and never one of the sets.
	soa  bool
	seen map[seenSet]bool
	// read is how many records were read.
	read int
}

// maxSets and maxRecords are how many RRsets and records a body has at most, and how many RRsets a
// change has with those that it removes. One operation of the change is no RRset's.
const (
	maxSets    = batch.MaxOperations - 1
	maxRecords = batch.MaxOperations
)

// records is how much work the RRsets are: their records, and one for an RRset that is to have none.
func (in *setsInput) records() (n int) {
	for _, set := range in.sets {
		n += max(1, len(set.Records))
	}
	return n
}

// add adds an RRset.
func (in *setsInput) add(set zoneupdate.Set) error {
	if len(in.sets) == maxSets {
		return domain.Refused("the change is too large: it would have more than %d RRsets", maxSets)
	}
	in.sets = append(in.sets, set)
	return nil
}

type seenSet struct{ host, rrtype, change string }

func newSetsInput(zone string, who *identity.User) *setsInput {
	return &setsInput{zone: dns.FoldName(zone), who: who, seen: map[seenSet]bool{}}
}

// The changes of an RRset. PowerDNS 5 has two more.
const (
	changeReplace = "REPLACE"
	changeDelete  = "DELETE"
)

// elements splits a list of a body; given is false where the body has no list of the name.
func elements(p *api.Params, name string) (list []json.RawMessage, given bool, err error) {
	raw, there := p.Value(name)
	if !there || raw[0] != '[' {
		return nil, false, nil
	}
	err = json.Unmarshal(raw, &list)
	return list, true, err
}

// readPatch reads the RRsets of a change, each with what is to become of it.
func (in *setsInput) readPatch(p *api.Params) error {
	list, given, err := elements(p, "rrsets")
	if err == nil && !given {
		err = domain.Refused("No rrsets given in update request")
	}
	for _, raw := range list {
		if err != nil {
			return err
		}
		err = in.readOne(raw, "")
	}
	return err
}

// readAll reads the RRsets that a zone is to have; given is false where the body has none.
func (in *setsInput) readAll(p *api.Params) (given bool, err error) {
	list, given, err := elements(p, "rrsets")
	for _, raw := range list {
		if err != nil {
			break
		}
		err = in.readOne(raw, changeReplace)
	}
	return given, err
}

// readOne reads an RRset; change is what becomes of it where the RRset does not say so.
func (in *setsInput) readOne(raw json.RawMessage, change string) error {
	asked := change == ""
	p, err := objectWith(raw, "name")
	if err != nil {
		return err
	}
	if asked {
		if change, err = text(&p, "changetype"); err != nil {
			return err
		}
		change = upper(change)
	}
	set, name, err := in.readKey(&p)
	if err != nil {
		return err
	}
	key := seenSet{dns.FoldName(set.Host), set.Type, change}
	switch {
	case change != changeReplace && change != changeDelete:
		return domain.Refused("Changetype not understood")
	case in.seen[key] && asked:
		return domain.Refused("Duplicate RRset %s IN %s with changetype: %s", domain.Shown(name), set.Type, change)
	case in.seen[key]:
		return domain.Refused("Duplicate RRset %s IN %s", domain.Shown(name), set.Type)
	}
	in.seen[key] = true
	if change == changeDelete {
		set.Records = []zoneupdate.SetRecord{}
	} else if err := in.readContents(&p, &set, name, asked); err != nil {
		return err
	}
	if set.Type == soaType {
		in.soa = true
		return nil
	}
	if set.Records == nil && set.Comments == nil {
		return nil
	}
	return in.add(set)
}

const soaType = "SOA"

// upper is a text in upper case: the letters of ASCII, of which words of the protocol are made.
func upper(text string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, text)
}

// readKey reads of which RRset the object is. What a credential is not for is refused whether it is
// there or not.
func (in *setsInput) readKey(p *api.Params) (set zoneupdate.Set, name string, err error) {
	if name, err = text(p, "name"); err != nil {
		return set, "", err
	}
	rrtype, err := text(p, "type")
	if err != nil {
		return set, "", err
	}
	if set.Host, err = in.host(name, rrtype); err != nil {
		return set, "", err
	}
	set.Type = upper(rrtype)
	if _, known := dns.TypeNumber(set.Type); !known {
		return set, "", domain.Refused("RRset %s IN %s: unknown type given", domain.Shown(name), domain.Shown(rrtype))
	}
	if set.Type == soaType {
		if set.Host != dns.Apex {
			return set, "", domain.Refused("Record %s IN %s is only allowed at apex", domain.Shown(name), soaType)
		}
	} else if set.Type, err = dns.ParseRecordType(rrtype); err != nil {
		return set, "", refusedSet(name, rrtype, err)
	}
	return set, name, in.who.RequireRecord(dns.FoldName(strings.TrimSuffix(name, ".")), set.Type)
}

// host is an absolute name relative to the zone.
func (in *setsInput) host(name, rrtype string) (string, error) {
	if _, err := canonical(name); err != nil {
		return "", err
	}
	zone := zonedata.Absolute(in.zone)
	owner, inside := zonedata.Relative(name, zone)
	if !inside {
		return "", domain.Refused("RRset %s IN %s: Name is out of zone", domain.Shown(name), domain.Shown(rrtype))
	}
	if owner == dns.Apex {
		return dns.Apex, nil
	}
	written := name[:len(name)-len(zone)-1]
	if !strings.ContainsFunc(written, func(r rune) bool { return r > unicode.MaxASCII }) { // which are letters of IDN labels
		written = dns.Respelled(written) // PowerDNS wants no backslash before an asterisk in a label
	}
	host, err := dns.ParseHost(written)
	if err != nil {
		return "", refusedSet(name, rrtype, err)
	}
	return host, nil
}

// readContents reads records, TTL and comments of an RRset.
func (in *setsInput) readContents(p *api.Params, set *zoneupdate.Set, name string, asked bool) error {
	records, hasRecords, err := elements(p, "records")
	if err != nil {
		return err
	}
	comments, hasComments, err := elements(p, "comments")
	if err != nil {
		return err
	}
	if !hasRecords && !hasComments && asked {
		return domain.Refused("No change for RRset %s IN %s", domain.Shown(name), set.Type)
	}
	if hasRecords {
		set.Records = []zoneupdate.SetRecord{}
		if set.TTL, err = ttl(p); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for _, raw := range records {
		if err := in.readRecord(raw, set, name, seen); err != nil {
			return err
		}
	}
	if hasComments {
		set.Comments = []string{}
	}
	for _, raw := range comments {
		o, err := objectWith(raw, "content")
		if err != nil {
			return err
		}
		comment, err := text(&o, "content")
		if err != nil {
			return err
		}
		set.Comments = append(set.Comments, comment)
	}
	return nil
}

// readRecord reads a record of an RRset, of which the canonical data of others were seen.
func (in *setsInput) readRecord(raw json.RawMessage, set *zoneupdate.Set, name string, seen map[string]bool) error {
	if in.read++; in.read > maxRecords {
		return domain.Refused("the change is too large: it would have more than %d records", maxRecords)
	}
	o, err := objectWith(raw, "content")
	if err != nil {
		return err
	}
	content, err := text(&o, "content")
	if err != nil {
		return err
	}
	disabled := o.Flag("disabled")
	switch {
	case o.Err != nil:
		return domain.Refused("Key '%s' not present or not a Bool", "disabled")
	case disabled:
		return refusedRecord(name, set.Type, content, domain.Refused("disabled records are not supported"))
	case set.Type == soaType:
		return nil // whatever it says
	}
	r, err := recordOf(in.zone, set.Type, content)
	if err != nil {
		return refusedRecord(name, set.Type, content, err)
	}
	switch {
	case len(seen) > 0 && (set.Type == "CNAME" || set.Type == "DNAME"):
		return domain.Refused("RRset %s IN %s has more than one record", domain.Shown(name), set.Type)
	case seen[r.Canonical()]:
		return domain.Refused("Duplicate record in RRset %s IN %s with content \"%s\"", domain.Shown(name), set.Type, domain.Shown(content))
	}
	seen[r.Canonical()] = true
	set.Records = append(set.Records, r)
	return nil
}

// recordOf reads the content of a record, whose names must be absolute and whose texts quoted.
func recordOf(zone, rrtype, content string) (zoneupdate.SetRecord, error) {
	expected, err := zoneupdate.ParseContent(rrtype, content)
	if err != nil {
		return zoneupdate.SetRecord{}, err
	}
	if expected != "" {
		return zoneupdate.SetRecord{}, domain.Refused("Not in expected format (parsed as '%s')", domain.Shown(expected))
	}
	return zoneupdate.NewSetRecord(zone, rrtype, content)
}

func refusedSet(name, rrtype string, err error) error {
	why, is := wordsOf(err)
	if !is {
		return err
	}
	return domain.Refused("RRset %s IN %s: %s", domain.Shown(name), domain.Shown(rrtype), why)
}

func refusedRecord(name, rrtype, content string, err error) error {
	why, is := wordsOf(err)
	if !is {
		return err
	}
	return domain.Refused("Record %s/%s '%s': %s", domain.Shown(name), rrtype, domain.Shown(content), why)
}

// wordsOf is what a refusal says, without the name that a field has elsewhere.
func wordsOf(err error) (domain.Text, bool) {
	refused, is := errors.AsType[*domain.Error](err)
	if !is {
		return domain.Text{}, false
	}
	return refused.Text, true
}

// objectWith reads an element of a list, which is an object with a string of the name.
func objectWith(raw json.RawMessage, name string) (api.Params, error) {
	if raw[0] != '{' {
		return api.Params{}, noString(name)
	}
	return api.ReadObject(raw)
}

func noString(name string) error { return domain.Refused("Key '%s' not present or not a String", name) }

// text reads a string that must be there, and may be empty.
func text(p *api.Params, name string) (string, error) {
	raw, given := p.Value(name)
	if !given || raw[0] != '"' {
		return "", noString(name)
	}
	s := p.JSONText(name, raw)
	if s == nil {
		return "", p.Err
	}
	return *s, nil
}

func ttl(p *api.Params) (uint32, error) {
	text := p.Scalar("ttl")
	if text == nil {
		return 0, domain.Refused("Key '%s' not an Integer or not present", "ttl")
	}
	return dns.ParseTTL(*text)
}
