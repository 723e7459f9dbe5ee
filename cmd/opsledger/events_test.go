package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A follower prints each event once, whatever becomes of its connections, and ends with a
// refusal.
func TestEventsAreFollowed(t *testing.T) {
	t.Parallel()
	event := func(position int) string {
		return fmt.Sprintf(`{"position":%d,"time":"t","type":"RecordAdded","actor":{"username":"li"},"resource":{"kind":"record","id":%d,"name":"w\u0007"}}`, position, position)
	}
	var asked []string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last := r.Header.Get("Last-Event-ID")
		asked = append(asked, last)
		switch len(asked) {
		case 1:
			fmt.Fprintf(w, ":\n\nevent: RecordAdded\nid: 1\ndata: %s\n\nevent: behind\ndata: {\"position\":1}\n\nid: 2\nda", event(1))
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3:
			fmt.Fprintf(w, "event: RecordAdded\nid: 2\ndata: %s\n\n", event(2))
		default:
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"message":"Token is invalid!"}`)
		}
	}))
	t.Cleanup(api.Close)
	e := events{client: client{URL: api.URL, Token: "t"}}
	var out strings.Builder
	err := e.follow(context.Background(), &out)
	if err == nil || !strings.Contains(err.Error(), "Token is invalid") {
		t.Errorf("%v", err)
	}
	want := "1\tt\tRecordAdded\trecord:1 w\\x07\tby li\n2\tt\tRecordAdded\trecord:2 w\\x07\tby li\n"
	if out.String() != want || strings.Join(asked, " ") != " 1 1 2" {
		t.Errorf("%q\n%q\nasked behind %q", out.String(), want, asked)
	}
}
