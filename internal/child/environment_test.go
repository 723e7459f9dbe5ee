package child_test

import (
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/child"
)

// What is set for opsledger alone does not reach a child, whatever its name.
func TestEnvironmentIsClean(t *testing.T) {
	secrets := []string{"OPSLEDGER_ADMIN_PASSWORD", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "LD_PRELOAD_NOT", "SSH_AUTH_SOCK"}
	for _, name := range secrets {
		t.Setenv(name, "secret")
	}
	t.Setenv("LANG", "C")
	out, err := child.Run(t.Context(), child.Spec{Path: "/usr/bin/env", Env: []string{"LANG=C.UTF-8", "GIVEN=1"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"PATH=", "LANG=C.UTF-8\n", "GIVEN=1\n"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing in %s", want, out)
		}
	}
	if strings.Contains(string(out), "secret") || strings.Contains(string(out), "LANG=C\n") {
		t.Errorf("the environment is %s", out)
	}
}
