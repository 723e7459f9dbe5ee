package system

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// The streams cannot be written for a while: writes are still acknowledged, /readyz
// says what is wrong, and when there is room again all of it goes on without a
// restart.
func TestStreamThatRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		resource int
		most     uint64
		// write is answered while the streams take nothing.
		target string
		write  func(zone string, number int) string
		// deaf: nobody can connect and ask.
		deaf bool
	}{
		"no room in its files": {unix.RLIMIT_FSIZE, 0, "/dns/records", oneRecord, false},
		"no more files":        {unix.RLIMIT_NOFILE, 3, "/v1/batch", manyRecords, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := deployment.StartSite(t)
			s := site.Serve
			s.Login()
			zone := s.MakeLiveZone("example.com", "192.0.2.1")
			interrupted := s.Said.Printed("publishing is interrupted")
			limit := func() (release func()) { return s.Limit(c.resource, c.most) }
			position, release := writeUntil(t, s, interrupted, limit, c.target, func(i int) string { return c.write(zone, i) })
			testkit.Await(t, "the relay gets no answers", interrupted)
			if !c.deaf {
				awaitReply(t, s, "/readyz", http.StatusServiceUnavailable, "streams take no messages")
			}
			release()
			awaitReply(t, s, fmt.Sprintf("/v1/changes/%d?wait=25s", position), http.StatusOK, `"INSYNC"`)
			site.DNS.WantAnswer("during0.example.com.", "A", "192.0.2.2")
			s.PostLive("/dns/records", deployment.RecordBody("after", "192.0.2.3", zone))
			awaitReply(t, s, "/readyz", http.StatusOK, "ready")
			log := s.OpenLog()
			log.SameAsReplay()
			s.Events(log).WantAll(log)
		})
	}
}

// mostWrites write more than a file of the stream holds.
const mostWrites = 12

// writeUntil makes writes while the resource is taken away, until the relay is interrupted. A
// connection to the database that was lost, as a busy machine loses one, cannot be replaced
// without files: after a write that was refused the resource is given back for a moment.
func writeUntil(t *testing.T, s *deployment.Server, interrupted <-chan struct{}, limit func() (release func()),
	target string, write func(number int) string,
) (position int64, release func()) {
	t.Helper()
	release = limit()
	for number, patience := 0, time.Now().Add(testkit.Patience); number < mostWrites; {
		at, taken := post(t, s, target, write(number), fmt.Sprintf("during %d", number))
		switch {
		case taken:
			position = at
			number++
		case time.Now().After(patience):
			t.Fatal("in vain: the write is acknowledged")
		default:
			release()
			awaitReply(t, s, "/readyz", http.StatusOK, "ready")
			release = limit()
		}
		select {
		case <-interrupted:
			if number > 0 {
				return position, release
			}
		default:
		}
	}
	return position, release
}

// post makes a write that may be refused for now.
func post(t *testing.T, s *deployment.Server, target, body, key string) (position int64, taken bool) {
	t.Helper()
	reply, text, err := s.Ask(http.MethodPost, target, body, key)
	if err != nil || reply.StatusCode == http.StatusServiceUnavailable {
		return 0, false
	}
	if reply.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d: %s", target, reply.StatusCode, text)
	}
	return deployment.Position(t, reply), true
}

// awaitReply waits until a question is answered so.
func awaitReply(t *testing.T, s *deployment.Server, target string, status int, text string) {
	t.Helper()
	testkit.Eventually(t, target+" says "+text, func() bool {
		reply, body, err := s.Ask(http.MethodGet, target, "", "")
		return err == nil && reply.StatusCode == status && strings.Contains(body, text)
	})
}

func oneRecord(zone string, number int) string {
	return deployment.RecordBody(nameOfWrite(number), "192.0.2.2", zone)
}

// manyRecords is a batch of the write's name and of more below it.
func manyRecords(zone string, number int) string {
	const record = `{"method":"POST","path":"/dns/records","body":{"host":%q,"record_type":%q,"ttl":"600","value":%q,"view_name":"office","zone_id":%s}}`
	name := nameOfWrite(number)
	operations := []string{fmt.Sprintf(record, name, "A", "192.0.2.2", zone)}
	value := strings.TrimSpace(strings.Repeat(`"`+strings.Repeat("x", 200)+`" `, 3))
	for i := range 1_000 {
		operations = append(operations, fmt.Sprintf(record, fmt.Sprintf("t%d.%s", i, name), "TXT", value, zone))
	}
	return `{"operations":[` + strings.Join(operations, ",") + `]}`
}

func nameOfWrite(number int) string { return fmt.Sprintf("during%d", number) }
