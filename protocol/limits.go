package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
)

// What one message of an agent may be. Agents keep to it, the bus refuses larger messages
// by the agent's credentials, and the control plane drops what breaks a limit before it
// costs more than its bytes.
const (
	// MaxAgentMessage bounds every message of an agent, in bytes.
	MaxAgentMessage = 256 << 10
	// MaxHeartbeat bounds a [HostHeartbeat] and every request of an agent, in bytes.
	MaxHeartbeat = 64 << 10
	// MaxReportAttempts bounds the attempts in a [HostReport].
	MaxReportAttempts = 256
	// MaxFailures bounds the failures in a [Report], MaxFailureText the text of each, in bytes.
	MaxFailures    = 1000
	MaxFailureText = 1000
	// MaxKnown and MaxAccounts bound the lists in a [HostHeartbeat], MaxAccountText the text
	// about each account, in bytes.
	MaxKnown       = 2048
	MaxAccounts    = 128
	MaxAccountText = 200
	// ReportsPerSecond bounds the bytes of a name server's reports in a second.
	ReportsPerSecond = 512 << 10
	// MaxLines bounds the lines in one [OutputLines].
	MaxLines = 500
	// MaxVersion bounds the texts that name versions, and MaxName all other names, in bytes.
	MaxVersion = 100
	MaxName    = 255
)

// errTooLarge says that a message has more bytes than its kind may have.
var errTooLarge = errors.New("the message is too large")

// ReadReport reads and bounds a name server's report.
func ReadReport(data []byte) (Report, error) {
	var wire struct {
		Report
		Failures json.RawMessage `json:"failures"`
	}
	if err := read(data, MaxAgentMessage, &wire); err != nil {
		return Report{}, err
	}
	r := wire.Report
	var err error
	if r.Failures, err = readList[Failure](wire.Failures, MaxFailures); err != nil {
		return Report{}, fmt.Errorf("failures: %w", err)
	}
	if r.Applied < 0 || r.Seen < 0 {
		return Report{}, errors.New("a position is below 0")
	}
	r.Named = Cut(r.Named, MaxVersion)
	for i := range r.Failures {
		f := &r.Failures[i]
		f.Zone, f.View, f.Message = Cut(f.Zone, MaxName), Cut(f.View, MaxName), Cut(f.Message, MaxFailureText)
	}
	return r, nil
}

// ReportPause is how long an agent waits after a report of so many bytes.
func ReportPause(size int) time.Duration { return time.Duration(size) * time.Second / ReportsPerSecond }

// ReadHostReport reads and bounds a host's report. It names each attempt once.
func ReadHostReport(data []byte) (HostReport, error) {
	var wire struct {
		HostReport
		Attempts json.RawMessage `json:"attempts"`
	}
	if err := read(data, MaxAgentMessage, &wire); err != nil {
		return HostReport{}, err
	}
	r := wire.HostReport
	var err error
	if r.Attempts, err = readList[AttemptReport](wire.Attempts, MaxReportAttempts); err != nil {
		return HostReport{}, fmt.Errorf("attempts: %w", err)
	}
	named := make(map[domain.Position]bool, len(r.Attempts))
	for _, a := range r.Attempts {
		if a.Attempt < 1 || !ops.IsTaskID(a.Task) || named[a.Attempt] {
			return HostReport{}, fmt.Errorf("attempts: %d is none, or is named twice", a.Attempt)
		}
		named[a.Attempt] = true
	}
	return r, nil
}

// ReadHostHeartbeat reads and bounds a host's heartbeat.
func ReadHostHeartbeat(data []byte) (HostHeartbeat, error) {
	var wire struct {
		HostHeartbeat
		Known    json.RawMessage `json:"known"`
		Accounts json.RawMessage `json:"accounts"`
	}
	if err := read(data, MaxHeartbeat, &wire); err != nil {
		return HostHeartbeat{}, err
	}
	h := wire.HostHeartbeat
	var known, accounts error
	h.Known, known = readList[domain.Position](wire.Known, MaxKnown)
	h.Accounts, accounts = readList[AccountState](wire.Accounts, MaxAccounts)
	if err := errors.Join(known, accounts); err != nil {
		return HostHeartbeat{}, err
	}
	h.cut()
	return h, nil
}

func (h *HostHeartbeat) cut() {
	h.Version = Cut(h.Version, MaxVersion)
	for i := range h.Accounts {
		a := &h.Accounts[i]
		a.Account, a.Digest, a.Error = Cut(a.Account, MaxName), Cut(a.Digest, MaxName), Cut(a.Error, MaxAccountText)
		a.Problem = Cut(a.Problem, MaxVersion)
	}
}

// Encode encodes the heartbeat within its limits. What does not fit is left out: attempts
// that are not named make the control plane tell the host to ask for its work.
func (h HostHeartbeat) Encode() ([]byte, error) {
	h.Known = h.Known[:min(len(h.Known), MaxKnown)]
	h.Accounts = append([]AccountState(nil), h.Accounts[:min(len(h.Accounts), MaxAccounts)]...)
	h.cut()
	for {
		payload, err := json.Marshal(h)
		if err != nil || len(payload) <= MaxHeartbeat || len(h.Accounts) == 0 {
			return payload, err
		}
		h.Accounts = h.Accounts[:len(h.Accounts)/2]
	}
}

// ReadOutputLines reads and bounds lines of an attempt.
func ReadOutputLines(data []byte) (OutputLines, error) {
	var wire struct {
		OutputLines
		Lines json.RawMessage `json:"lines"`
	}
	if err := read(data, MaxAgentMessage, &wire); err != nil {
		return OutputLines{}, err
	}
	l := wire.OutputLines
	var err error
	if l.Lines, err = readList[OutputLine](wire.Lines, MaxLines); err != nil {
		return OutputLines{}, fmt.Errorf("lines: %w", err)
	}
	if l.First < 1 || l.First > math.MaxInt64-MaxLines || len(l.Lines) == 0 {
		return OutputLines{}, errors.New("lines: no numbers, or none")
	}
	return l, nil
}

// ReadRequest reads a request that is small; an empty one leaves the value as it is.
func ReadRequest(data []byte, request any) error {
	if len(data) == 0 {
		return nil
	}
	return read(data, MaxHeartbeat, request)
}

func read(data []byte, most int, into any) error {
	if len(data) > most {
		return errTooLarge
	}
	return json.Unmarshal(data, into)
}

// readList reads a list element by element, so that a long one of small elements, which
// take far more memory than their text, ends at the limit.
func readList[T any](data json.RawMessage, most int) ([]T, error) {
	if len(data) == 0 || string(data) == "null" {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if first, err := d.Token(); err != nil || first != json.Delim('[') {
		return nil, errors.New("not a list")
	}
	var list []T
	for d.More() {
		if len(list) == most {
			return nil, fmt.Errorf("more than %d", most)
		}
		var element T
		if err := d.Decode(&element); err != nil {
			return nil, err
		}
		list = append(list, element)
	}
	return list, nil
}

// Cut cuts a text to so many bytes at a character, and leaves out NUL, which a database
// cannot hold.
func Cut(text string, most int) string {
	text = strings.ReplaceAll(text, "\x00", "")
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
