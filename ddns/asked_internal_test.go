package ddns

import (
	"log/slog"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/internal/allowance"
)

// What is not signed, or by a key that is to be looked up, does not wait for a place where all are
// taken: by TCP it is said, by UDP nothing is.
func TestNoPlaceForStrangers(t *testing.T) {
	t.Parallel()
	r := &running{Server: &Server{
		cfg:       Config{Identity: new(identity.Service)},
		unsigned:  make(chan struct{}),
		strangers: allowance.New(strangersMay, "questions without a signature", slog.New(slog.DiscardHandler)),
	}}
	question := new(mdns.Msg).SetQuestion("example.com.", mdns.TypeSOA)
	plain, err := question.Pack()
	if err != nil {
		t.Fatal(err)
	}
	signed, _, err := mdns.TsigGenerate(question.SetTsig("unknown.", mdns.HmacSHA256, 300, time.Now().Unix()), "c2VjcmV0", "", false)
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{"unsigned": plain, "unknown": signed} {
		for _, c := range []*conn{nil, {}} {
			answer, silent := r.answer(t.Context(), &asked{raw: raw, conn: c}, nil)
			if silent != (c == nil) || answer.rcode != mdns.RcodeServerFailure || answer.remark == nil {
				t.Errorf("%s, by TCP %v: silent %v, %+v", name, c != nil, silent, answer)
			}
		}
	}
}
