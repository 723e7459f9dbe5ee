package system

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// printedWalk is the commands that the last start has printed.
func printedWalk(t *testing.T, s *deployment.Dev) string {
	t.Helper()
	said := s.Said.String()
	at := strings.LastIndex(said, "\nTry it")
	if at < 0 {
		t.Fatalf("no walk in %s", said)
	}
	_, walk, _ := strings.Cut(said[at+1:], "\n")
	walk, _, found := strings.Cut(walk, "\nCtrl-C")
	if !found {
		t.Fatalf("the walk does not end: %s", walk)
	}
	return walk
}

// wantWalk runs the walk; it must end with what dig got for the record that it made.
func wantWalk(t *testing.T, s *deployment.Dev, environment ...string) {
	t.Helper()
	walk := printedWalk(t, s)
	const printed, patient = "?wait=5s", "?wait=60s" // this machine may be busy
	if !strings.Contains(walk, printed) {
		t.Errorf("the walk does not wait:\n%s", walk)
	}
	said := deployment.Shell(t, strings.ReplaceAll(walk, printed, patient), environment...)
	if !strings.Contains(said, "INSYNC") || !strings.HasSuffix(said, "192.0.2.1\n") {
		t.Errorf("the walk\n%s\nsaid\n%s", walk, said)
	}
}

// What dev prints works as it is printed, whatever is there: at the first start with the
// password in it, at later starts with the one that the user knows, on what the first walk
// made, on what else is there, and on nothing.
func TestPrintedWalkWorks(t *testing.T) {
	t.Parallel()
	s := deployment.NewDev(t, t.TempDir())
	s.Start()
	wantWalk(t, s)

	s.Stop()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("it's \"another\" $one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	deployment.Command(t, "reset-password", "--data", s.Data, "--password-file", file, "admin")
	const password = `PASSWORD=it's "another" $one`
	s.Start()
	wantWalk(t, s, password)
	if said := deployment.Shell(t, printedWalk(t, s)+"\ntrue"); !strings.Contains(said, "set it first") {
		t.Errorf("a walk without a password says %s", said)
	}

	s.LoginAs("admin", `it's "another" $one`)
	s.Live(s.Delete("/dns/zones/1"))
	s.Live(s.Delete("/dns/views/1"))
	s.Created(s.Post("/dns/views", `{"name":"office","acl":"10.0.0.0/8"}`)) // serves nobody here
	s.PostLive("/dns/zones", `{"name":"example.com","zone_type":"master","view_ids":[2]}`)
	s.Stop()
	s.Start()
	wantWalk(t, s, password)
}

// A port in use is known before anything is made or printed, and the flag is named.
func TestPortsAreTriedFirst(t *testing.T) {
	t.Parallel()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	for flag, taken := range map[string]net.Addr{"--http": nil, "--nats-listen": tcp.Addr(), "--dns": udp.LocalAddr(), "--ddns": udp.LocalAddr()} {
		data := filepath.Join(t.TempDir(), "data")
		var flags []string
		if taken != nil {
			flags = []string{flag, taken.String()}
		}
		s := deployment.NewDev(t, data, flags...)
		if taken == nil {
			defer testkit.Listen(t, s.Address).Close()
		}
		s.RefusesToStart(flag + ": ")
		if said := s.Said.String(); strings.Contains(said, "admin  ") || strings.Contains(said, "is ready") {
			t.Errorf("%s: it says %s", flag, said)
		}
		if _, err := os.Stat(data); !os.IsNotExist(err) {
			t.Errorf("%s: something was made: %v", flag, err)
		}
	}
}

// The port of named is kept from the start of dev on, until named has it, and a named that
// outlived its dev is no stranger.
func TestDNSPortIsKept(t *testing.T) {
	t.Parallel()
	s := deployment.StartDev(t, t.TempDir())
	_, zone := s.MakeZone("example.com")
	for n := range 2 {
		s.Kill()
		s.Start()
		s.PostLive("/dns/records", deployment.RecordBody(fmt.Sprint("www", n), "192.0.2.1", zone))
	}
	s.WantAnswer("www1.example.com.", "A", "192.0.2.1")
}

// An agent's credentials are not overwritten by another's; its own are written anew.
func TestEnrollKeepsOthersCredentials(t *testing.T) {
	t.Parallel()
	s := deployment.StartServe(t, "serve")
	folder := t.TempDir()
	enroll := func(machine, file string) (string, error) {
		return refused(t, "agent", "enroll", "--data", s.Data, "--machine", machine, "--create", "--inside-ip",
			map[string]string{"web01": "10.0.0.1", "web02": "10.0.0.2", "web03": "10.0.0.3"}[machine], "--creds", filepath.Join(folder, file))
	}
	for _, machine := range []string{"web01", "web02"} {
		if said, err := enroll(machine, machine+".creds"); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
	}
	before, err := os.ReadFile(filepath.Join(folder, "web02.creds"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "notes"), []byte("mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	head := s.Head()
	for machine, c := range map[string][2]string{
		"web01": {"web02.creds", "which is another agent"}, "web03": {"web02.creds", "which is another agent"}, "web02": {"notes", "not an agent's credentials"},
	} {
		if said, err := enroll(machine, c[0]); err == nil || !strings.Contains(said, "--creds: ") || !strings.Contains(said, c[1]) {
			t.Errorf("%s into %s: %v: %s", machine, c[0], err, said)
		}
	}
	if after := s.Head(); after != head {
		t.Errorf("what was refused appended %d events", after-head)
	}
	if after, err := os.ReadFile(filepath.Join(folder, "web02.creds")); err != nil || string(after) != string(before) {
		t.Errorf("another's credentials were changed: %v", err)
	}
	if said, err := enroll("web02", "web02.creds"); err != nil {
		t.Errorf("its own: %v: %s", err, said)
	}
}

// An agent without NATS says why, and goes on saying so.
func TestAgentSaysWhyNATSIsAway(t *testing.T) {
	t.Parallel()
	s := deployment.StartServe(t, "serve")
	n := deployment.EnrollNameServer(t, s.Data, "--public-nats-url", "nats://"+testkit.Address(t))
	told := n.Said.Printed("connection refused")
	n.Start()
	testkit.Await(t, "the agent gives the reason", told)
	testkit.Await(t, "it gives the reason again", n.Said.Printed("connection refused"))
	if said := n.Said.String(); strings.Contains(said, `"error":null`) {
		t.Errorf("the agent says %s", said)
	}
}

// diskOf is a folder with a disk of its own, of a size in MiB.
func diskOf(t *testing.T, size int) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0711", size)); err != nil {
		t.Skipf("no small disk can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill writes a file until its disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for part := make([]byte, 64<<10); err == nil && len(part) > 0; part = part[:len(part)/2] {
		for err == nil {
			_, err = f.Write(part)
		}
		if errors.Is(err, unix.ENOSPC) {
			err = nil
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// refused runs one of the short commands, which may fail, and returns what it said.
func refused(t *testing.T, args ...string) (said string, err error) {
	t.Helper()
	text, err := exec.CommandContext(t.Context(), testkit.Program(t), args...).CombinedOutput()
	return string(text), err
}

// A full disk: what cannot be written is refused, /readyz gives the reason, and when there
// is room again all goes on. The small disk has room for output from the start.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := diskOf(t, 512)
	s := deployment.NewServeOn(t, "serve", filepath.Join(disk, "data"))
	little := s.Said.Printed("the disk has little room")
	s.Start()
	s.Login()
	testkit.Await(t, "there is room for output, and less than wanted", little)
	_, zone := s.MakeZone("example.com")
	awaitReply(t, s, "/readyz", http.StatusOK, "ready")

	fillers, turn := filepath.Join(disk, "fillers"), 0
	if err := os.Mkdir(fillers, 0o700); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "writes are refused, and /readyz says that PostgreSQL has no room", func() bool {
		turn++
		fill(t, filepath.Join(fillers, strconv.Itoa(turn))) // what was freed meanwhile, too
		reply, _, err := s.Ask(http.MethodPost, "/v1/batch", manyRecords(zone, turn), "")
		if err != nil || reply.StatusCode != http.StatusServiceUnavailable {
			return false
		}
		reply, body, err := s.Ask(http.MethodGet, "/readyz", "", "")
		return err == nil && reply.StatusCode == http.StatusServiceUnavailable && strings.Contains(body, "PostgreSQL")
	})
	if err := os.RemoveAll(fillers); err != nil {
		t.Fatal(err)
	}
	awaitReply(t, s, "/readyz", http.StatusOK, "ready")
	testkit.Eventually(t, "a write is acknowledged", func() bool {
		_, taken := post(t, s, "/dns/records", deployment.RecordBody("after", "192.0.2.3", zone), "after")
		return taken
	})
}
