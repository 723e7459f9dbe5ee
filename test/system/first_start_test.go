package system

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/opsledger/opsledger/test/deployment"
)

// A first start that fails after it has made the admin user leaves the password
// for the next one to show, which then forgets it.
func TestFirstPasswordIsShownInTheEnd(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	const unusable = "192.0.2.1:0" // not an address of this machine
	deployment.NewDev(t, data, "--dns", unusable).RefusesToStart("192.0.2.1")
	kept, err := os.ReadFile(filepath.Join(data, "admin-password.unseen"))
	if err != nil {
		t.Fatal(err)
	}

	s := deployment.NewDev(t, data)
	s.Start()
	shown := regexp.MustCompile(`(?m)^  admin  (\S{20,}) `).FindStringSubmatch(s.Said.String())
	if shown == nil || shown[1]+"\n" != string(kept) {
		t.Fatalf("no password in %s", s.Said.String())
	}
	s.LoginAs("admin", shown[1])
	if _, err := os.Stat(filepath.Join(data, "admin-password.unseen")); !os.IsNotExist(err) {
		t.Errorf("the password stays on disk: %v", err)
	}
}
