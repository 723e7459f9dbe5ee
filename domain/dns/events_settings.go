package dns

import (
	"encoding/json"
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
	// PTR is what a reverse zone has of forward zones, nil for nothing. No event of schema 1 or 2
	// says it, which is schema 1 of [ZoneRestored].
	PTR *PTRSettings `json:"ptr,omitempty"`
}

// TTL is the zone's default TTL in seconds.
func (s ZoneSettings) TTL() uint32 { return settingOr(s.DefaultTTL, DefaultTTL) }

// SOATimers are a zone's SOA timers in seconds, defaults included.
type SOATimers struct{ Refresh, Retry, Expire, Minimum uint32 }

// Timers are the timers that hold.
func (s ZoneSettings) Timers() SOATimers {
	return SOATimers{
		Refresh: settingOr(s.Refresh, DefaultRefresh), Retry: settingOr(s.Retry, DefaultRetry),
		Expire: settingOr(s.Expire, DefaultExpire), Minimum: settingOr(s.Minimum, DefaultMinimum),
	}
}

// Mailbox is the RName that holds for a zone of the name, which is without final dot.
func (s ZoneSettings) Mailbox(zone string) string {
	if s.RName != "" {
		return s.RName
	}
	return "hostmaster." + zone + "."
}

func settingOr(given *uint32, absent uint32) uint32 {
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
	// IfLower says that a serial stays that is the higher number, even where To is the
	// later one by RFC 1982. No event of schema 1 says so.
	IfLower bool `json:"if_lower,omitempty"`
}

// liftSettings turns schema 1 of [ZoneSettingsChanged] into schema 2, in which
// [SerialRaise.IfLower] may be set, and liftPTR events that say settings into the schema in which
// [ZoneSettings.PTR] may be.
func liftSettings(data json.RawMessage) (json.RawMessage, error) { return data, nil }
func liftPTR(data json.RawMessage) (json.RawMessage, error)      { return data, nil }

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

// Needs implements [domain.Plain].
func (e ZoneSettingsChanged) Needs() int {
	if e.Before.PTR == nil && e.After.PTR == nil {
		return 2
	}
	return 3
}

// SubjectKey implements [domain.Event].
func (e ZoneSettingsChanged) SubjectKey() int64 { return e.ID }

// Tags implements [domain.Event].
func (e ZoneSettingsChanged) Tags() []domain.Tag { return []domain.Tag{TagZone(e.ID)} }
