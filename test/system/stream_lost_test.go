package system

import (
	"testing"

	"github.com/opsledger/opsledger/test/deployment"
)

// All of JetStream is lost while nothing runs: it is filled again from Postgres,
// the read models stay, the agent goes on.
func TestStreamStorageLost(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := deployment.StartDev(t, data)
	zone := s.MakeLiveZone("example.com", "192.0.2.1")
	before := s.Head()
	s.Stop()
	remove(t, data, "nats")
	s.Start()
	s.Login()
	s.LiveAt(before)
	s.PostLive("/dns/records", deployment.RecordBody("mail", "192.0.2.2", zone))
	s.WantAnswer("www.example.com.", "A", "192.0.2.1")
	s.WantAnswer("mail.example.com.", "A", "192.0.2.2")
	log := s.OpenLog()
	s.Events(log).WantAll(log)
}
