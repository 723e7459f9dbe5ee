package bind

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/protocol"
)

// Whoever sends a configuration, by a request or in an event: named and its checking
// program open no file of the sender's choice and load no code, and nothing of a file
// comes back. NAME stands for a file that everybody may read.
func TestConfigurationReadsNoFiles(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.view("one", "any")
	h.applied()
	secret := filepath.Join("/tmp", "opsledger-"+filepath.Base(h.dir)+"-secret")
	if err := os.WriteFile(secret, []byte("root:x:0:0 secret-words;\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(secret) })
	for _, attack := range []string{
		`acl ab/**/* "*/{ none; }; include "NAME"; //" ;`,
		`acl ab/**/* "*/{ none; }; plugin query "NAME"; //" ;`,
		`acl ab/***/* "*/{ none; }; include "NAME"; //" ;`,
		`acl a/**/* "*/ b { none; }; dyndb "x" "NAME" { }; //" ;`,
		`include "NAME";`,
		`plugin query "NAME";`,
		`dyndb "x" "NAME" { };`,
		`options { foo "; include " NAME ";"; };`,
		`options { bindkeys-file "NAME"; };`,
		`tls x { ca-file "NAME"; };`,
		`logging { channel x { file "NAME"; }; };`,
		`view "x" { include "NAME"; };`,
	} {
		text := strings.ReplaceAll(attack, "NAME", secret)
		err := h.engine.CheckConf(t.Context(), text)
		var refused *domain.Error
		if !errors.As(err, &refused) || strings.Contains(refused.Message, "secret-words") || strings.Contains(refused.Message, "not found") {
			t.Errorf("%s: %v, want a refusal", text, err)
		}
		at := h.emit(dns.BindConfChanged{Text: text})
		h.until("the refusal of "+text, func(r protocol.Report) bool {
			return r.Applied == h.position && len(r.Failures) == 1 && r.Failures[0].Since == at &&
				!strings.Contains(r.Failures[0].Message, "secret-words") && !strings.Contains(r.Failures[0].Message, "not found")
		})
		conf, err := os.ReadFile(h.engine.layout.conf())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(conf), secret) {
			t.Errorf("%s came into named.conf:\n%s", text, conf)
		}
		h.emit(dns.BindConfChanged{Text: "options { recursion no; };"})
		h.applied()
	}
}

// A text that was accepted when comments could touch words means what it meant.
func TestStoredConfigurationKeepsItsMeaning(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.emit(dns.BindConfChanged{Text: "options { recursion no/* x */; version \"1; 2\"; };//y\nacl a { 10.0.0.0 / 8; };"})
	h.applied()
	conf, err := os.ReadFile(h.engine.layout.conf())
	if err != nil || !strings.Contains(string(conf), "recursion no;") || !strings.Contains(string(conf), `version "1; 2";`) {
		t.Errorf("%v:\n%s", err, conf)
	}
}
