package protocol

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// SubjectDrift is where a name server's agent tells of drift, [DriftFinding], as a request that is
// answered with a [DriftVerdict].
func SubjectDrift(agent int64) string { return fmt.Sprintf("report.%d.drift", agent) }

// SubjectAllDrift matches what every agent tells of drift.
const SubjectAllDrift = "report.*.drift"

// MaxDriftText bounds each text of a [DriftFinding], in bytes.
const MaxDriftText = 1000

// DriftFinding is what a named has otherwise than it was proved to have, by nothing that the log
// asks for.
type DriftFinding struct {
	// ID tells findings apart: a finding that is repeated is answered alike.
	ID uuid.UUID `json:"id"`
	// ZoneID and ViewID are 0 for what is about none that the log has.
	ZoneID   int64         `json:"zone_id,omitempty"`
	Zone     string        `json:"zone,omitempty"`
	ViewID   int64         `json:"view_id,omitempty"`
	What     dns.DriftKind `json:"what"`
	Expected string        `json:"expected"`
	Found    string        `json:"found"`
	// Done is what the agent does, or has done, unless it is told that the log has it now.
	Done   dns.DriftDone `json:"done"`
	Reason string        `json:"reason,omitempty"`
	By     string        `json:"by,omitempty"`
	Zones  int           `json:"zones,omitempty"`
	// Serial is the zone's in named, nil where there is none.
	Serial *uint32 `json:"serial,omitempty"`
	// Update is an update message (RFC 2136) by which the log would have what was found, as long as
	// it has what named was proved to have. Nil: it is not to be adopted.
	Update []byte `json:"update,omitempty"`
}

// DriftVerdict says what became of a finding in the log.
type DriftVerdict struct {
	// Done is empty where nothing was noted since there were others of the zone, or of many zones,
	// just now.
	Done dns.DriftDone `json:"done,omitempty"`
	// Reason is why it was not adopted.
	Reason string `json:"reason,omitempty"`
	// Await is the position from which on the log has the records, or a serial above the foreign
	// one, 0 for neither.
	Await domain.Position `json:"await,omitempty"`
	// Error says that it is not known what became of it: it is to be told again.
	Error string `json:"error,omitempty"`
}

// ReadDriftFinding reads and bounds a finding.
func ReadDriftFinding(data []byte) (DriftFinding, error) {
	var f DriftFinding
	if err := read(data, MaxAgentMessage, &f); err != nil {
		return f, err
	}
	f.cut()
	switch {
	case f.ID == uuid.Nil:
		return f, errors.New("id: is missing")
	case f.ZoneID < 0 || f.ViewID < 0 || f.Zones < 0:
		return f, errors.New("a number is below 0")
	case f.Done != dns.DriftRepaired && f.Done != dns.DriftReported:
		return f, errors.New("done: is nothing that an agent does")
	}
	for _, kind := range dns.DriftKinds() {
		if f.What == kind {
			return f, nil
		}
	}
	return f, errors.New("what: is no kind of drift")
}

func (f *DriftFinding) cut() {
	f.Zone = Cut(f.Zone, MaxName)
	for _, text := range []*string{&f.Expected, &f.Found, &f.Reason, &f.By} {
		*text = Cut(*text, MaxDriftText)
	}
}

// Shortened is the finding with its texts cut to their bounds.
func (f DriftFinding) Shortened() DriftFinding {
	f.cut()
	return f
}
