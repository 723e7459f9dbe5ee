package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A follower prints each event once, whatever becomes of its connections, also of one that
// breaks before the first event, and ends with a refusal.
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
			fmt.Fprint(w, "id: 5\n\n:\n\nid: 6\n")
		case 2:
			fmt.Fprintf(w, ":\n\nevent: RecordAdded\nid: 7\ndata: %s\n\nevent: behind\nid: 8\ndata: {\"position\":8}\n\nid: 9\nda", event(7))
		case 3:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 4:
			fmt.Fprintf(w, "id: 8\n\nevent: RecordAdded\nid: 9\ndata: %s\n\n", event(9))
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
	want := "7\tt\tRecordAdded\trecord:7 w\\x07\tby li\n9\tt\tRecordAdded\trecord:9 w\\x07\tby li\n"
	if out.String() != want || strings.Join(asked, " ") != " 5 8 8 9" {
		t.Errorf("%q\n%q\nasked behind %q", out.String(), want, asked)
	}
}
