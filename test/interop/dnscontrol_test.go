//go:build interop

package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// dnscontrolRecords are one of each common type that dnscontrol has, in its language.
var dnscontrolRecords = `
	A("@", "192.0.2.1"), A("www", "192.0.2.1"), A("www", "192.0.2.2"), A("*", "192.0.2.3", TTL(60)), A("*.deep", "192.0.2.4"),
	AAAA("www", "2001:db8::1"), CNAME("alias", "www.example.net."), CNAME("inside", "www"),
	MX("@", 10, "mail.example.net."), MX("@", 20, "mail"), A("mail", "192.0.2.5"),
	TXT("@", "v=spf1 -all"), TXT("signs", "say hi; (b)"), TXT("long", "` + strings.Repeat("x", 600) + `"),
	TXT("spaces", "  a  b "), TXT("_dmarc", "v=DMARC1; p=none"), TXT("semi", "a;b;c"), TXT("percent", "100%"),
	SRV("_sip._tcp", 1, 2, 5060, "sip.example.net."), CAA("@", "issue", "letsencrypt.org"), CAA("@", "iodef", "mailto:a@example.com", CAA_CRITICAL),
	NS("sub", "ns1.example.net."), NS("sub", "ns2.example.net."), DS("sub", 12345, 13, 2, "ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789"),
	TLSA("_443._tcp.www", 3, 1, 1, "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789"),
	SSHFP("www", 4, 2, "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789"),
	NAPTR("naptr", 100, 10, "S", "SIP+D2U", "", "_sip._udp.example.net."), PTR("4", "host.example.net."),
	HTTPS("https", 1, ".", "alpn=h2,h3"), SVCB("svcb", 1, "www.example.com.", "port=8443"), DNAME("old", "new.example.net."),
	DHCID("dhcid", "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="),`

// pushes has dnscontrol bring the zone to what its files say, find nothing to do then, change some, and
// find nothing to do again.
func pushes(t *testing.T, s *stack, p program, provider, records string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"creds.json": `{"ours":` + provider + `,"none":{"TYPE":"NONE"}}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(command, records string) string {
		t.Helper()
		config := `var REG = NewRegistrar("none"); var OURS = NewDnsProvider("ours");
D("example.com", REG, DnsProvider(OURS), DefaultTTL(300), ` + strings.TrimSuffix(strings.TrimSpace(records), ",") + `);`
		if err := os.WriteFile(filepath.Join(dir, "dnsconfig.js"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), p.path, command)
		cmd.Dir = dir
		said, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("dnscontrol %s: %v\n%s", command, err, said)
		}
		return string(said)
	}
	for i, push := range []struct {
		all         string
		there, gone []string
	}{
		{records, []string{
			"example.com. 300 IN A 192.0.2.1", "www.example.com. 300 IN A 192.0.2.2", "*.example.com. 60 IN A 192.0.2.3",
			"alias.example.com. 300 IN CNAME www.example.net.", "example.com. 300 IN MX 20 mail.example.com.", `percent.example.com. 300 IN TXT "100%"`,
			"_sip._tcp.example.com. 300 IN SRV 1 2 5060 sip.example.net.", "sub.example.com. 300 IN NS ns2.example.net.",
		}, nil},
		{strings.NewReplacer(`"192.0.2.2"`, `"192.0.2.9"`, `"www.example.net."`, `"other.example.net."`, "100%", "99%", "TTL(60)", "TTL(90)").Replace(records), []string{
			"www.example.com. 300 IN A 192.0.2.9", "alias.example.com. 300 IN CNAME other.example.net.", `percent.example.com. 300 IN TXT "99%"`,
			"*.example.com. 90 IN A 192.0.2.3",
		}, []string{"192.0.2.2", "100%"}},
		{`A("@", "192.0.2.1")`, []string{"example.com. 300 IN A 192.0.2.1"}, []string{"www", "alias", "MX", "_sip", "percent"}},
	} {
		pushed := run("push", push.all)
		if strings.Contains(pushed, "FAILURE") || strings.Contains(pushed, "Error:") { // and it ends well after all
			t.Fatalf("push %d: %s", i+1, pushed)
		}
		s.wants(t, "example.com", push.there, push.gone)
		if said := run("preview", push.all); !strings.Contains(said, "Done. 0 corrections.") {
			t.Errorf("push %d finds something to do again: %s\nafter: %s", i+1, said, pushed)
		}
	}
}

func TestDNSControl(t *testing.T) {
	t.Parallel()
	p := find(t, "dnscontrol", "", "version")
	p.try(t, "AXFRDDNS: all common types pushed, changed and removed; the second push finds nothing to do", func(t *testing.T) {
		s := newStack(t)
		s.zone("example.com")
		k := s.key(t, "dnscontrol", `{"zones":["example.com"]}`)
		provider := fmt.Sprintf(`{"TYPE":"AXFRDDNS","master":%q,"nameservers":"ns1.example.net,ns2.example.net","transfer-key":%q,"update-key":%q}`,
			s.door(), k.named(), k.named())
		pushes(t, s, p, provider, dnscontrolRecords+` LOC_BUILDER_DD({label: "loc", x: 52.5, y: 13.4, alt: 30}),`)
	})
	p.try(t, "POWERDNS: the same", func(t *testing.T) {
		s := newStack(t)
		s.zone("example.com")
		provider := fmt.Sprintf(`{"TYPE":"POWERDNS","apiKey":%q,"apiUrl":"http://%s","serverName":"localhost"}`,
			s.token(t, "dnscontrol", `{"zones":["example.com"]}`), s.Address)
		pushes(t, s, p, provider, dnscontrolRecords)
	})
}
