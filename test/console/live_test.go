package console

import (
	"io"
	"testing"

	"github.com/opsledger/opsledger/test/deployment"
)

// crowded is a page of somebody who has all the streams of events that one user may have: it says that it is not live,
// shows nevertheless what changes, and is live once there is a place.
func crowded(t *testing.T, s *System) {
	id := s.Created(s.Post("/auth/register_local", `{"username":"crowd","password":"secret","password2":"secret","email":"crowd@example.org"}`))
	s.Put("/admin/users/"+id, `{"role_ids":[3,7]}`)
	elsewhere := deployment.NewCaller(t, s.Address)
	t.Cleanup(elsewhere.Client.CloseIdleConnections)
	elsewhere.LoginAs("crowd", "secret")
	var streams []io.Closer
	for range 8 {
		stream, err := elsewhere.Stream("/v1/events", "")
		if err != nil {
			t.Fatal(err)
		}
		streams = append(streams, stream)
	}
	p := s.Open(t)
	p.Expect("429")
	p.logIn("crowd", "secret")
	p.Go("/console/zones?lang=en&q=crowded.example")
	p.WaitText("Not live")
	s.zone("crowded.example")
	p.Wait(`document.querySelector('[data-testid=zone-row]')`)
	p.Accessible("a page that is not live")
	for _, stream := range streams {
		_ = stream.Close()
	}
	p.Wait(`document.querySelector('.stream.on')`)
}

// restarted is a page under which the program was killed and started again: it says so, does then what was asked for meanwhile,
// once, and is live again.
func restarted(t *testing.T, s *System) {
	id, address := s.zone("restarted.example", "www 192.0.2.1")
	p := s.As(t, "admin", deployment.Password)
	p.Expect("ERR_")
	p.Go(address)
	p.Wait(`document.querySelectorAll('[data-testid=record-row]').length === 1 && document.querySelector('.stream.on')`)
	s.Kill()
	p.Eval(`document.querySelector('[role=grid]').focus();`)
	p.Keys("n")
	p.Type("record-host", "meanwhile")
	p.Type("record-value", "192.0.2.2")
	p.Click("preview")
	p.Wait(`document.querySelector('.away[role=alert]')`)
	p.Accessible("a page without its program")
	s.Start()
	p.Wait(`!document.querySelector('.away')`)
	p.applied()
	p.Wait(`document.querySelectorAll('[data-testid=record-row]').length > 1`)
	s.WantAnswer("meanwhile.restarted.example.", "A", "192.0.2.2")
	s.Post("/dns/records", `{"zone_id":`+id+`,"view_name":"world","host":"elsewhere","value":"192.0.2.3"}`)
	p.WaitText("elsewhere")
}
