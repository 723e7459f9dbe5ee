package access

import (
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain"
)

// Restriction bounds what a credential may do, below what its user may.
type Restriction struct {
	// ReadOnly refuses every write.
	ReadOnly bool `json:"read_only,omitempty"`
	// Zones and Names are patterns, see [ParsePatterns], of names of zones and of full
	// names of records; Types are record types. An empty list bounds nothing.
	Zones []string `json:"zones,omitempty"`
	Names []string `json:"names,omitempty"`
	Types []string `json:"types,omitempty"`
}

// Narrow says whether the credential is for records alone: it reads the zones that it
// covers, adds, changes and deletes records that it covers, and does nothing else.
func (r *Restriction) Narrow() bool { return len(r.Zones)+len(r.Names)+len(r.Types) > 0 }

// OfRecords says whether the restriction may leave out records of a zone that it covers.
func (r *Restriction) OfRecords() bool { return len(r.Names)+len(r.Types) > 0 }

// CoversZone says whether a zone is within the bounds.
func (r *Restriction) CoversZone(name string) bool {
	return len(r.Zones) == 0 || matchesAny(r.Zones, name)
}

// CoversRecord says whether a record of a zone that is covered is within the bounds; the
// name is its full name.
func (r *Restriction) CoversRecord(name, recordType string) bool {
	return (len(r.Names) == 0 || matchesAny(r.Names, name)) && (len(r.Types) == 0 || slices.Contains(r.Types, recordType))
}

// maxTypes bounds the types of one restriction.
const maxTypes = 100

// parse returns the restriction in its canonical form. Types are not compared with those
// that there are: what no record has, no record is allowed by.
func (r *Restriction) parse() (parsed Restriction, err error) {
	parsed.ReadOnly = r.ReadOnly
	if parsed.Zones, err = ParsePatterns("restrict.zones", r.Zones); err != nil {
		return parsed, err
	}
	if parsed.Names, err = ParsePatterns("restrict.names", r.Names); err != nil {
		return parsed, err
	}
	if len(r.Types) > maxTypes {
		return parsed, domain.Invalid("restrict.types", "不能超过%d个！", maxTypes)
	}
	for _, text := range r.Types {
		t := strings.ToUpper(text)
		if !isTypeName(t) {
			return parsed, domain.Invalid("restrict.types", "%q不是记录类型！", text)
		}
		parsed.Types = append(parsed.Types, t)
	}
	return parsed, nil
}

// isTypeName says whether the text has the form of a record type's mnemonic.
func isTypeName(text string) bool {
	if text == "" || len(text) > 20 {
		return false
	}
	return strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}
