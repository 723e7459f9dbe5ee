package protocol

import (
	"fmt"
	"strconv"
	"strings"
)

// The id of a name server's agent on the bus is the id of the server that it was
// enrolled for. The rights for these subjects let an agent do its work and nothing else;
// the control plane creates its consumer.

// Consumer is the name of an agent's pull consumer on the EVENTS stream.
func Consumer(agent int64) string { return fmt.Sprintf("agent-%d", agent) }

// PullGroup is the priority group of agents' consumers: of all requests for messages, those
// of one delivery alone get any, until the agent has the consumer unpinned.
const PullGroup = "agent"

// InboxPrefix is the prefix of an agent's inboxes, whose names cannot be guessed.
func InboxPrefix(agent int64) string { return fmt.Sprintf("_INBOX_agent_%d", agent) }

// User is an agent's user name on NATS.
func User(agent int64) string { return fmt.Sprintf("agent-%d", agent) }

// SubjectReport is where an agent publishes its [Report].
func SubjectReport(agent int64) string { return fmt.Sprintf("report.%d.dns", agent) }

// SubjectReports matches every agent's [Report].
const SubjectReports = "report.*.dns"

// SubjectReportNow asks every agent to report at once (control plane to agents,
// the payload is empty or a [HeadAnnouncement]).
const SubjectReportNow = "agents.report"

// SubjectSnapshotOpen is where an agent asks for a snapshot; see [SnapshotInfo].
func SubjectSnapshotOpen(agent int64) string { return fmt.Sprintf("snap.%d.open", agent) }

// SubjectSnapshotOpens matches every agent's request for a snapshot.
const SubjectSnapshotOpens = "snap.*.open"

// SubjectSnapshotChunk is where an agent asks the instance that opened a snapshot for one chunk.
func SubjectSnapshotChunk(agent int64, instance, snapshot string, chunk int) string {
	return fmt.Sprintf("snap.%d.chunk.%s.%s.%d", agent, instance, snapshot, chunk)
}

// SubjectSnapshotChunks matches every agent's request for a chunk of this instance's
// snapshots.
func SubjectSnapshotChunks(instance string) string {
	return fmt.Sprintf("snap.*.chunk.%s.*.*", instance)
}

// SubjectSecrets is where an agent asks for the secrets of the current BIND configuration.
func SubjectSecrets(agent int64) string { return fmt.Sprintf("secrets.%d", agent) }

// SubjectAllSecrets matches every agent's request for secrets.
const SubjectAllSecrets = "secrets.*"

// SubjectCheckConf is where the control plane asks an agent to check a BIND main configuration.
func SubjectCheckConf(agent int64) string { return fmt.Sprintf("agents.%d.checkconf", agent) }

// HeaderError is the header that says why a reply to a chunk request has no chunk.
const HeaderError = "Opsledger-Error"

// AgentOf returns the agent's id in a message's subject, which is the second token. The
// NATS server lets an agent publish under its own id only, so that the subject, not the
// payload, says which agent sent a message.
func AgentOf(subject string) (int64, bool) {
	_, rest, _ := strings.Cut(subject, ".")
	token, _, _ := strings.Cut(rest, ".")
	id, err := strconv.ParseInt(token, 10, 64)
	if err != nil || id <= 0 || strconv.FormatInt(id, 10) != token {
		return 0, false
	}
	return id, true
}

// routedReply is the prefix of the reply subjects that a NATS server makes for requests
// from one account to another.
const routedReply = "_R_."

// InboxOf says whether a reply subject leads to the agent's own inbox, directly or by a
// reply subject of the NATS server. The server does not check reply subjects: without
// this check an agent could make the answering process publish to any subject.
func InboxOf(agent int64, reply string) bool { return leadsTo(InboxPrefix(agent), reply) }

func leadsTo(prefix, reply string) bool {
	return strings.HasPrefix(reply, prefix+".") || strings.HasPrefix(reply, routedReply)
}
