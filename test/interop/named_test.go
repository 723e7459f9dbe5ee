//go:build interop

package interop

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// update has nsupdate send the commands, and returns what it says.
func (p program) update(t *testing.T, args []string, lines ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), p.path, args...)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	said, _ := cmd.CombinedOutput() // which ends badly when something was refused
	return string(said)
}

func TestNsupdateAndDig(t *testing.T) {
	t.Parallel()
	nsupdate, dig := find(t, "nsupdate", "nsupdate ", "-V"), find(t, "dig", "DiG ", "-v")
	s := newStack(t)
	s.zone("example.com")
	k := s.key(t, "nsupdate", `{"zones":["example.com"]}`)
	to := "server " + s.host + " " + s.port
	for _, transport := range []string{"UDP", "TCP"} {
		args := []string{"-y", k.named()}
		if transport == "TCP" {
			args = append(args, "-v")
		}
		nsupdate.try(t, "updates by "+transport+", the zone found by its SOA, all prerequisites", func(t *testing.T) {
			name := strings.ToLower(transport) + ".example.com"
			for _, c := range []struct {
				said  string
				lines []string
			}{
				{"NOERROR", []string{"update add " + name + " 300 A 192.0.2.1", "update add " + name + ` 300 TXT "a b" "c"`}},
				{"NOERROR", []string{"prereq yxdomain " + name, "update add " + name + " 300 A 192.0.2.2"}},
				{"YXDOMAIN", []string{"prereq nxdomain " + name, "update add " + name + " 300 A 192.0.2.3"}},
				{"NOERROR", []string{"prereq yxrrset " + name + " A", "update delete " + name + " TXT"}},
				{"NXRRSET", []string{"prereq yxrrset " + name + " TXT", "update add " + name + " 300 A 192.0.2.3"}},
				{"NOERROR", []string{"prereq yxrrset " + name + " A 192.0.2.1", "prereq yxrrset " + name + " A 192.0.2.2", "update delete " + name + " A 192.0.2.1"}},
				{"NXRRSET", []string{"prereq yxrrset " + name + " A 192.0.2.1", "update add " + name + " 300 A 192.0.2.3"}},
				{"YXRRSET", []string{"prereq nxrrset " + name + " A", "update add " + name + " 300 A 192.0.2.3"}},
				{"NXDOMAIN", []string{"prereq yxdomain no.example.com", "update add " + name + " 300 A 192.0.2.3"}},
				{"REFUSED", []string{"update add " + name + " 300 MX 10 192.0.2.3."}},
				{"NOERROR", []string{"prereq nxrrset " + name + " TXT", "update add alias." + name + " 60 CNAME " + name + "."}},
			} {
				said := nsupdate.update(t, args, append(append([]string{to}, c.lines...), "send", "answer")...)
				if !strings.Contains(said, "status: "+c.said) {
					t.Errorf("%v: want %s, nsupdate says %s", c.lines, c.said, said)
				}
			}
			s.wants(t, "example.com", []string{name + ". 300 IN A 192.0.2.2", "alias." + name + ". 60 IN CNAME " + name + "."}, []string{"192.0.2.1", "192.0.2.3", "TXT"})
			nsupdate.update(t, args, to, "update delete "+name, "update delete alias."+name, "send")
			s.wants(t, "example.com", nil, []string{name})
		})
	}
	nsupdate.try(t, "a message of 60 KiB, a key of hmac-sha512 from a file, many updates in one run", func(t *testing.T) {
		lines := []string{to, "zone example.com"}
		for i := range 1100 {
			lines = append(lines, fmt.Sprintf("update add big%d.example.com 60 TXT %s", i, strings.Repeat("x", 20)))
		}
		lines = append(lines, "send")
		for i := range 20 {
			lines = append(lines, fmt.Sprintf("update delete big%d.example.com TXT", i), "send")
		}
		if said := nsupdate.update(t, []string{"-y", k.named()}, lines...); said != "" {
			t.Errorf("nsupdate says %s", said)
		}
		if n := len(s.records(t, "example.com")); n < 1080 || n > 1090 {
			t.Errorf("there are %d records", n)
		}
	})
	dig.try(t, "SOA, AXFR, IXFR by TSIG; why something is refused (EDE)", func(t *testing.T) {
		at := []string{"@" + s.host, "-p", s.port}
		run := func(args ...string) string { return dig.run(t, nil, append(at, args...)...) }
		serial := strings.Fields(run("example.com", "SOA", "+short"))[2]
		if said := run("-y", k.named(), "example.com", "AXFR"); strings.Count(said, "SOA") < 2 || strings.Contains(said, "failed") {
			t.Errorf("AXFR: %s", said)
		}
		nsupdate.update(t, []string{"-y", k.named()}, to, "update add news.example.com 60 A 192.0.2.7", "update delete big30.example.com", "send")
		said := run("-y", k.named(), "example.com", "IXFR="+serial, "+noall", "+answer")
		if strings.Count(said, "SOA") != 4 || !strings.Contains(said, "news.example.com.") || !strings.Contains(said, "big30.example.com.") || strings.Contains(said, "big31.") {
			t.Errorf("IXFR: %s", said)
		}
		if said := run("example.com", "AXFR"); !strings.Contains(said, "failed") && !strings.Contains(said, "REFUSED") {
			t.Errorf("without a key: %s", said)
		}
		if said := run("www.example.com", "A"); !strings.Contains(said, "REFUSED") || !strings.Contains(said, "EDE: 18") {
			t.Errorf("a question: %s", said)
		}
	})
}
