package busauth

import (
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/workers/protocol"
)

// replyWithin is how long an agent may take to answer a request.
const replyWithin = time.Minute

// Permissions are all that an agent may publish and subscribe to. An
// acknowledgement's subject has two forms, with and without domain and account.
func Permissions(agent int64) *server.Permissions {
	stream, consumer := eventstore.StreamEvents, protocol.Consumer(agent)
	return &server.Permissions{
		Publish: &server.SubjectPermission{Allow: []string{
			fmt.Sprintf("$JS.API.CONSUMER.MSG.NEXT.%s.%s", stream, consumer),
			fmt.Sprintf("$JS.API.CONSUMER.RESET.%s.%s", stream, consumer),
			fmt.Sprintf("$JS.ACK.%s.%s.>", stream, consumer),
			fmt.Sprintf("$JS.ACK.*.*.%s.%s.>", stream, consumer),
			fmt.Sprintf("report.%d.>", agent),
			fmt.Sprintf("snap.%d.>", agent),
			protocol.SubjectSecrets(agent),
		}},
		Subscribe: &server.SubjectPermission{Allow: []string{
			protocol.InboxPrefix(agent) + ".>",
			protocol.SubjectReportNow,
			fmt.Sprintf("agents.%d.>", agent),
		}},
		Response: &server.ResponsePermission{MaxMsgs: 1, Expires: replyWithin},
	}
}
