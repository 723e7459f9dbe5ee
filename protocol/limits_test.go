package protocol_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/protocol"
)

// many is a list of elements that are as small as they can be, in a message of the
// greatest size.
func many(name, element string) string {
	open := `{"log":"` + uuid.Nil.String() + `","` + name + `":[`
	n := (protocol.MaxAgentMessage - len(open) - len("]}") - len(element)) / (len(element) + 1)
	return open + strings.Repeat(element+",", n) + element + "]}"
}

// TestHostileMessages: what breaks a limit is refused, for less memory than twice its text
// takes.
func TestHostileMessages(t *testing.T) {
	deep := strings.Repeat(`{"attempts":[`, 10_000)
	attempt := `{"task":"0358c3c78f5211e685855cf9389306a2","attempt":1}`
	for name, read := range map[string]func([]byte) error{
		"report":      func(b []byte) error { _, err := protocol.ReadReport(b); return err },
		"host report": func(b []byte) error { _, err := protocol.ReadHostReport(b); return err },
		"heartbeat":   func(b []byte) error { _, err := protocol.ReadHostHeartbeat(b); return err },
		"request":     func(b []byte) error { return protocol.ReadRequest(b, &protocol.HostWorkRequest{}) },
	} {
		messages := map[string]string{
			"1.8 MB": `{"x":"` + strings.Repeat("x", 1_800_000) + `"}`, "deep": deep, "half": `{"log":`, "a number": "7", "a list": "[]",
		}
		switch name {
		case "report":
			messages["failures"], messages["nulls"] = many("failures", "{}"), many("failures", "null")
			messages["not a list"], messages["a text"], messages["a list of numbers"] = `{"failures":{"a":1}}`, `{"failures":"x"}`, `{"failures":[7]}`
			messages["position"], messages["another position"] = `{"applied":-1}`, `{"seen":-1}`
		case "host report":
			messages["attempts"], messages["nulls"] = many("attempts", "{}"), many("attempts", "null")
			messages["twice"] = `{"attempts":[` + attempt + "," + attempt + `]}`
			messages["no task"], messages["no attempt"] = `{"attempts":[{"task":"x","attempt":1}]}`, strings.ReplaceAll(`{"attempts":[`+attempt+`]}`, `":1`, `":0`)
		case "heartbeat":
			messages["known"], messages["accounts"] = `{"known":[`+strings.Repeat("1,", 30_000)+`1]}`, `{"accounts":[`+strings.Repeat("{},", 20_000)+`{}]}`
		}
		for what, message := range messages {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := read([]byte(message))
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Errorf("%s, %s: was read", name, what)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 3*protocol.MaxAgentMessage+1<<20 {
				t.Errorf("%s, %s: %d bytes of memory", name, what, grown)
			}
		}
	}
}

// TestWhatAgentsSendIsRead: what both ends may say at most passes, cut to its limits.
func TestWhatAgentsSendIsRead(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("语<\x00", 1000)
	h := protocol.HostHeartbeat{Log: uuid.New(), Version: long}
	for i := range 5000 {
		h.Known = append(h.Known, domain.Position(i+1))
		h.Accounts = append(h.Accounts, protocol.AccountState{Account: fmt.Sprint("user", i), Digest: strings.Repeat("0", 64), Error: long})
	}
	payload, err := h.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := protocol.ReadHostHeartbeat(payload)
	if err != nil || len(got.Known) != protocol.MaxKnown || len(got.Accounts) < 10 || len(h.Accounts) != 5000 || h.Accounts[0].Error != long {
		t.Errorf("%d bytes, %v: knows %d, %d accounts", len(payload), err, len(got.Known), len(got.Accounts))
	}
	for _, text := range []string{got.Version, got.Accounts[0].Error} {
		if len(text) > protocol.MaxAccountText || !utf8.ValidString(text) || strings.Contains(text, "\x00") || len(text) < 90 {
			t.Errorf("%q", text)
		}
	}
	said := protocol.HostReport{Log: h.Log}
	for i := range protocol.MaxReportAttempts {
		said.Attempts = append(said.Attempts, protocol.AttemptReport{
			Task: fmt.Sprintf("%032x", i), Attempt: domain.Position(i + 1), End: &ops.End{Outcome: ops.Failed},
		})
	}
	if payload, err = json.Marshal(said); err != nil {
		t.Fatal(err)
	}
	if report, err := protocol.ReadHostReport(payload); err != nil || report.Log != h.Log || len(report.Attempts) != protocol.MaxReportAttempts || report.Attempts[7].End == nil {
		t.Errorf("%v: %d attempts", err, len(report.Attempts))
	}
	failing := protocol.Report{Log: h.Log, Applied: 7, Named: long, Failures: []protocol.Failure{{Since: 3, Zone: long, View: long, Message: long}}}
	if payload, err = json.Marshal(failing); err != nil {
		t.Fatal(err)
	}
	report, err := protocol.ReadReport(payload)
	if err != nil || report.Applied != 7 || len(report.Named) > protocol.MaxVersion || len(report.Failures) != 1 {
		t.Fatalf("%v: %+v", err, report)
	}
	if f := report.Failures[0]; len(f.Message) > protocol.MaxFailureText || len(f.Zone) > protocol.MaxName || len(f.View) > protocol.MaxName || strings.Contains(f.Message, "\x00") {
		t.Errorf("%+v", f)
	}
	if protocol.Cut("\x80\x80\x80", 2) != "" || protocol.Cut("ab", 2) != "ab" {
		t.Error("texts are cut wrongly")
	}
}

func FuzzAgentMessages(f *testing.F) {
	f.Add([]byte(many("attempts", "{}")[:100] + "]}"))
	f.Add([]byte(`{"failures":[{"since":1,"message":"x\u0000"}],"applied":3}`))
	f.Add([]byte(`{"known":[1,2],"accounts":[{"account":"a","error":"b"}],"version":"语"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := protocol.ReadReport(data); err == nil && (len(r.Failures) > protocol.MaxFailures || r.Applied < 0) {
			t.Errorf("%+v", r)
		}
		if r, err := protocol.ReadHostReport(data); err == nil && len(r.Attempts) > protocol.MaxReportAttempts {
			t.Errorf("%+v", r)
		}
		if h, err := protocol.ReadHostHeartbeat(data); err == nil {
			payload, err := h.Encode()
			if err != nil || len(payload) > protocol.MaxHeartbeat {
				t.Errorf("%d bytes, %v", len(payload), err)
			}
		}
	})
}
