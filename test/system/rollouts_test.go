package system

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// A configuration goes to the first name server, and to the second once the first is well, whether serve is
// killed or the second one is away meanwhile. One that the first refuses never gets to the second and is taken
// back, and so is one that a user stops, while records go on.
func TestConfigurationsGoOutInStages(t *testing.T) {
	t.Parallel()
	site := deployment.StartSite(t)
	s, first := site.Serve, site.DNS
	s.Login()
	second := deployment.EnrollNameServer(t, s.Data, "--host", "ns2.example", "--ip", "127.0.0.2")
	second.Start()
	zone := s.MakeLiveZone("example.com", "192.0.2.1")
	rollout := func(position int64) string { return fmt.Sprintf("/v1/rollouts/%d", position) }
	change := func(position int64) string { return fmt.Sprintf("/v1/changes/%d", position) }
	await := func(n *deployment.NameServer, version string) {
		t.Helper()
		testkit.Eventually(t, "named is "+version, func() bool { return n.Chaos("version.bind.") == version })
	}
	conf := func(version, more string) int64 {
		return deployment.Position(t, s.Post("/dns/bind_conf", `{"bind_conf":`+strconv.Quote(`options { version "`+version+`"; };`+more)+`}`))
	}
	s.Live(s.Post("/dns/bind_conf", `{"bind_conf":"options { version \"zero\"; };"}`))
	s.Put("/v1/rollout", `{"order":[["ns1.example"]],"soak_s":0}`)

	second.Stop()
	one := conf("one", "")
	await(first, "one")
	awaitReply(t, s, rollout(one), http.StatusOK, `"stage":2`) // the first one is well
	site.RestartServe()
	awaitReply(t, s, rollout(one), http.StatusOK, `"state":"running"`)
	awaitReply(t, s, change(one), http.StatusOK, `"PENDING"`)
	second.Start()
	awaitReply(t, s, rollout(one), http.StatusOK, `"state":"done"`)
	s.LiveAt(one)
	await(second, "one")

	// A folder is in the way of the first one's log file, which nothing that checks configurations can know.
	if err := os.Mkdir(filepath.Join(first.Dir, "var", "other.log"), 0o755); err != nil {
		t.Fatal(err)
	}
	two := conf("two", ` logging { channel other { file "other.log"; }; category default { other; }; };`)
	awaitReply(t, s, rollout(two), http.StatusOK, `"state":"stopped"`)
	awaitReply(t, s, change(two), http.StatusOK, `"FAILED"`)
	s.WantBody("/dns/bind_conf", `version \"one\"`)
	s.LiveAt(s.Head())
	await(first, "one")
	await(second, "one")

	s.Put("/v1/rollout", `{"soak_s":3600}`)
	three := conf("three", "")
	await(first, "three")
	s.PostLive("/dns/records", deployment.RecordBody("meanwhile", "192.0.2.3", zone))
	for _, n := range []*deployment.NameServer{first, second} {
		n.WantAnswer("meanwhile.example.com.", "A", "192.0.2.3")
	}
	awaitReply(t, s, change(three), http.StatusOK, "waits for stage 2 of 2")
	if is := second.Chaos("version.bind."); is != "one" {
		t.Errorf("the second is %q before its stage", is)
	}
	s.Live(s.Post(rollout(three)+"/stop", "{}"))
	await(first, "one")
	await(second, "one")
}
