package console

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/test/deployment"
)

// people are a role that grants one zone, and a user who holds it: who logs in as that user sees the zone and no other.
func people(t *testing.T, s *System) {
	s.zone("people.example")
	p := s.As(t, "admin", deployment.Password)
	p.Go("/console/roles")
	p.Click("role-add")
	p.Type(p.Label("Name"), "people")
	p.Click("dialog-submit")
	p.Wait(`/roles\/\d+$/.test(location.pathname) && document.querySelector('[data-testid=role-edit]')`)
	p.Click("role-edit")
	p.Type(p.Label("Find privileges"), "ZONE#people.example#ACCESS")
	p.Wait(`document.querySelectorAll('.checks input').length === 1`)
	p.Click(".checks input")
	p.Accessible("the privileges of a role")
	p.Click("dialog-submit")
	p.Wait(`!document.querySelector('dialog') && document.querySelector('table')?.innerText.includes('people.example')`)

	p.Go("/console/users")
	p.Click("user-add")
	p.Type(p.Label("Username"), "erin")
	p.Type(p.Label("Password"), "secret of erin")
	p.Type(p.Label("Mail"), "erin@example.org")
	p.Type(p.Label("Department"), "Web")
	p.Accessible("a new user")
	p.Click("dialog-submit")
	p.Wait(`/users\/\d+$/.test(location.pathname) && document.querySelector('h1')?.innerText === 'erin'`)
	p.Click(".page-actions button:nth-of-type(2)")
	p.Wait(`document.querySelectorAll('dialog .checks input').length > 7`)
	p.Eval(`[...document.querySelectorAll('dialog .checks label')].find((l) => l.innerText.startsWith('people')).click();`)
	p.Click("dialog-submit")
	p.Wait(`!document.querySelector('dialog') && document.querySelector('.columns').innerText.includes('people')`)
	p.Accessible("a user")

	erin := s.As(t, "erin", "secret of erin")
	erin.Go("/console/zones")
	erin.Wait(`document.querySelectorAll('[data-testid=zone-row]').length === 1 && document.body.innerText.includes('people.example')`)
	if offered := erin.Eval(`return ['zone-add', 'nav-users', 'nav-conf'].filter((id) => document.querySelector('[data-testid=' + id + ']'));`); fmt.Sprint(offered) != "[]" {
		t.Errorf("erin is offered %v", offered)
	}
}

// credentials are a token that is made, used, and ended.
func credentials(t *testing.T, s *System) {
	p := s.As(t, "admin", deployment.Password)
	p.Go("/console/credentials")
	p.Click("credential-add")
	p.Type(p.Label("Name"), "walk")
	p.Accessible("a new credential")
	p.Click("dialog-submit")
	p.Wait(`document.querySelector('[data-testid=secret]')?.value`)
	p.Accessible("a secret")
	secret := fmt.Sprint(p.Eval(`return document.querySelector('[data-testid=secret]').value;`))
	p.Click("secret-done")
	row := `[...document.querySelectorAll('[data-testid=credential-row]')].find((r) => r.innerText.includes('walk'))`
	p.Wait(row)
	use := func() int {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL("/dns/zones"), nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+secret)
		reply, err := s.Client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer reply.Body.Close()
		return reply.StatusCode
	}
	if status := use(); status != http.StatusOK {
		t.Errorf("the credential is answered by %d", status)
	}
	p.Eval(row + `.querySelector('button').click();`)
	p.Click("confirm")
	p.Wait(`!(` + row + `)`)
	if status := use(); status != http.StatusForbidden {
		t.Errorf("the ended credential is answered by %d", status)
	}
}

// webhooks is an address that is refused at its field, one that is sent what happens, and is tried by hand.
func webhooks(t *testing.T, s *System) {
	got := make(chan string, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- string(body)
	}))
	t.Cleanup(receiver.Close)
	p := s.As(t, "admin", deployment.Password)
	p.Expect("400")
	p.Go("/console/webhooks")
	p.Click("webhook-add")
	p.Type(p.Label("Address"), "http://192.0.2.1/")
	p.Click("dialog-submit")
	p.Wait(`document.querySelector('dialog [aria-invalid=true]')`)
	p.Accessible("an address that is refused")
	p.Type(p.Label("Address"), receiver.URL)
	p.Type(p.Label("Types of events"), "ZoneCreated")
	p.Click("dialog-submit")
	p.Click("secret-done")
	p.Wait(`document.querySelectorAll('[data-testid=webhook-row]').length === 1`)
	p.Click("[data-testid=webhook-row] button")
	p.ClickText("Send a test")
	p.WaitText("Delivered in")
	s.zone("webhooks.example")
	for body := range got {
		if strings.Contains(body, "webhooks.example") {
			break
		}
	}
	p.Wait(`document.querySelector('[data-testid=webhook-row]').innerText.includes('Delivering')`)
	p.Accessible("a webhook")
}
