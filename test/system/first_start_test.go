package system

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// failLate is a first start that fails once it has made the admin user: a file is where
// the agent wants its folder. The next start finds none.
func failLate(t *testing.T, data string) {
	t.Helper()
	inTheWay := filepath.Join(data, "named")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	deployment.NewDev(t, data).RefusesToStart("not a directory")
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
}

// A first start that fails after it has made the admin user leaves the password
// for the next one to show, which then forgets it.
func TestFirstPasswordIsShownInTheEnd(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	failLate(t, data)
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

// A password that was reset before anybody saw the first one is not told wrong.
func TestFirstPasswordIsResetUnseen(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	failLate(t, data)
	if said, err := resetPassword(t, "another one", "--data", data, "admin"); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if _, err := os.Stat(filepath.Join(data, "admin-password.unseen")); !os.IsNotExist(err) {
		t.Errorf("the next start would show a password that is none: %v", err)
	}
}

// An --admin-password that comes too late is answered, and changes nothing.
func TestLateAdminPassword(t *testing.T) {
	t.Parallel()
	const answer = "--admin-password is ignored, since there is a user already; `opsledger reset-password admin`"
	s := deployment.NewServe(t, "serve")
	s.Start()
	if strings.Contains(s.Said.String(), answer) {
		t.Error("the first start ignores it")
	}
	s.Stop()
	told := s.Said.Printed(answer)
	s.Start()
	testkit.Await(t, "it says that it ignores the password", told)
	s.Login()
}
