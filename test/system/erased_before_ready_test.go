package system

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// A vault was put back behind opsledger's back to what it was before a user was deleted: when serve
// is ready, the user's key is destroyed again.
func TestErasedBeforeReady(t *testing.T) {
	t.Parallel()
	url := testkit.PostgresURL(t)
	s := deployment.StartServe(t, "serve", "--database-url", url, "--key-file", filepath.Join(t.TempDir(), "key"))
	const person = `{"action":"add","data":[{"username":"erased","passwd":"secret of it","mail":"erased@example.org","department":"d","permissions":"8"}]}`
	if _, said := s.Call(http.MethodPost, "/api/user", person); !strings.Contains(said, "add user ok") {
		t.Fatal(said)
	}
	pool := deployment.OpenPool(t, url)
	run := func(sql string) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	run("CREATE TABLE public.backup AS SELECT * FROM vault.secrets WHERE kind IN ('personal', 'password')")
	if _, said := s.Call(http.MethodDelete, "/api/user?username=erased", ""); !strings.Contains(said, "delete user ok") {
		t.Fatal(said)
	}
	lost := func() (n int) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM public.backup b WHERE NOT EXISTS (SELECT FROM vault.secrets s WHERE s.id = b.id)").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	testkit.Eventually(t, "the user's secrets are destroyed", func() bool { return lost() == 2 })
	s.Stop()
	run("INSERT INTO vault.secrets SELECT * FROM public.backup ON CONFLICT DO NOTHING")
	s.Start()
	if lost() != 2 {
		t.Error("destroyed secrets are back, and serve is ready")
	}
}
