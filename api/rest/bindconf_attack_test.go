package rest

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/workers/control/confcheck"
)

// What a client sends is refused where named might read something else in it, with the
// place, and where it reads a file or loads code: with the real named-checkconf behind
// the API nothing of a file comes back.
func TestBindConfAttacks(t *testing.T) {
	t.Parallel()
	s := newStack(t, func(c *config) { c.CheckConf = confcheck.New(confcheck.Config{}).Check })
	secret := filepath.Join("/tmp", "opsledger-"+filepath.Base(t.TempDir())+"-secret")
	must(t, os.WriteFile(secret, []byte("root:x:0:0 secret-words;\n"), 0o644))
	t.Cleanup(func() { os.Remove(secret) })
	before, err := s.store.Head(t.Context())
	must(t, err)
	for text, says := range map[string]string{
		`acl ab/**/* "*/{ none; }; include "NAME"; //" ;`:          "第1行：注释不能紧跟在词的后面",
		`acl ab/**/* "*/{ none; }; plugin query "NAME"; //" ;`:     "第1行：注释不能紧跟在词的后面",
		"\n\nacl ab/***/* \"*/{ none; }; include \"NAME\"; //\" ;": "第3行：注释不能紧跟在词的后面",
		`acl ab//* "*/{ none; }; include "NAME"; //" ;`:            "第1行",
		"acl ab# {\n{ none; }; //\"\n;":                            "空语句",
		`acl "ab"/**/* "*/{ none; }; include "NAME"; //" ;`:        "注释不能紧跟在词的后面",
		`acl a { !/**/* "*/any; }; include "NAME"; //" ;`:          "第1行",
		`include "NAME";`:              "include",
		`foo "; include " "NAME" ";";`: "foo",
		`options { version none; foo "; include " "NAME" ";"; };`:  "foo",
		`server 1.1.1.1 { foo "; include " "NAME" ";"; };`:         "foo",
		`tls x { foo "; include " "NAME" ";"; };`:                  "foo",
		`logging { channel x { foo "; include " "NAME" ";"; }; };`: "foo",
		`options { dns64-contact "; include "; };`:                 "双引号内不能有",
		`options { rate-limit { include "NAME"; }; };`:             "include",
		`tls x { ca-file "NAME"; };`:                               "ca-file",
		`plugin query "NAME";`:                                     "plugin",
		`dyndb "x" "NAME" { };`:                                    "dyndb",
		`dlz x { database "dlopen NAME"; };`:                       "dlz",
		`options { bindkeys-file "NAME"; };`:                       "bindkeys-file",
		`options { tkey-gssapi-keytab "NAME"; };`:                  "tkey-gssapi-keytab",
		`logging { channel x { file "NAME"; }; };`:                 "日志文件",
		`statistics-channels { inet 0.0.0.0 port 8053; };`:         "statistics-channels",
		"acl a { any; };\racl b { any; };":                         "回车符",
		`acl a\ b { any; };`:                                       "不能识别的字符",
		`acl a "` + "\\" + `"; include "NAME"; };`:                 "双引号内",
	} {
		got := s.do("POST", "/dns/bind_conf", m{"bind_conf": strings.ReplaceAll(text, "NAME", secret)})
		if got.status != http.StatusBadRequest || !strings.Contains(got.body, says) || strings.Contains(got.body, "secret-words") {
			t.Errorf("%s: %d %s, want a refusal that says %s", text, got.status, got.body, says)
		}
	}
	after, err := s.store.Head(t.Context())
	must(t, err)
	if after.Position != before.Position {
		t.Errorf("the log went from %d to %d", before.Position, after.Position)
	}
	s.expect(s.do("POST", "/dns/bind_conf", m{"bind_conf": "options { recursion maybe; };"}), 400,
		failedWith("bind_conf: 第1行：boolean expected near 'maybe'"))
	const browser = "options { recursion no; };\r\n// x\r\n"
	s.expectConf(s.do("POST", "/dns/bind_conf", m{"bind_conf": browser}), browser)
}

// A user has two checks at a time; others are not held up by them.
func TestChecksOfAUserAreBounded(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan bool), make(chan bool)
	s := newStack(t, func(c *config) {
		c.CheckConf = func(_ context.Context, conf *dns.BindConf) error {
			if strings.Contains(conf.String(), "slow") {
				begun <- true
				<-goOn
			}
			return nil
		}
	})
	second := s.member("second", 1)
	ended := make(chan reply)
	for range 2 {
		go func() { ended <- s.do("POST", "/dns/bind_conf", m{"bind_conf": `options { version "slow"; };`}) }()
		<-begun
	}
	refused := s.do("POST", "/dns/bind_conf", m{"bind_conf": "options { recursion no; };"})
	s.expect(refused, 503, failedWith("您已有两份配置正在检查，请稍后重试！"))
	s.header(refused, "Retry-After", "1")
	if got := s.do("POST", "/dns/bind_conf", m{"bind_conf": "options { };"}, with("Authorization", second)); got.status != 200 {
		t.Errorf("another user: %d %s", got.status, got.body)
	}
	close(goOn)
	for range 2 {
		if got := <-ended; got.status != 200 {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	if got := s.do("POST", "/dns/bind_conf", m{"bind_conf": "options { recursion no; };"}); got.status != 200 {
		t.Errorf("afterwards: %d %s", got.status, got.body)
	}
}
