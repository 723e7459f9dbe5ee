package system

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/datafolder"
	"github.com/opsledger/opsledger/test/deployment"
)

// A change that nsupdate sends is in the API, in the operation log and on named, and a zone that dig
// transfers is the one that named serves; also after a restart, and on one name server as one step. So is
// what a client of PowerDNS' API writes.
func TestNsupdateAndDig(t *testing.T) {
	t.Parallel()
	s := deployment.StartDev(t, t.TempDir())
	_, zone := s.MakeZone("example.com")
	reply, body := s.Call(http.MethodPost, "/v1/credentials", `{"name":"acme","kind":"tsig"}`)
	var made struct {
		Secret  string
		KeyName string `json:"key_name"`
	}
	if err := json.Unmarshal([]byte(body), &made); err != nil || reply.StatusCode != http.StatusOK {
		t.Fatalf("status %d, body %s", reply.StatusCode, body)
	}
	key := "hmac-sha256:" + made.KeyName + ":" + made.Secret
	at := func() (host, port string) {
		running, err := datafolder.ReadRunning(s.Data)
		if err != nil {
			t.Fatal(err)
		}
		if host, port, err = net.SplitHostPort(running.DDNS); err != nil {
			t.Fatal(err)
		}
		return host, port
	}
	update := func(lines ...string) string {
		host, port := at()
		script := fmt.Sprintf("server %s %s\nzone example.com\n%s\nsend\nanswer\n", host, port, strings.Join(lines, "\n"))
		return deployment.Shell(t, "printf '%s' \"$SCRIPT\" | nsupdate -y \"$KEY\" 2>&1 || true", "SCRIPT="+script, "KEY="+key)
	}
	transfer := func() string {
		host, port := at()
		return deployment.Shell(t, fmt.Sprintf(`dig @%s -p %s -y "$KEY" example.com AXFR +noall +answer`, host, port), "KEY="+key)
	}

	for n := range 2 {
		value := fmt.Sprint("192.0.2.", 7+n)
		said := update(fmt.Sprintf("prereq nxdomain api%d.example.com", n), fmt.Sprintf("update add api%d.example.com 300 A %s", n, value),
			fmt.Sprintf(`update add api%d.example.com 300 TXT "hello"`, n))
		if !strings.Contains(said, "status: NOERROR") {
			t.Fatalf("nsupdate says %s", said)
		}
		s.WantBody("/dns/records?zone_id="+zone, fmt.Sprintf(`"host":"api%d"`, n), value)
		s.WantBody("/dns/oplogs?target_type=Record", `"door":"ddns"`, `"operator":"admin"`)
		s.LiveAt(s.Head())
		s.WantAnswer(fmt.Sprintf("api%d.example.com.", n), "A", value)
		if said := update(fmt.Sprintf("prereq nxdomain api%d.example.com", n), "update add other.example.com 300 A 192.0.2.1"); !strings.Contains(said, "YXDOMAIN") {
			t.Errorf("nsupdate says %s", said)
		}
		if text := transfer(); strings.Count(text, "SOA") != 2 || !strings.Contains(text, value) {
			t.Errorf("dig says %s", text)
		}
		set := `{"rrsets":[{"name":"pdns%d.example.com.","type":"A","ttl":300,"changetype":"REPLACE","records":[{"content":"%s"}]}]}`
		if reply, body := s.Call(http.MethodPatch, "/api/v1/servers/localhost/zones/example.com.", fmt.Sprintf(set, n, value)); reply.StatusCode != http.StatusNoContent {
			t.Fatalf("status %d, body %s", reply.StatusCode, body)
		}
		s.LiveAt(s.Head())
		s.WantAnswer(fmt.Sprintf("pdns%d.example.com.", n), "A", value)
		s.Stop()
		s.Start()
	}
}
