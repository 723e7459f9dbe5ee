package busauth

import (
	"fmt"
	"time"

	"github.com/nats-io/jwt/v2"

	"github.com/opsledger/opsledger/protocol"
)

const (
	// idTag is the tag of credentials that has the agent's id. The server inserts the id
	// into the subjects of the scope.
	idTag = "id"
	id    = "{{tag(" + idTag + ")}}"
	// replyWithin is how long an agent may take to answer a request.
	replyWithin = time.Minute
	// maxSubscriptions bounds the subscriptions of one agent, which needs about five.
	maxSubscriptions = 32
	// maxPayload bounds one message of an agent, in bytes.
	maxPayload = protocol.MaxAgentMessage
)

// scope is what agents of a kind may publish and subscribe to, all of it with their own
// id. An acknowledgement's subject has two forms, with and without domain and account.
func (k keys) scope(kind Kind) *jwt.UserScope {
	s := jwt.NewUserScope()
	s.Key, s.Role, s.Template.Subs = public(k.signer(kind)), string(kind), maxSubscriptions
	s.Template.Payload = maxPayload
	consumer, publish, subscribe := serverScope()
	if kind == KindHost {
		consumer, publish, subscribe = hostScope()
	}
	stream := protocol.StreamEvents
	s.Template.Pub.Allow.Add(
		fmt.Sprintf("$JS.API.CONSUMER.MSG.NEXT.%s.%s", stream, consumer),
		fmt.Sprintf("$JS.API.CONSUMER.RESET.%s.%s", stream, consumer),
		fmt.Sprintf("$JS.API.CONSUMER.UNPIN.%s.%s", stream, consumer),
		fmt.Sprintf("$JS.ACK.%s.%s.>", stream, consumer),
		fmt.Sprintf("$JS.ACK.*.*.%s.%s.>", stream, consumer),
	)
	s.Template.Pub.Allow.Add(publish...)
	s.Template.Sub.Allow.Add(subscribe...)
	s.Template.Resp = &jwt.ResponsePermission{MaxMsgs: 1, Expires: replyWithin}
	return s
}

func serverScope() (consumer string, publish, subscribe []string) {
	return "agent-" + id,
		[]string{"report." + id + ".>", "snap." + id + ".>", "secrets." + id},
		[]string{"_INBOX_agent_" + id + ".>", protocol.SubjectReportNow, "agents." + id + ".>"}
}

func hostScope() (consumer string, publish, subscribe []string) {
	return "host-" + id,
		[]string{"host." + id + ".>"},
		[]string{"_INBOX_host_" + id + ".>", protocol.SubjectHostsHeartbeatNow, "hosts." + id + ".>"}
}
