package ddns

import (
	"errors"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns/zoneupdate"
	"github.com/opsledger/opsledger/identity"
)

// Whatever comes is read or refused, without a panic, and a signature is only good if the library
// takes it, too.
func FuzzMessage(f *testing.F) {
	key := &identity.TSIGKey{Name: "acme-1", Algorithm: "hmac-sha256", Secret: []byte("0123456789abcdef0123456789abcdef")}
	update := new(mdns.Msg).SetUpdate("example.com.")
	for _, text := range []string{"www.example.com. 60 A 192.0.2.1", "a.example.com. 60 TXT x y", `b.example.com. 60 TYPE65400 \# 2 abcd`} {
		rr, err := mdns.NewRR(text)
		if err != nil {
			f.Fatal(err)
		}
		update.Insert([]mdns.RR{rr})
		update.Used([]mdns.RR{rr})
	}
	for _, m := range []*mdns.Msg{update, new(mdns.Msg).SetAxfr("example.com."), new(mdns.Msg).SetIxfr("example.com.", 1, "a.", "b.")} {
		plain, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(plain)
		signed, _, err := (&signature{key: key}).sign(m, "", false, time.Now())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(signed)
		f.Add(append(signed[:len(signed)-1:len(signed)-1], 4)) // other data that is not there
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) < headerSize {
			return
		}
		m := new(mdns.Msg)
		if err := m.Unpack(raw); err != nil {
			bare(raw)
			return
		}
		if rr, sound := tsigOf(m); sound && rr != nil {
			_, bad := checkMAC(raw, rr, hmacKey{key.Algorithm, key.Secret})
			err := mdns.TsigVerifyWithProvider(append([]byte(nil), raw...), hmacKey{key.Algorithm, key.Secret}, "", false)
			if bad == nil && rr.Fudge != 0 && err != nil && !errors.Is(err, mdns.ErrTime) && !errors.Is(err, mdns.ErrAuth) && len(rr.MAC) == 64 {
				t.Errorf("taken, and by the library not: %v", err)
			}
		}
		a := &asked{raw: raw, msg: m, edns: m.IsEdns0()}
		if _, err := a.pack(reply{rcode: mdns.RcodeRefused}, time.Now()); err != nil && len(m.Question) == 0 {
			t.Errorf("no answer: %v", err)
		}
		if len(m.Question) == 1 {
			a.serial()
		}
		cmd, err := zoneupdate.New(zoneupdate.Target{ZoneID: 1, Zone: "example.com", ViewID: 1, View: "v"}, m.Answer, m.Ns)
		if err == nil {
			cmd.Touched()
			cmd.Allocates()
		}
	})
}
