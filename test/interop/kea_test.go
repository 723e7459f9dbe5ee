//go:build interop

package interop

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/testkit"
)

// request is what Kea's DHCP server tells its DDNS server of a lease.
type request struct {
	Change   int    `json:"change-type"` // 0 adds, 1 removes
	Forward  bool   `json:"forward-change"`
	Reverse  bool   `json:"reverse-change"`
	FQDN     string `json:"fqdn"`
	Address  string `json:"ip-address"`
	DHCID    string `json:"dhcid"`
	Expires  string `json:"lease-expires-on"`
	Length   int    `json:"lease-length"`
	Conflict bool   `json:"use-conflict-resolution"`
}

func keaConf(s *stack, k key, port string) string {
	server := fmt.Sprintf(`"key-name": %q, "dns-servers": [ { "ip-address": %q, "port": %s } ]`, k.name, s.host, s.port)
	return fmt.Sprintf(`{ "DhcpDdns": {
	"ip-address": "127.0.0.1", "port": %s, "dns-server-timeout": 10000,
	"tsig-keys": [ { "name": %q, "algorithm": "HMAC-SHA256", "secret": %q } ],
	"forward-ddns": { "ddns-domains": [ { "name": "dhcp.example.com.", %s } ] },
	"reverse-ddns": { "ddns-domains": [ { "name": "2.0.192.in-addr.arpa.", %s } ] },
	"loggers": [ { "name": "kea-dhcp-ddns", "severity": "INFO", "output_options": [ { "output": "stdout" } ] } ]
} }`, port, k.name, k.secret, server, server)
}

// Kea's DDNS server writes the names of leases, and the addresses' names, and takes them away.
func TestKea(t *testing.T) {
	t.Parallel()
	kea := find(t, "kea-dhcp-ddns", "", "-v")
	kea.try(t, "leases come, come again, change hands and end: A, DHCID and PTR by RFC 4703", func(t *testing.T) {
		s := newStack(t)
		s.zone("dhcp.example.com")
		s.zone("2.0.192.in-addr.arpa")
		k := s.key(t, "kea", `{"zones":["dhcp.example.com","2.0.192.in-addr.arpa"]}`)
		_, port, err := net.SplitHostPort(testkit.Address(t))
		if err != nil {
			t.Fatal(err)
		}
		said := kea.start(t, "DHCP_DDNS_STARTED", []string{"KEA_PIDFILE_DIR=" + t.TempDir(), "KEA_LOCKFILE_DIR=" + t.TempDir()},
			"-c", write(t, "kea.conf", keaConf(s, k, port)))
		c, err := net.Dial("udp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		send := func(r request, done string) {
			t.Helper()
			r.Forward, r.Reverse, r.Expires, r.Length, r.Conflict = true, true, "20300101000000", 3600, true
			printed, again := said.Printed(done), time.Duration(0)
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			testkit.Eventually(t, done, func() bool {
				select {
				case <-printed:
					return true
				case <-time.After(again): // it listens a moment after it says that it has started
					_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(text))), text...))
					again = 5 * time.Second
					return false
				}
			})
		}
		const first, second = "000001B0B7E2B4A4D1C1", "000001AAAAAAAAAAAAAA"
		pc := request{FQDN: "pc.dhcp.example.com.", Address: "192.0.2.10", DHCID: first}
		send(pc, "DHCP_DDNS_ADD_SUCCEEDED")
		a := "pc.dhcp.example.com. 3600 IN A 192.0.2.10"
		s.wants(t, "dhcp.example.com", []string{a}, nil)
		s.wants(t, "2.0.192.in-addr.arpa", []string{"10.2.0.192.in-addr.arpa. 3600 IN PTR pc.dhcp.example.com."}, nil)
		send(pc, "DHCP_DDNS_ADD_SUCCEEDED") // its client asked again
		moved := pc
		moved.Address = "192.0.2.11"
		send(moved, "DHCP_DDNS_ADD_SUCCEEDED")
		s.wants(t, "dhcp.example.com", []string{"pc.dhcp.example.com. 3600 IN A 192.0.2.11"}, []string{"192.0.2.10"})
		thief := request{FQDN: pc.FQDN, Address: "192.0.2.12", DHCID: second}
		send(thief, "DHCP_DDNS_ADD_FAILED")
		s.wants(t, "dhcp.example.com", nil, []string{"192.0.2.12"})
		thief.Change = 1
		send(thief, "DHCP_DDNS_REMOVE_FAILED")
		moved.Change = 1
		send(moved, "DHCP_DDNS_REMOVE_SUCCEEDED")
		s.wants(t, "dhcp.example.com", nil, []string{"pc.dhcp"})
		s.wants(t, "2.0.192.in-addr.arpa", nil, []string{"11.2.0.192"})
		if strings.Contains(said.String(), "TSIG") {
			t.Errorf("kea says %s", said)
		}
	})
}
