package domain_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// renamed is an event whose field was called "old" in schema 1 and "mid" in schema 2.
type renamed struct {
	Now string `json:"now"`
}

func (renamed) EventType() string  { return "Renamed" }
func (renamed) Tags() []domain.Tag { return []domain.Tag{"t:1"} }
func (renamed) SubjectKey() int64  { return 0 }

func rename(from, to string) domain.Upcaster {
	return func(data json.RawMessage) (json.RawMessage, error) {
		return json.RawMessage(strings.ReplaceAll(string(data), `"`+from+`"`, `"`+to+`"`)), nil
	}
}

func TestCodecLiftsEverySchema(t *testing.T) {
	t.Parallel()
	c := domain.NewCodec([]domain.Descriptor{
		domain.Describe[renamed](domain.ContextOps, rename("old", "mid"), rename("mid", "now")),
	})
	for schema, data := range map[int]string{1: `{"old":"x"}`, 2: `{"mid":"x"}`, 3: `{"now":"x"}`} {
		e, err := c.Decode("Renamed", schema, json.RawMessage(data))
		if err != nil || e != (renamed{Now: "x"}) {
			t.Errorf("schema %d: %+v, %v", schema, e, err)
		}
	}
	for _, schema := range []int{0, 4} {
		if _, err := c.Decode("Renamed", schema, json.RawMessage(`{}`)); err == nil {
			t.Errorf("schema %d was decoded", schema)
		}
	}
	if _, err := c.Decode("Other", 1, nil); err == nil {
		t.Error("an unknown type was decoded")
	}
}

// Events of settings without what is new in them are written for programs of the version before.
func TestPlainEventsAreWrittenInEarlierSchemas(t *testing.T) {
	t.Parallel()
	keeps := dns.ZoneSettings{PTR: &dns.PTRSettings{From: []string{"a.com"}}}
	mname := dns.ZoneSettings{MName: "ns.a.com."}
	for _, c := range []struct {
		event  domain.Event
		schema int
	}{
		{dns.ZoneSettingsChanged{ID: 1, After: mname}, 2},
		{dns.ZoneSettingsChanged{ID: 1, After: keeps}, 3},
		{dns.ZoneSettingsChanged{ID: 1, Before: keeps, After: mname}, 3},
		{dns.ZoneRestored{ID: 1, Settings: mname}, 1},
		{dns.ZoneRestored{ID: 1, Settings: keeps}, 2},
		{dns.ZoneDeleted{ID: 1}, 1},
	} {
		d, data, err := codec().Encode(c.event)
		if err != nil || d.SchemaOf(c.event) != c.schema {
			t.Errorf("%+v is written in schema %d, want %d, %v", c.event, d.SchemaOf(c.event), c.schema, err)
		}
		if again, err := codec().Decode(d.Name, c.schema, data); err != nil || !reflect.DeepEqual(again, c.event) {
			t.Errorf("%s of schema %d is read as %+v, %v", d.Name, c.schema, again, err)
		}
	}
}

func TestCodecRefusesTwoOfOneName(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a type was described twice")
		}
	}()
	list := []domain.Descriptor{domain.Describe[renamed](domain.ContextOps)}
	domain.NewCodec(list, list)
}

func TestEnvHandsOutOnlyWhatWasAnnounced(t *testing.T) {
	t.Parallel()
	env := domain.NewEnv(domain.System, time.Time{}, map[domain.Sequence][]int64{domain.SequenceZone: {7, 8}})
	if a, b := env.NextID(domain.SequenceZone), env.NextID(domain.SequenceZone); a != 7 || b != 8 {
		t.Errorf("got %d, %d", a, b)
	}
	defer func() {
		if recover() == nil {
			t.Error("a third id was handed out")
		}
	}()
	env.NextID(domain.SequenceZone)
}
