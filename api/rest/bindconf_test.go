package rest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

const secretKey = "c2VjcmV0IG9mIHRoZSBrZXk="

func TestBindConf(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	checked := ""
	s := newStack(t, func(c *config) {
		c.CheckConf = func(_ context.Context, conf *dns.BindConf) error {
			text := conf.String()
			mu.Lock()
			defer mu.Unlock()
			checked = text
			if strings.Contains(text, "nobody") {
				return errors.New("nobody is there")
			}
			if strings.Contains(text, "recursion maybe") {
				return domain.Invalid("bind_conf", "named.conf:1: boolean expected near 'maybe'")
			}
			return nil
		}
	})
	s.expectConf(s.do("GET", "/dns/bind_conf", nil), dns.DefaultBindConf)
	s.header(s.do("GET", "/dns/bind_conf", nil), "ETag", `"0"`)

	plain := "// mine\noptions {\n\trecursion no;\n};\n"
	s.expectConf(s.do("POST", "/dns/bind_conf", m{"bind_conf": plain}, with("If-Match", `"0"`)), plain)
	s.expectConf(s.do("GET", "/dns/bind_conf", nil), plain)

	keyed := plain + "key \"k\" { algorithm hmac-sha256; secret \"" + secretKey + "\"; };\n"
	posted := s.do("POST", "/dns/bind_conf", m{"bind_conf": keyed})
	shown := s.confOf(posted)
	if strings.Contains(posted.body, secretKey) || !strings.Contains(shown, `secret "vault:`) {
		t.Errorf("the secret is shown: %s", posted.body)
	}
	if want := "options {\n\trecursion no;\n};\nkey \"k\" {\n\talgorithm hmac-sha256;\n\tsecret \"" + secretKey + "\";\n};\n"; checked != want {
		t.Errorf("checked: %s", checked)
	}
	// What is read can be sent back; the secret stays, and nothing changes.
	again := s.do("POST", "/dns/bind_conf", m{"bind_conf": shown})
	s.expectConf(again, shown)
	s.header(s.do("GET", "/dns/bind_conf", nil), "ETag", posted.header.Get("ETag"))
	s.expectConf(s.do("POST", "/dns/bind_conf", m{"bind_conf": keyed}), shown)
	edited := strings.Replace(shown, "recursion no", "recursion yes", 1)
	s.expectConf(s.do("POST", "/dns/bind_conf", m{"bind_conf": edited}), edited)
	if !strings.Contains(checked, secretKey) {
		t.Errorf("checked without its secret: %s", checked)
	}

	other, err := s.cfg.Vault.Put(t.Context(), "password", []byte("c3RvbGVu"))
	must(t, err)
	stolen := "key \"k\" { algorithm hmac-sha256; secret \"vault:" + other.String() + "\"; };\n"
	s.expect(s.do("POST", "/dns/bind_conf", m{"bind_conf": stolen}), 400, failedWith("bind_conf: 引用了当前版本中不存在的密钥！"))
	s.expect(s.do("POST", "/dns/bind_conf", m{"bind_conf": "options { recursion maybe; };"}), 400, failedWith("bind_conf: named.conf:1: boolean expected near 'maybe'"))
	s.expect(s.do("POST", "/dns/bind_conf", m{"bind_conf": "options { version \"nobody\"; };"}), 503, failedWith(textNoChecker))
	s.expect(s.do("POST", "/dns/bind_conf", m{"bind_conf": ""}), 400, failedWith("bind_conf: 不能为空！"))
	for _, bad := range []string{"line1\nline2\nline3", `zone "a" { type master; };`, `include "/etc/passwd";`, "controls { };", `view "v" { };`} {
		s.refuses("/dns/bind_conf", m{"bind_conf": bad}, "bind_conf")
	}
	log, err := s.store.Read(t.Context(), 0, 100)
	must(t, err)
	for _, e := range log {
		if strings.Contains(string(e.Data), secretKey) {
			t.Errorf("the secret is in the log: %s", e.Data)
		}
	}
}

func (s *stack) expectConf(got reply, text string) {
	s.t.Helper()
	encoded, err := api.EncodeJSON(struct {
		Message  string `json:"message"`
		BindConf string `json:"bind_conf"`
	}{"OK", text})
	must(s.t, err)
	s.expect(got, 200, strings.TrimSpace(string(encoded)))
}

func (s *stack) confOf(got reply) string {
	s.t.Helper()
	var body struct {
		BindConf string `json:"bind_conf"`
	}
	must(s.t, json.Unmarshal([]byte(got.body), &body))
	return body.BindConf
}
