package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Without --yes nothing but a dry run is asked for; with it the dry run comes first.
func TestReplaceAsksFirst(t *testing.T) {
	t.Parallel()
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		if _, err := body.ReadFrom(r.Body); err != nil {
			t.Error(err)
		}
		if want := `{"find":{"type":"A","value":"192.0.2.1"},"set":{"value":"192.0.2.9"},"zones":["**.test"]}`; body.String() != want {
			t.Errorf("sent %s", &body)
		}
		asked = append(asked, r.Header.Get("Opsledger-Dry-Run")+r.Header.Get("Idempotency-Key"))
		if r.Header.Get("Opsledger-Dry-Run") != "" {
			fmt.Fprint(out, `{"events":[{"type":"RecordUpdated"}],"diff":[{"view":"v","removed":["a"],"added":["b"]}]}`)
			return
		}
		fmt.Fprint(out, `{"message":"OK","changed":1,"zones":1}`)
	}))
	defer s.Close()
	args := []string{"replace", "--url", s.URL, "--token", "t", "--value", "192.0.2.1", "--type", "A", "--set-value", "192.0.2.9", "--zone", "**.test"}
	if text := said(t, args...); !strings.Contains(text, "- a\n+ b\n") || !strings.Contains(text, "--yes") || len(asked) != 1 || asked[0] != "true" {
		t.Errorf("asked %q, said %s", asked, text)
	}
	if text := said(t, append(args, "--yes")...); !strings.HasSuffix(text, "changed 1 records of 1 zones, position \n") || len(asked) != 3 || asked[1] != "true" || asked[2] == "" {
		t.Errorf("asked %q, said %s", asked, text)
	}
}

// A search prints all pages.
func TestSearchPrintsAll(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		switch q := r.URL.Query(); {
		case q.Get("q") != "a b" || q.Get("kind") != "zone,record":
			t.Errorf("asked %s", r.URL)
		case q.Get("cursor") == "":
			fmt.Fprint(out, `{"zones":[{"name":"a.test"}],"next":"r7"}`)
		default:
			fmt.Fprint(out, `{"records":[{"name":"x.a.test","zone":"a.test","record_type":"A","ttl":60,"value":"192.0.2.1","view_name":"v"}],"next":null}`)
		}
	}))
	defer s.Close()
	const want = "zone\ta.test\nrecord\tx.a.test\t60\tA\t192.0.2.1\tview v, zone a.test\n"
	if text := said(t, "search", "a b", "--kind", "zone,record", "--url", s.URL, "--token", "t"); text != want {
		t.Errorf("said %s", text)
	}
}
