package busauth

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/signing"
)

// deaf connects a client that does not hear how large its messages may be.
type deaf struct{}

// Dial implements [nats.CustomDialer].
func (deaf) Dial(network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: testkit.Patience}).Dial(network, address)
	return deafConn{conn}, err
}

type deafConn struct{ net.Conn }

func (c deafConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	copy(p[:n], bytes.ReplaceAll(p[:n], fmt.Appendf(nil, `"max_payload":%d`, protocol.MaxAgentMessage), []byte(`"max_payload":999999`)))
	return n, err
}

// inClear are the credentials for a bus without TLS on this machine.
func inClear(c Credentials) nats.Option {
	c.Pins = nil
	return c.Option()
}

// A message that is too large ends the connection before the control plane hears of it,
// whatever it is about and in whatever part of it the bytes are.
func TestLargeMessagesAreRefused(t *testing.T) {
	t.Parallel()
	b := startBusWith(t, func(*signing.Signer) *tls.Config { return nil }) // so that deaf can change what it says
	heard, err := b.control.SubscribeSync(">")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.control.FlushTimeout(testkit.Patience); err != nil {
		t.Fatal(err)
	}
	largest := bytes.Repeat([]byte("x"), protocol.MaxAgentMessage)
	for who, subjects := range map[Identity][]string{
		{KindServer, 1}: {protocol.SubjectReport(1), protocol.SubjectSnapshotOpen(1), protocol.SubjectSecrets(1)},
		{KindHost, 1}:   {protocol.SubjectHostReport(1), protocol.SubjectHostHeartbeat(1), protocol.SubjectHostLines(1, "x", 1)},
	} {
		for _, subject := range subjects {
			for what, m := range map[string]*nats.Msg{
				"payload": {Data: bytes.Repeat([]byte("x"), 900_000)}, "a byte": {Data: append(largest[:len(largest):len(largest)], 'x')},
				"headers": {Header: nats.Header{"X": {strings.Repeat("x", protocol.MaxAgentMessage)}}},
			} {
				closed := make(chan struct{})
				nc := b.connect(inClear(b.credentials(who)), nats.SetCustomDialer(deaf{}), nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
				m.Subject = subject
				// The bus may close the connection before all of the message is sent; then publishing fails as well.
				if err := nc.PublishMsg(m); errors.Is(err, nats.ErrMaxPayload) {
					t.Fatal(err)
				}
				_ = nc.Flush()
				select {
				case <-closed:
				case <-time.After(testkit.Patience):
					t.Fatalf("%s: %s of %s is taken", who, what, subject)
				}
			}
		}
		nc := b.connect(inClear(b.credentials(who)))
		testkit.Eventually(t, "the agent is told how large its messages may be", func() bool { return nc.MaxPayload() == protocol.MaxAgentMessage })
		if err := errors.Join(nc.Publish(subjects[0], largest), nc.FlushTimeout(testkit.Patience)); err != nil {
			t.Errorf("%s: the largest message: %v", who, err)
		}
	}
	got := 0
	for m := range received(t, b.control, heard) {
		if advised(t, m) != "" {
			continue
		}
		if len(m.Data) != len(largest) {
			t.Errorf("%d bytes got through on %s", len(m.Data), m.Subject)
		}
		got++
	}
	if got != len(thieves) {
		t.Errorf("%d messages got through, want one of each", got)
	}
}
