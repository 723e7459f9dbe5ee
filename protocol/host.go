package protocol

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
)

// A host's id on the bus is the id of its machine. A host's work is state, not a list
// of messages: the set of its open attempts and the keys of its accounts. Events say
// nothing but that the work has changed: the host asks for the whole of it ([HostWork]),
// and takes only an answer that was signed for it, see [Question]. It can ask at any time,
// so that nothing depends on an event's arrival.

// HostConsumer is the name of a host's pull consumer on the EVENTS stream.
func HostConsumer(host int64) string { return fmt.Sprintf("host-%d", host) }

// HostUser is a host's user name on NATS.
func HostUser(host int64) string { return fmt.Sprintf("host-%d", host) }

// HostInboxPrefix is the prefix of a host's inboxes, whose names cannot be guessed.
func HostInboxPrefix(host int64) string { return fmt.Sprintf("_INBOX_host_%d", host) }

// HostInboxOf says whether a reply subject leads to the host's own inbox, see [InboxOf].
func HostInboxOf(host int64, reply string) bool {
	return leadsTo(HostInboxPrefix(host), reply)
}

// SubjectHostReport is where a host sends its [HostReport], as a request.
func SubjectHostReport(host int64) string { return fmt.Sprintf("host.%d.report", host) }

// SubjectHostReports matches every host's reports.
const SubjectHostReports = "host.*.report"

// SubjectHostWork is where a host asks for its [HostWork].
func SubjectHostWork(host int64) string { return fmt.Sprintf("host.%d.work", host) }

// SubjectHostWorks matches every host's request for its work.
const SubjectHostWorks = "host.*.work"

// SubjectHostHeartbeat is where a host publishes its [HostHeartbeat].
func SubjectHostHeartbeat(host int64) string { return fmt.Sprintf("host.%d.alive", host) }

// SubjectHostHeartbeats matches every host's heartbeats.
const SubjectHostHeartbeats = "host.*.alive"

// SubjectHostFetchWork tells one host to ask for its work (from the control
// plane, no payload).
func SubjectHostFetchWork(host int64) string { return fmt.Sprintf("hosts.%d.poke", host) }

// SubjectHostsHeartbeatNow tells all hosts to send a heartbeat and their pending reports
// at once.
const SubjectHostsHeartbeatNow = "hosts.poke"

// StreamOutput keeps the output of attempts for a while. It is no part of the log.
const StreamOutput = "OUTPUT"

// SubjectHostLines is where a host sends an attempt's [OutputLines], as a request.
func SubjectHostLines(host int64, task string, attempt domain.Position) string {
	return fmt.Sprintf("host.%d.lines.%s.%d", host, task, attempt)
}

// SubjectAllHostLines matches every host's lines.
const SubjectAllHostLines = "host.*.lines.*.*"

// HostLinesOf says which attempt of which host a subject is that lines were sent on.
func HostLinesOf(subject string) (host int64, task string, attempt domain.Position, ok bool) {
	parts := strings.Split(subject, ".")
	host, ok = AgentOf(subject)
	if !ok || len(parts) != 5 {
		return 0, "", 0, false
	}
	number, err := strconv.ParseInt(parts[4], 10, 64)
	attempt = domain.Position(number)
	return host, parts[3], attempt, err == nil && subject == SubjectHostLines(host, parts[3], attempt)
}

// SubjectOutput is where the control plane stores an attempt's [OutputLines]. A host may
// publish there as little as read there.
func SubjectOutput(host int64, task string, attempt domain.Position) string {
	return fmt.Sprintf("output.%d.%s.%d", host, task, attempt)
}

// SubjectOutputs matches all output.
const SubjectOutputs = "output.*.*.*"

// HostReport is a host's report about some of its attempts. It is answered with a
// [HostReceipt] once the log has it.
type HostReport struct {
	Log      uuid.UUID       `json:"log"`
	Attempts []AttemptReport `json:"attempts"`
}

// AttemptReport is about one attempt.
type AttemptReport struct {
	Task    string          `json:"task"`
	Attempt domain.Position `json:"attempt"`
	Begun   bool            `json:"begun,omitempty"`
	Percent *int            `json:"percent,omitempty"`
	End     *ops.End        `json:"end,omitempty"`
}

// HostReceipt says of which attempts the log has the report, or needs nothing of it.
// Attempts that are left out are to be reported again.
type HostReceipt struct {
	Taken []domain.Position `json:"taken"`
	Error string            `json:"error,omitempty"`
}

// HostHeartbeat is what a host sends every few seconds to show that it is alive.
type HostHeartbeat struct {
	Log  uuid.UUID `json:"log"`
	Boot uuid.UUID `json:"boot"`
	// Seen is the position up to which the host knows its work.
	Seen domain.Position `json:"seen"`
	// Known are the attempts that the host has taken on and whose ends the control plane
	// has not acknowledged.
	Known   []domain.Position `json:"known,omitempty"`
	Version string            `json:"version"`
	// Accounts are the system accounts whose keys the host keeps, with the digests of
	// the keys that it found there.
	Accounts []AccountState `json:"accounts,omitempty"`
}

// AccountState is what a host found in one account's authorized_keys.
type AccountState struct {
	Account string `json:"account"`
	// Digest is that of the keys in opsledger's block, see package sshkeys.
	Digest string `json:"digest"`
	// Position is that of the work that the keys are of, 0 while the agent has only looked
	// at what it remembers.
	Position domain.Position `json:"position,omitempty"`
	Error    string          `json:"error,omitempty"`
	// Problem says what Error is, if it is one of the Problem constants.
	Problem string `json:"problem,omitempty"`
}

// The problems of accounts.
const (
	// ProblemMissingAccount: the host has no such account.
	ProblemMissingAccount = "missing account"
	// ProblemNotAllowed: the host's own file does not allow keys for the account.
	ProblemNotAllowed = "not allowed"
)

// HostWorkRequest asks for the work after an attempt. 0, or an empty payload, asks for
// all of it.
type HostWorkRequest struct {
	After domain.Position `json:"after,omitempty"`
	// Only, if there are any, asks for these attempts and nothing else: those that are open.
	// The answer is quicker than one to a request for all. It has MaxNamed at most.
	Only []AttemptName `json:"only,omitempty"`
	// Running are attempts that run on the host, in a request for all work. The first
	// MaxNamed are looked at.
	Running []AttemptName `json:"running,omitempty"`
}

// MaxNamed bounds the attempts that a request for work may name.
const MaxNamed = 64

// AttemptName names an attempt of a task.
type AttemptName struct {
	Task    string          `json:"task"`
	Attempt domain.Position `json:"attempt"`
}

// HostWork is all that a host is to do, as of a position.
type HostWork struct {
	Log      uuid.UUID       `json:"log"`
	Position domain.Position `json:"position"`
	// Attempts are the open attempts, by number.
	Attempts []WorkItem `json:"attempts"`
	// More says that there are attempts after the last one, for another request.
	More bool `json:"more,omitempty"`
	// Cancelled are those of the request's running attempts that are to end, although the
	// log has presumed their end already.
	Cancelled []AttemptName `json:"cancelled,omitempty"`
	// Accounts are the sets of keys of all accounts that ever had keys. Only the answer
	// to a request for all work has them.
	Accounts []ops.AccountKeysSet `json:"accounts"`
	Error    string               `json:"error,omitempty"`
}

// WorkItem is an open attempt. Its number is the position of the event that accepted it.
type WorkItem struct {
	Number  domain.Position     `json:"attempt"`
	Attempt ops.AttemptAccepted `json:"order"`
	// Begun says that the host has reported that it began the attempt. A host that does
	// not know such an attempt has lost its journal, and must not run it again.
	Begun      bool `json:"begun,omitempty"`
	Cancelling bool `json:"cancelling,omitempty"`
}

// LinesReceipt answers lines; without an error they are stored.
type LinesReceipt struct {
	Error string `json:"error,omitempty"`
	// Refused says that the same lines would be refused again.
	Refused bool `json:"refused,omitempty"`
}

// OutputLines are consecutive lines of an attempt's output.
type OutputLines struct {
	// First is the number of the first line; lines count from 1. A gap between two
	// messages says which lines the host had to drop.
	First int64        `json:"first"`
	Lines []OutputLine `json:"lines"`
}

// OutputLine is one line as a process wrote it, made safe to show.
type OutputLine struct {
	At time.Time `json:"at"`
	// Err says that the line came on standard error.
	Err  bool   `json:"err,omitempty"`
	Text string `json:"text"`
}

// HostEventSubjects lists the subjects of the events that a host receives.
func HostEventSubjects(host int64) []string {
	subjects := []string{}
	for _, e := range []domain.Event{ops.AttemptAccepted{}, ops.CancelRequested{}, ops.AccountKeysSet{}} {
		subjects = append(subjects, Subject(Envelope{Context: domain.ContextOps, Key: host, Type: e.EventType()}))
	}
	return subjects
}

// NewWorkItem describes a task's open attempt.
func NewWorkItem(name string, t ops.Task) WorkItem {
	item := WorkItem{
		Number: t.Attempt.Number, Begun: t.Attempt.Begun, Cancelling: t.Attempt.Cancelling,
		Attempt: ops.AttemptAccepted{
			Task: name, Machine: t.Machine, Mode: t.Attempt.Mode, ExecutorName: t.Executor,
			Order: t.Order, Deadline: t.Attempt.Deadline,
		},
	}
	if t.Attempt.Mode == ops.ModeRevert {
		item.Attempt.Of = t.Executed
	}
	return item
}
