package system

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// The APIs speak HTTPS alone, with a certificate that may be replaced while they serve:
// half a replacement changes nothing, and is told of, again for a SIGHUP.
func TestAPIsOverTLS(t *testing.T) {
	t.Parallel()
	ca := testkit.NewCA(t)
	cert, key := ca.Issue("127.0.0.1")
	next, nextKey := ca.Issue("127.0.0.1", "second")
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	s := deployment.NewServe(t, "serve", "--http-tls-cert", cert, "--http-tls-key", key, "--nats-listen", testkit.Address(t))
	s.UseTLS(ca.Trust())
	anybodysKey := s.Said.Printed("everybody on this machine may use the key")
	s.Start()
	testkit.Await(t, "the log tells of a key that everybody may read", anybodysKey)
	s.Login()
	if reply, body := s.Call(http.MethodGet, "/readyz", ""); reply.ProtoMajor != 2 || reply.StatusCode != http.StatusOK {
		t.Errorf("%s, %s: %s", reply.Proto, reply.Status, body)
	}
	if url := s.Running().API(); url != "https://"+s.Address || !strings.Contains(s.Said.String(), "API    "+url) {
		t.Errorf("it says that the APIs are at %s, and: %s", url, s.Said.String())
	}
	wantStream(t, s)
	wantPlainRefused(t, s.Address)
	wantOldTLSRefused(t, s.Address)

	first := serialAt(t, s.Address)
	refused := s.Said.Printed("the one before stays")
	copyFile(t, next, cert)
	testkit.Await(t, "half a replacement is refused", refused)
	refused = s.Said.Printed("the one before stays")
	s.Hangup()
	testkit.Await(t, "it says again why, since it was asked", refused)
	if serialAt(t, s.Address) != first {
		t.Error("half a replacement serves")
	}
	copyFile(t, nextKey, key)
	testkit.Eventually(t, "the new certificate serves", func() bool { return serialAt(t, s.Address) != first })
	s.Post("/dns/views", `{"name":"office","acl":"any"}`) // the connection from before goes on
}

// Whoever closes the terminal that a serve was started at still ends it.
func TestClosedTerminalEndsServe(t *testing.T) {
	t.Parallel()
	cert, key := testkit.NewCA(t).Issue("127.0.0.1")
	control, terminal := openTerminal(t)
	said := testkit.NewOutput(t, "serve")
	cmd := exec.CommandContext(t.Context(), testkit.Program(t), "serve", "--data", t.TempDir(), "--http", "127.0.0.1:0",
		"--nats-listen", "", "--http-tls-cert", cert, "--http-tls-key", key, "--log-level", "info")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, said.File(), said.File()
	ready, taken := said.Printed(" is ready\n"), said.Printed("TLS certificate taken over")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "it is ready", ready)
	hangUp := func() {
		if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	hangUp()
	testkit.Await(t, "it reads its files again", taken)
	_ = terminal.Close()
	_ = control.Close()
	ends := said.Printed("the terminal was closed")
	hangUp()
	if err := cmd.Wait(); err == nil {
		t.Error("it ended as if it had been asked to stop")
	}
	testkit.Await(t, "it says why it ends", ends)
}

// wantStream follows what a task prints, which is a reply without an end, by HTTP/2.
func wantStream(t *testing.T, s *deployment.Server) {
	t.Helper()
	m := deployment.EnrollMachine(t, "web01", "10.0.0.1", map[string]string{"note": "echo said by the task"}, "--data", s.Data)
	task := s.NewTask("10.0.0.1", "note", "t", "1", "c")
	s.Execute(task, "update")
	m.Start()
	if _, printed := s.AwaitEnd(task, "succeeded"); !strings.Contains(printed, "said by the task") {
		t.Errorf("the stream has %q", printed)
	}
}

// A certificate that cannot serve is no reason to serve without one.
func TestUnusableCertificate(t *testing.T) {
	t.Parallel()
	ca := testkit.NewCA(t)
	cert, _ := ca.Issue("127.0.0.1")
	_, other := ca.Issue("127.0.0.1")
	deployment.NewServe(t, "serve", "--http-tls-cert", cert, "--http-tls-key", other).RefusesToStart("private key does not match")
	deployment.NewServe(t, "serve", "--http-tls-cert", cert).RefusesToStart("--http-tls-key: is missing beside --http-tls-cert")
}

// wantPlainRefused wants one who speaks plain HTTP to be told so.
func wantPlainRefused(t *testing.T, address string) {
	t.Helper()
	for _, request := range []string{
		"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "POST /auth/login_local HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, request)
		reply, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || reply.StatusCode != http.StatusBadRequest {
			t.Errorf("%.20q: %v, %v", request, reply, err)
		}
		if err == nil {
			_ = reply.Body.Close()
		}
		_ = conn.Close()
	}
}

func wantOldTLSRefused(t *testing.T, address string) {
	t.Helper()
	old := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	if conn, err := tls.Dial("tcp", address, old); err == nil {
		_ = conn.Close()
		t.Error("TLS 1.1 is spoken")
	}
}

func serialAt(t *testing.T, address string) string {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
