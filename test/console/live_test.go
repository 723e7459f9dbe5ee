package console

import (
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
)

// crowded is a page of somebody who has all the streams of events that one user may have: it says that it is not live,
// shows nevertheless what changes, and is live once there is a place.
func crowded(t *testing.T, s *System) {
	id := s.Created(s.Post("/auth/register_local", `{"username":"crowd","password":"secret","password2":"secret","email":"crowd@example.org"}`))
	s.Put("/admin/users/"+id, `{"role_ids":[3,7]}`)
	leave := s.takeStreams(t, "crowd", 8)
	p := s.Open(t)
	p.Expect("429")
	p.logIn("crowd", "secret")
	p.Go("/console/zones?lang=en&q=crowded.example")
	p.WaitText("Not live")
	s.zone("crowded.example")
	p.Wait(`document.querySelector('[data-testid=zone-row]')`)
	p.Accessible("a page that is not live")
	leave()
	p.Wait(`document.querySelector('.stream.on')`)
}

// takeStreams opens streams of events as a user, until what it returns is called.
func (s *System) takeStreams(t *testing.T, name string, count int) (leave func()) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	ask := func(method, path, body string) *http.Response {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, s.URL(path), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Accept", "text/event-stream")
		reply, err := client.Do(request)
		if err != nil || reply.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %v %v", method, path, reply, err)
		}
		return reply
	}
	ask(http.MethodPost, "/v1/session", `{"username":`+quoted(name)+`,"password":"secret"}`).Body.Close()
	var streams []*http.Response
	for range count {
		streams = append(streams, ask(http.MethodGet, "/v1/events", ""))
	}
	return func() {
		for _, stream := range streams {
			_ = stream.Body.Close()
		}
	}
}
