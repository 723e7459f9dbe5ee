//go:build interop

package interop

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// stack is an opsledger with a view office that serves everybody.
type stack struct {
	*deployment.Dev
	view string
	// host and port are where it takes updates and transfers.
	host, port string
}

func newStack(t *testing.T, flags ...string) *stack {
	t.Helper()
	s := &stack{Dev: deployment.StartDev(t, t.TempDir(), flags...)}
	s.view = s.Created(s.Post("/dns/views", `{"name":"office","acl":"any"}`))
	var err error
	if s.host, s.port, err = net.SplitHostPort(s.Running().DDNS); err != nil {
		t.Fatal(err)
	}
	return s
}

// door is host:port where updates and transfers are taken.
func (s *stack) door() string { return net.JoinHostPort(s.host, s.port) }

func (s *stack) zone(name string) (id string) {
	return s.Created(s.Post("/dns/zones", fmt.Sprintf(`{"name":%q,"zone_type":"master","view_ids":[%s]}`, name, s.view)))
}

// key is a TSIG credential.
type key struct{ name, secret string }

// named is the key as named's tools take it.
func (k key) named() string { return "hmac-sha256:" + k.name + ":" + k.secret }

// key makes a TSIG credential that is bounded as the JSON object says.
func (s *stack) key(t *testing.T, name, restrict string) key {
	t.Helper()
	return s.credential(t, name, "tsig", restrict)
}

// token makes one that is shown to the PowerDNS API.
func (s *stack) token(t *testing.T, name, restrict string) string {
	t.Helper()
	return s.credential(t, name, "token", restrict).secret
}

func (s *stack) credential(t *testing.T, name, kind, restrict string) key {
	t.Helper()
	reply, body := s.Call(http.MethodPost, "/v1/credentials", fmt.Sprintf(`{"name":%q,"kind":%q,"restrict":%s}`, name, kind, restrict))
	var made struct {
		Secret  string
		KeyName string `json:"key_name"`
	}
	if err := json.Unmarshal([]byte(body), &made); err != nil || reply.StatusCode != http.StatusOK {
		t.Fatalf("status %d, body %s", reply.StatusCode, body)
	}
	return key{made.KeyName, made.Secret}
}

// transfer returns the records of a zone at a server, but for the SOA, and its serial.
func transfer(t *testing.T, server, zone string, k key) (records []string, serial uint32, err error) {
	t.Helper()
	m := new(mdns.Msg).SetAxfr(zone + ".")
	// Who transfers from an address is notified there with the key of the last transfer: the address is no
	// secondary's.
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 99)}}
	conn, err := from.DialContext(t.Context(), "tcp", server)
	if err != nil {
		return nil, 0, err
	}
	in := &mdns.Transfer{Conn: &mdns.Conn{Conn: conn}, ReadTimeout: testkit.Patience}
	defer in.Close()
	if k.name != "" {
		m.SetTsig(k.name+".", mdns.HmacSHA256, 300, time.Now().Unix())
		in.TsigSecret = map[string]string{k.name + ".": k.secret}
	}
	envelopes, err := in.In(m, server)
	if err != nil {
		return nil, 0, err
	}
	for e := range envelopes {
		if e.Error != nil {
			err = e.Error
		}
		for _, rr := range e.RR {
			if soa, is := rr.(*mdns.SOA); is {
				serial = soa.Serial
				continue
			}
			records = append(records, rr.String())
		}
	}
	slices.Sort(records)
	return records, serial, err
}

// records are what the zone has at the door, each as a line of zone text with single spaces.
func (s *stack) records(t *testing.T, zone string) []string {
	t.Helper()
	records, _, err := transfer(t, s.door(), zone, s.key(t, "look", `{"read_only":true}`))
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range records {
		records[i] = strings.Join(strings.Fields(r), " ")
	}
	return records
}

// wants wants these records in the zone, and none of the others.
func (s *stack) wants(t *testing.T, zone string, there, gone []string) {
	t.Helper()
	records := s.records(t, zone)
	for _, want := range there {
		if !slices.Contains(records, want) {
			t.Errorf("the zone lacks %s:\n%s", want, strings.Join(records, "\n"))
		}
	}
	for _, text := range gone {
		for _, r := range records {
			if strings.Contains(r, text) {
				t.Errorf("the zone still has %s", r)
			}
		}
	}
}
