package ddns

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/identity"
)

// What a stream writes the library reads as the same records, and takes its signatures: whatever the owners
// are, and wherever a message ends.
func TestStreamIsWhatTheLibraryReads(t *testing.T) {
	t.Parallel()
	key := &identity.TSIGKey{Name: "acme-1", Algorithm: "hmac-sha512", Secret: []byte("0123456789abcdef0123456789abcdef")}
	question := new(mdns.Msg).SetAxfr("EXAMPLE.com.")
	question.SetEdns0(1232, true)
	before := strings.Repeat("ab", 64)
	var got []string
	messages := 0
	send := func(raw []byte) error {
		if len(raw) > messageRoom+512 {
			t.Errorf("a message has %d octets", len(raw))
		}
		m := new(mdns.Msg)
		if err := m.Unpack(raw); err != nil {
			return err
		}
		if err := mdns.TsigVerifyWithProvider(slices.Clone(raw), hmacKey{key.Algorithm, key.Secret}, before, messages > 0); err != nil {
			return fmt.Errorf("message %d: %w", messages, err)
		}
		if !m.Response || !m.Authoritative || m.Id != question.Id || (len(m.Question) == 1) != (messages == 0) || m.IsEdns0() == nil {
			t.Errorf("message %d: %s", messages, m)
		}
		for _, rr := range m.Answer {
			got = append(got, rr.String())
		}
		before = m.IsTsig().MAC
		messages++
		return nil
	}
	a := &asked{msg: question, edns: question.IsEdns0(), signed: &signature{key: key, mac: before}}
	out := newStream(t.Context(), a, "Example.com", send, time.Now)
	var want []string
	random := rand.New(rand.NewPCG(1, 2))
	owners := []string{dns.Apex, "a", "b.a", "*", `dot\.ted`, `\032`, "_x._y", strings.Repeat("l", 63) + "." + strings.Repeat("m", 63)}
	for range 5000 {
		owner := owners[random.IntN(len(owners))]
		if random.IntN(3) == 0 {
			owner = fmt.Sprint("n", random.IntN(1000), ".", "deep")
		}
		rr, err := mdns.NewRR([]string{"x. 60 A 192.0.2.1", "x. 60 MX 5 mail.example.com.", "x. 60 TXT " + strings.Repeat("t", random.IntN(200))}[random.IntN(3)])
		if err != nil {
			t.Fatal(err)
		}
		data, err := zonedata.Data(rr)
		if err != nil {
			t.Fatal(err)
		}
		rr.Header().Name = zonedata.Owner(owner, "example.com.")
		want = append(want, rr.String())
		if err := out.add(zonedata.Key{Owner: owner, Type: rr.Header().Rrtype}, 60, data); err != nil {
			t.Fatal(err)
		}
	}
	soa := zonedata.SOA("example.com.", dns.ZoneSettings{}, "ns.example.com.", 7)
	if err := out.end(soa); err != nil {
		t.Fatal(err)
	}
	if want = append(want, soa.String()); !slices.Equal(got, want) || messages < 5 {
		t.Errorf("%d records in %d messages, want %d", len(got), messages, len(want))
	}
	if mac := hex.EncodeToString(out.mac); mac != before {
		t.Errorf("the last MAC is %s, want %s", mac, before)
	}
}
