package system

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nkeys"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// enrolmentToken makes a token for what the body names.
func enrolmentToken(t *testing.T, c *deployment.Caller, body string) (token, path string) {
	t.Helper()
	reply, text := c.Call(http.MethodPost, "/v1/enrolment-tokens", body)
	var made struct{ Token string }
	if err := json.Unmarshal([]byte(text), &made); err != nil || reply.StatusCode != http.StatusOK {
		t.Fatalf("token: status %d %v: %s", reply.StatusCode, err, text)
	}
	return made.Token, reply.Header.Get("Location")
}

// A host that has nothing but a token gets an agent whose key was made there, and which serves; another token replaces it.
// Its former agent is trusted no longer. The server's deletion ends the tokens that are left.
func TestHostsRedeemTokens(t *testing.T) {
	t.Parallel()
	serve := deployment.StartServe(t, "serve", "--nats-listen", testkit.Address(t))
	serve.Post("/dns/servers", `{"host":"ns1.example","ip":"127.0.0.1","env":"prod","dns_server_type":"master","zb_process_itemid":"-",`+
		`"zb_port_itemid":"-","zb_resolve_itemid":"-","zb_resolve_rate_itemid":"-"}`)
	token, _ := enrolmentToken(t, serve.Caller, `{"server_id":1}`)
	first := deployment.RedeemNameServer(t, token, "--url", serve.URL(""))
	first.Start()
	serve.MakeLiveZone("a.example", "192.0.2.1")
	first.WantAnswer("www.a.example.", "A", "192.0.2.1")
	serve.WantBody("/v1/enrolment-tokens?server_id=1", `"state":"used"`, `"used_from":"127.0.0.1"`, `"username":"admin"`)

	refused := first.Said.Printed("the credentials may have been withdrawn")
	second := deployment.RedeemNameServer(t, strings.TrimSpace(deployment.Command(t, "agent", "token", "--server", "1", "--data", serve.Data)), "--url", serve.URL(""))
	testkit.Await(t, "the former agent is refused", refused)
	first.Kill()
	second.Start()
	serve.PostLive("/dns/records", `{"zone_id":1,"view_name":"office","host":"two","record_type":"A","value":"192.0.2.2"}`)
	second.WantAnswer("two.a.example.", "A", "192.0.2.2")

	left, _ := enrolmentToken(t, serve.Caller, `{"server_id":1}`)
	serve.Delete("/dns/servers/1")
	second.Retires()
	if status := redeem(t, serve.Caller, left, publicKey(t)); status != http.StatusBadRequest {
		t.Errorf("a token of a deleted server: status %d", status)
	}
}

// The answer to a token is the same for the same key, and of no use to another: used, revoked and unknown tokens are
// refused alike.
func TestTokensAreUsedOnce(t *testing.T) {
	t.Parallel()
	serve := deployment.StartServe(t, "serve")
	serve.Call(http.MethodPost, "/api/machine", `{"action":"add","data":{"machine_name":"web01","inside_ip":"10.0.0.1","outside_ip":"10.0.0.1","is_initialized":1,"location":"-","usage":"-"}}`)
	token, _ := enrolmentToken(t, serve.Caller, `{"machine":"web01","expires_in_s":600}`)
	key := publicKey(t)
	for range 2 {
		if status := redeem(t, serve.Caller, token, key); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
	}
	revoked, path := enrolmentToken(t, serve.Caller, `{"machine":"web01"}`)
	serve.Delete(path)
	stranger := deployment.NewCaller(t, serve.Address)
	var said []string
	for _, bad := range []string{token, revoked, revoked[:len(revoked)-4] + "AAAA", "ole_short"} {
		reply, text := stranger.Call(http.MethodPost, "/v1/enrolments", `{"token":"`+bad+`","public_key":"`+publicKey(t)+`"}`)
		if said = append(said, text); reply.StatusCode != http.StatusBadRequest || text != said[0] {
			t.Errorf("%s: status %d: %s", bad, reply.StatusCode, text)
		}
	}
	serve.WantBody("/v1/enrolment-tokens?machine=web01", `"state":"used"`, `"state":"revoked"`)

	creds := filepath.Join(t.TempDir(), "web01.creds")
	next, _ := enrolmentToken(t, serve.Caller, `{"machine":"web01"}`)
	deployment.Command(t, "agent", "redeem", "--token", next, "--creds", creds, "--url", serve.URL(""))
	if text, err := os.ReadFile(creds); err != nil || !strings.Contains(string(text), `"kind":"host"`) {
		t.Errorf("%v: %s", err, text)
	}
	if _, err := os.Lstat(creds + ".key"); err == nil {
		t.Error("the key is left beside the credentials")
	}
}

func publicKey(t *testing.T) string {
	t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	key, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func redeem(t *testing.T, c *deployment.Caller, token, key string) int {
	t.Helper()
	reply, _ := c.Call(http.MethodPost, "/v1/enrolments", `{"token":"`+token+`","public_key":"`+key+`"}`)
	return reply.StatusCode
}
