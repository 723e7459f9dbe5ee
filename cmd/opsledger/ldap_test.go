package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/program"
)

// What is wrong with the directory's flags is said in one line, before anything
// is started, and without the password.
func TestDirectoryFlags(t *testing.T) {
	t.Parallel()
	const good = "serve --data= --ldap-url ldaps://ldap.example.org --ldap-bind-dn-template uid={username},dc=example"
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, says string }{
		{good, "--data: no folder"}, // and nothing else
		{good + " --ldap-url ldap://second.example.org", "ldap://second.example.org would get passwords in clear"},
		{good + " --ldap-url ldap://second.example.org --ldap-starttls", "--data: no folder"},
		{good + " --ldap-search-base dc=example", "ldap: give either"},
		{good + " --ldap-timeout 0s", "--ldap-timeout: must be above 0"},
		{good + " --ldap-ca-file /does/not/exist", "ldap CA file"},
		{good + " --ldap-bind-dn cn=reader", "needs a password"},
		{good + " --ldap-bind-dn cn=reader --ldap-bind-password-file " + secret, "--data: no folder"},
		{good + " --ldap-bind-password s3cret --ldap-bind-password-file " + secret, "--ldap-bind-password is given, too"},
		{good + " --ldap-bind-password-file /does/not/exist", "--ldap-bind-password-file: "},
		{"serve --data= --ldap-search-base dc=example", "--ldap-url: is missing"},
		{"serve --data= --trusted-proxies 10.0.0.0/8,::1,192.0.2.1", "--data: no folder"},
		{"serve --data= --trusted-proxies proxy.example.org", `--trusted-proxies: "proxy.example.org" is no address`},
	} {
		err := run(t.Context(), append([]string{"opsledger"}, strings.Fields(c.args)...), io.Discard, io.Discard)
		switch {
		case err == nil || !strings.Contains(err.Error(), c.says):
			t.Errorf("%s: %v", c.args, err)
		case c.says == "--data: no folder" && strings.Contains(program.OneLine(err), ";"):
			t.Errorf("%s: %s", c.args, program.OneLine(err))
		case strings.Contains(err.Error(), "s3cret"):
			t.Errorf("the password is shown: %v", err)
		}
	}
}
