package busauth

import (
	"errors"
	"fmt"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/workers/protocol"
)

// accountAgents is the account that agents live in.
const accountAgents = "AGENTS"

// Isolate gives agents an account of their own on the server and returns it. Only
// the subjects that agents need lead from there to the global account, where the
// control plane and the streams are, and back.
//
// Without it an agent can name, say, $JS.API.STREAM.DELETE.EVENTS as the reply
// subject of its own pull request, and the server's answer deletes the stream:
// permissions cover what a client publishes, not where it wants to be answered.
// Between accounts, an answer can only go where the request came from.
func Isolate(s *server.Server) (*server.Account, error) {
	control := s.GlobalAccount()
	agents, _ := s.LookupOrRegisterAccount(accountAgents)
	stream := eventstore.StreamEvents
	var errs []error
	for subject, answer := range map[string]server.ServiceRespType{
		fmt.Sprintf("$JS.API.CONSUMER.MSG.NEXT.%s.*", stream): server.Streamed,
		fmt.Sprintf("$JS.API.CONSUMER.RESET.%s.*", stream):    server.Singleton,
		fmt.Sprintf("$JS.ACK.%s.>", stream):                   server.Singleton,
		fmt.Sprintf("$JS.ACK.*.*.%s.>", stream):               server.Singleton,
		"report.*.>":                                          server.Singleton,
		"snap.*.>":                                            server.Singleton,
		protocol.SubjectAllSecrets:                            server.Singleton,
	} {
		errs = append(errs,
			control.AddServiceExportWithResponse(subject, answer, []*server.Account{agents}),
			agents.AddServiceImport(control, subject, ""))
	}
	const checks = "agents.*.checkconf"
	errs = append(errs,
		control.AddStreamExport(protocol.SubjectReportNow, []*server.Account{agents}),
		agents.AddStreamImport(control, protocol.SubjectReportNow, ""),
		agents.AddServiceExport(checks, []*server.Account{control}),
		control.AddServiceImport(agents, checks, ""))
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("isolate agents: %w", err)
	}
	return agents, nil
}
