package system

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/internal/datafolder"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// resetPassword runs the command with this standard input, and returns all that it says.
func resetPassword(t *testing.T, input string, args ...string) (said string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), testkit.Program(t), append([]string{"reset-password"}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// wantVoid wants whoever logged in before to be nobody now.
func wantVoid(t *testing.T, c *deployment.Caller) {
	t.Helper()
	if reply, body := c.Call(http.MethodGet, "/dns/views", ""); reply.StatusCode != http.StatusForbidden {
		t.Errorf("the old token gives %s: %s", reply.Status, body)
	}
}

// A password is reset while the system runs and while it is stopped. Tokens end at once,
// the old password is of no use, and the log has an event for each.
func TestResetPassword(t *testing.T) {
	t.Parallel()
	s := deployment.StartServe(t, "serve")
	said, err := resetPassword(t, "", "--data", s.Data, "--random", "ADMIN")
	random := regexp.MustCompile(`(?m)^  password  (\S{20,}) `).FindStringSubmatch(said)
	if err != nil || random == nil {
		t.Fatalf("%v: %s", err, said)
	}
	wantVoid(t, s.Caller)
	s.LoginAs("admin", random[1])

	s.Stop()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("from a file\r\nsecond line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	said, err = resetPassword(t, "", "--data", s.Data, "--password-file", file, "admin")
	if err != nil || strings.Contains(said, "from a file") {
		t.Fatalf("%v: %s", err, said)
	}
	said, err = resetPassword(t, "from a pipe", "--data", s.Data, "admin")
	if err != nil || strings.Contains(said, "from a pipe") {
		t.Fatalf("%v: %s", err, said)
	}
	s.Start()
	wantVoid(t, s.Caller)
	for _, old := range []string{deployment.Password, random[1], "from a file"} {
		reply, body := s.Call(http.MethodPost, "/auth/login_local", `{"username":"admin","password":"`+old+`"}`)
		if reply.StatusCode != http.StatusForbidden {
			t.Errorf("%q logs in: %s", old, body)
		}
	}
	s.LoginAs("admin", "from a pipe")
	changed := 0
	for _, kind := range s.OpenLog().Types(access.TagUser(access.AdminID)) {
		if kind == (access.UserPasswordChanged{}).EventType() {
			changed++
		}
	}
	if changed != 3 {
		t.Errorf("%d events of three passwords", changed)
	}
}

// What stands against a new password is said in one line, and nothing is made or changed.
func TestResetPasswordRefuses(t *testing.T) {
	t.Parallel()
	s := deployment.StartServe(t, "serve")
	empty, held := t.TempDir(), t.TempDir()
	if err := os.Mkdir(filepath.Join(held, "postgres"), 0o700); err != nil {
		t.Fatal(err)
	}
	folder, err := datafolder.Open(held)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	const good = "a good password"
	before := s.Head()
	for _, c := range []struct {
		input, says string
		args        []string
	}{
		{good, `user "nobody": there is no such user`, []string{"--data", s.Data, "nobody"}},
		{good, `user "../admin": there is no such user`, []string{"--data", s.Data, "../admin"}},
		{"short", "a password has 6 to 128 characters", []string{"--data", s.Data, "admin"}},
		{strings.Repeat("x", 129), "a password has 6 to 128 characters", []string{"--data", s.Data, "admin"}},
		{"\xff\xfe and more", "in UTF-8", []string{"--data", s.Data, "admin"}},
		{"\n" + good, "there is nothing in the first line", []string{"--data", s.Data, "admin"}},
		{good, "not both", []string{"--data", s.Data, "--random", "--password-file", "/dev/null", "admin"}},
		{good, "no such file", []string{"--data", s.Data, "--password-file", empty + "/away", "admin"}},
		{good, "give the name of one user", []string{"--data", s.Data}},
		{good, "give the name of one user", []string{"--data", s.Data, "admin", "alice"}},
		{good, "there is no database in", []string{"--data", empty, "admin"}},
		{good, "there is no database in", []string{"--data", filepath.Join(empty, "typo"), "admin"}},
		{good, "in use by a running opsledger", []string{"--data", held, "admin"}},
	} {
		said, err := resetPassword(t, c.input, c.args...)
		if err == nil || !strings.Contains(said, c.says) || strings.Count(said, "\n") != 1 || strings.Contains(said, good) {
			t.Errorf("%v: %v, %s; want %q", c.args, err, said, c.says)
		}
	}
	if after := s.Head(); after != before {
		t.Errorf("the log grew from %d to %d", before, after)
	}
	if made, err := os.ReadDir(empty); err != nil || len(made) != 0 {
		t.Errorf("there is %v, %v", made, err)
	}
	s.LoginAs("admin", deployment.Password)
}

// A terminal is asked twice, and shows nothing of what is typed.
func TestResetPasswordAtATerminal(t *testing.T) {
	t.Parallel()
	s := deployment.StartServe(t, "serve")
	if said, err := atTerminal(t, s.Data, "typed secret", "typed otherwise"); err == nil || !strings.Contains(said, "not the same") {
		t.Errorf("two passwords: %v, %s", err, said)
	}
	s.LoginAs("admin", deployment.Password)
	if said, err := atTerminal(t, s.Data, "typed secret", "typed secret"); err != nil || strings.Contains(said, "typed") {
		t.Errorf("%v: %s", err, said)
	}
	s.LoginAs("admin", "typed secret")
}

// atTerminal types the lines, each when the terminal shows nothing, and returns what it
// has shown.
func atTerminal(t *testing.T, data string, lines ...string) (shown string, err error) {
	t.Helper()
	control, terminal := openTerminal(t)
	cmd := exec.CommandContext(t.Context(), testkit.Program(t), "reset-password", "--data", data, "admin")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	said := testkit.NewOutput(t, "reset-password")
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		_, _ = said.File().ReadFrom(control) // until nobody has the terminal open
	}()
	prompts := []<-chan struct{}{said.Printed("New password: "), said.Printed("The same again: ")}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for i, line := range lines {
		testkit.Await(t, "it asks", prompts[i])
		testkit.Eventually(t, "the terminal shows nothing", func() bool { return !echoes(t, control) })
		if _, err := control.WriteString(line + "\n"); err != nil {
			t.Fatal(err)
		}
	}
	err = cmd.Wait()
	_ = terminal.Close()
	<-copied
	end := said.Printed("\x00")
	if _, err := said.File().WriteString("\x00"); err != nil {
		t.Fatal(err)
	}
	<-end
	return said.String(), err
}

// openTerminal opens a pseudo-terminal: what is typed at control arrives at terminal.
func openTerminal(t *testing.T) (control, terminal *os.File) {
	t.Helper()
	control, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(control.Fd()), unix.TIOCGPTN)
	if err = errors.Join(err, unix.IoctlSetPointerInt(int(control.Fd()), unix.TIOCSPTLCK, 0)); err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(filepath.Join("/dev/pts", strconv.Itoa(number)), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(control.Close(), terminal.Close()) })
	return control, terminal
}

func echoes(t *testing.T, control *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(control.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}
