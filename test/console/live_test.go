package console

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/opsledger/opsledger/test/deployment"
)

// withoutStream is a page of somebody who has all the streams of events that one user may have: it says that it is not live,
// shows nevertheless what changes, and is live once there is a place.
func withoutStream(t *testing.T, s *System) {
	id := s.Created(s.Post("/auth/register_local", `{"username":"oscar","password":"secret","password2":"secret","email":"oscar@example.org"}`))
	s.Put("/admin/users/"+id, `{"role_ids":[3,7]}`)
	elsewhere := deployment.NewCaller(t, s.Address)
	t.Cleanup(elsewhere.Client.CloseIdleConnections)
	elsewhere.LoginAs("oscar", "secret")
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
	p.logIn("oscar", "secret")
	p.Go("/console/zones?lang=en&q=nostream.example")
	p.WaitText("Not live")
	s.zone("nostream.example")
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

// drift is a named that somebody ends behind the log's back: the overview says so, the server's page what was found and
// done, and what is to become of drift is chosen there.
func drift(t *testing.T, s *System) {
	p := s.As(t, "admin", deployment.Password)
	p.Go("/console/")
	p.Wait(`document.querySelector('.stream.on')`)
	s.endNamed(t)
	p.WaitText("was changed past the log")
	p.Accessible("an overview with drift")
	p.Click(".needs a")
	p.Wait(`document.querySelector('[data-testid=drift-row]')?.innerText.includes('Repaired')`)
	p.Click("on-drift")
	p.Eval(`const e = document.querySelector('[data-testid=drift-mode]'); e.value = 'report'; e.dispatchEvent(new Event('change', {bubbles: true}));`)
	p.WaitText("The server keeps what it has")
	p.Accessible("what becomes of drift")
	p.Click("dialog-submit")
	p.Wait(`document.querySelector('[data-testid=on-drift]')?.innerText.includes('Report')`)
	p.Accessible("a server with drift")
}

// endNamed kills the named of the system.
func (s *System) endNamed(t *testing.T) {
	t.Helper()
	var files []string
	err := filepath.WalkDir(s.Data, func(path string, _ os.DirEntry, err error) error {
		if filepath.Base(path) == "named.pid" {
			files = append(files, path)
		}
		if os.IsNotExist(err) { // it was there when its folder was read
			return nil
		}
		return err
	})
	if err != nil || len(files) != 1 {
		t.Fatalf("pid files: %v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
