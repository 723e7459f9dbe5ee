package dns

import (
	"reflect"

	"github.com/opsledger/opsledger/domain"
)

// The defaults of a zone's SOA, in seconds. A new name must not stay unknown in caches
// for long, hence the short negative TTL.
const (
	DefaultRefresh uint32 = 3600
	DefaultRetry   uint32 = 600
	DefaultExpire  uint32 = 604800
	DefaultMinimum uint32 = 60
)

// ZoneSettings is what a client may say about a zone beside its records. What is nil or
// empty has its default.
type ZoneSettings struct {
	// MName and RName are the SOA's, absolute with a final dot. Without an MName the
	// SOA has the first of the zone's name servers, without an RName hostmaster.<zone>.
	MName string `json:"mname,omitempty"`
	RName string `json:"rname,omitempty"`
	// Refresh, Retry, Expire and Minimum are the SOA's, in seconds.
	Refresh *uint32 `json:"refresh,omitempty"`
	Retry   *uint32 `json:"retry,omitempty"`
	Expire  *uint32 `json:"expire,omitempty"`
	Minimum *uint32 `json:"minimum,omitempty"`
	// DefaultTTL is the TTL, in seconds, of a record that is added without one, and of
	// the records that are generated, the SOA among them.
	DefaultTTL *uint32 `json:"default_ttl,omitempty"`
	// SerialAtLeast is the serial that was asked for last.
	SerialAtLeast *uint32 `json:"serial_at_least,omitempty"`
}

// TTL is the zone's default TTL in seconds.
func (s ZoneSettings) TTL() uint32 { return Or(s.DefaultTTL, DefaultTTL) }

// Or is the value where one was given, else the default.
func Or(given *uint32, absent uint32) uint32 {
	if given == nil {
		return absent
	}
	return *given
}

func (s ZoneSettings) equal(o ZoneSettings) bool { return reflect.DeepEqual(s, o) }

// SerialRaise says that a zone has at least a serial from an event on.
type SerialRaise struct {
	// Zone is the zone's name, Views are the views that it is linked to.
	Zone  string  `json:"zone"`
	Views []int64 `json:"views"`
	To    uint32  `json:"to"`
	// Unserved says that no name server ever served the zone: To may be any serial,
	// also one that is not later than the one before.
	Unserved bool `json:"unserved,omitempty"`
}

// ZoneSettingsChanged says that a zone's settings changed, and that its content did, in
// all its views: the SOA is a part of it.
type ZoneSettingsChanged struct {
	ID     int64        `json:"id"`
	Before ZoneSettings `json:"before"`
	After  ZoneSettings `json:"after"`
	// Raise is nil while the change asks for no serial.
	Raise *SerialRaise `json:"raise,omitempty"`
}

// EventType implements [domain.Event].
func (ZoneSettingsChanged) EventType() string { return "ZoneSettingsChanged" }

// SubjectKey implements [domain.Event].
func (e ZoneSettingsChanged) SubjectKey() int64 { return e.ID }

// Tags implements [domain.Event].
func (e ZoneSettingsChanged) Tags() []domain.Tag { return []domain.Tag{TagZone(e.ID)} }

// DefaultRName is the mailbox of a zone whose settings say none, absolute.
func DefaultRName(zone string) string { return "hostmaster." + zone + "." }
