package console

import (
	"context"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// System is a `dev` with some data, and a browser.
type System struct {
	*deployment.Dev
	browser context.Context
}

// walks are what people do. Each runs beside the others, on the one system: it names what it makes
// after itself, and leaves what others made alone.
var walks = map[string]func(*testing.T, *System){
	"login":     login,
	"pages":     everyPage,
	"zone":      zoneWalk,
	"conflict":  conflictWalk,
	"time":      timeWalk,
	"import":    importWalk,
	"reader":    readerWalk,
	"large":     largeWalk,
	"no stream": withoutStream,

	"configuration": configuration,
	"people":        people,
	"credentials":   credentials,
	"webhooks":      webhooks,

	"task":        task,
	"long output": longOutput,
	"audit":       audit,
	"proof":       proof,
}

func TestConsole(t *testing.T) {
	t.Parallel()
	s := &System{Dev: deployment.StartDev(t, t.TempDir(), "--webhook-allow", "127.0.0.1"), browser: startBrowser(t)}
	s.fill()
	t.Run("walks", func(t *testing.T) { // which returns when all of them have ended
		for name, walk := range walks {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				walk(t, &System{Dev: s.In(t), browser: s.browser})
			})
		}
	})
	// These end what the others need.
	t.Run("restart", func(t *testing.T) { restarted(t, &System{Dev: s.In(t), browser: s.browser}) })
	t.Run("drift", func(t *testing.T) { drift(t, &System{Dev: s.In(t), browser: s.browser}) })
}

// fill gives the system what lists show, and people: carol may see servers and zones, dave nothing.
func (s *System) fill() {
	s.Post("/dns/views", `{"name":"office","acl":"10.0.0.0/8\n192.0.2.0/24"}`)
	s.Post("/dns/views", `{"name":"world","acl":"any"}`)
	s.Post("/dns/zones", `{"name":"example.com","zone_type":"master","view_ids":[1,2]}`)
	s.Post("/dns/zones", `{"name":"xn--fsqu00a.example","zone_type":"master","view_ids":[2]}`)
	s.Post("/dns/records", `{"zone_id":1,"view_name":"world","host":"www","value":"192.0.2.1","comment":"web"}`)
	s.Post("/dns/records", `{"zone_id":1,"view_name":"world","host":"@","record_type":"MX","value":"10 mail.example.net."}`)
	for _, name := range []string{"carol", "dave"} {
		s.Post("/auth/register_local", `{"username":"`+name+`","password":"secret","password2":"secret","email":"`+name+`@example.org"}`)
	}
	s.Put("/admin/users/2", `{"role_ids":[3,7]}`)
}
