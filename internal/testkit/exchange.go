package testkit

import (
	"testing"
	"time"

	mdns "github.com/miekg/dns"
)

// lostQuestion is how long one question to a name server waits. A datagram may be lost, and
// named may need seconds on a busy machine; then the question is asked again.
const lostQuestion = 10 * time.Second

// Exchange asks a name server, as the client is set up, until it answers.
func Exchange(t testing.TB, client mdns.Client, question *mdns.Msg, server string) (reply *mdns.Msg) {
	t.Helper()
	client.Timeout = lostQuestion
	var err error
	defer func() {
		if err != nil {
			t.Logf("%s does not answer: %v", server, err)
		}
	}()
	Eventually(t, "the name server answers", func() bool {
		reply, _, err = client.ExchangeContext(t.Context(), question, server)
		return err == nil
	})
	return reply
}
