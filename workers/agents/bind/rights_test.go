package bind

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

func onlyRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can run named as another user")
	}
}

// statusOf reads what the kernel says about the host's named.
func (h *host) statusOf(file string) string {
	h.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", h.engine.orphan(), file))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

// expectRights wants named to run as its user with these capabilities alone.
func (h *host) expectRights(capabilities string) {
	h.t.Helper()
	status := h.statusOf("status")
	uid := fmt.Sprint(h.engine.layout.owner.UID)
	for _, want := range []string{
		"Uid:\t" + strings.Join([]string{uid, uid, uid, uid}, "\t") + "\n", "CapPrm:\t" + capabilities + "\n",
		"CapEff:\t" + capabilities + "\n", "NoNewPrivs:\t1\n",
	} {
		if uid == "0" || !strings.Contains(status, want) {
			h.t.Errorf("named lacks %q: %s", want, status)
		}
	}
}

// expectPrivate wants nothing below the engine's directory to be open to others than
// the agent and named.
func (h *host) expectPrivate() {
	h.t.Helper()
	err := filepath.WalkDir(h.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		open := info.Mode().Perm() & 0o077
		if l := h.engine.layout; path == l.dir && l.owner != nil {
			open &^= 0o010 // named's group passes
		}
		if d.Name() != "bin" && filepath.Base(filepath.Dir(path)) != "bin" && open != 0 {
			h.t.Errorf("%s has mode %v", path, info.Mode())
		}
		if owner := info.Sys().(*syscall.Stat_t); h.engine.layout.owner != nil && filepath.Dir(path) == h.engine.layout.zones() {
			if owner.Uid != h.engine.layout.owner.UID {
				h.t.Errorf("%s belongs to user %d", path, owner.Uid)
			}
		}
		return nil
	})
	if err != nil {
		h.t.Error(err)
	}
}

// named is not root, has no capability at a port that needs none, none of the agent's
// variables, and what it writes is its own.
func TestNamedHasNoRightsOfTheAgents(t *testing.T) {
	onlyRoot(t)
	t.Setenv("OPSLEDGER_ADMIN_PASSWORD", "secret")
	h := newHost(t)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.add(z, record(v, "www", "A", "10.0.0.1"))
	h.applied()
	h.add(z, record(v, "x", "A", "10.0.0.2")) // makes a journal
	h.applied()
	h.expectRights("0000000000000000")
	if environ := h.statusOf("environ"); strings.Contains(environ, "OPSLEDGER") || strings.Contains(environ, "secret") {
		t.Errorf("named's environment: %q", environ)
	}
	h.expectPrivate()
	if journals, err := filepath.Glob(filepath.Join(h.engine.layout.zones(), "*.jnl")); err != nil || len(journals) == 0 {
		t.Errorf("there is no journal: %v", err)
	}
}

// An installation of an earlier version, with root's files that everybody may read, is
// mended at the start, and named goes on with its zones.
func TestInstallationIsMended(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.add(z, record(v, "www", "A", "10.0.0.1"))
	h.applied()
	h.stop()
	secret := filepath.Join(t.TempDir(), "secret")
	l := h.engine.layout
	err := errors.Join(os.WriteFile(secret, nil, 0o644),
		os.Symlink(secret, filepath.Join(l.zones(), "link")), os.Link(secret, filepath.Join(l.zones(), "hard")),
		os.WriteFile(filepath.Join(l.dir, "named.log"), []byte("old"), 0o644), unix.Mkfifo(filepath.Join(l.work(), "fifo"), 0o600),
		filepath.WalkDir(h.dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.Type()&fs.ModeSymlink != 0 || d.Name() == "hard" || d.Name() == "fifo" {
				return err
			}
			mode := os.FileMode(0o644)
			if path == l.conf() {
				mode = 0o600
			}
			if d.IsDir() || filepath.Base(filepath.Dir(path)) == "bin" {
				mode = 0o755
			}
			return errors.Join(os.Chmod(path, mode), os.Chown(path, os.Geteuid(), os.Getegid()))
		}))
	if err != nil {
		t.Fatal(err)
	}
	h.start()
	h.applied()
	h.expect("127.0.0.1", "www.a.test", "A", "10.0.0.1")
	info, err := os.Stat(secret)
	if err != nil || info.Mode().Perm() != 0o644 || int(info.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() {
		t.Errorf("a file elsewhere was given away: %v, %v", info, err)
	}
	if err := os.Remove(filepath.Join(l.zones(), "hard")); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(filepath.Join(l.zones(), "link")) // a sweep may have been faster
	h.expectPrivate()
}

// What named's user puts in place of its own files is not read with root's rights.
func TestLinkOfNamedsUserIsNotFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := filepath.Join(dir, "shadow")
	if err := os.WriteFile(secret, []byte("root:$y$secret: critical: "), 0o600); err != nil {
		t.Fatal(err)
	}
	l := layout{dir: filepath.Join(dir, "named")}
	if err := l.create(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Symlink(secret, l.log()), os.Symlink(secret, l.pid()), os.Symlink(secret, l.zoneList(1))); err != nil {
		t.Fatal(err)
	}
	e := &Engine{layout: l}
	if text := lastErrors(l); strings.Contains(text, "secret") {
		t.Errorf("the log led to %q", text)
	}
	if _, err := e.listZones(t.Context(), 1); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the list led to %v", err)
	}
	if _, err := readNamed(l.pid()); err == nil {
		t.Error("the pid file was followed")
	}
	// A folder of named's cannot be exchanged for a link, either.
	if err := errors.Join(os.RemoveAll(l.zones()), os.Symlink(dir, l.zones())); err != nil {
		t.Fatal(err)
	}
	if err := l.create(); err == nil {
		t.Error("a link in place of a folder was followed")
	}
}

func TestNamedUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		if _, err := (Config{User: "root", Supervise: true}).namedUser(); err == nil {
			t.Error("an agent that is not root ran named as root")
		}
		return
	}
	if u, err := (Config{User: "nobody", Supervise: true}).namedUser(); err != nil || u.UID == 0 {
		t.Errorf("nobody: %+v, %v", u, err)
	}
	if u, err := (Config{Supervise: true}).namedUser(); err != nil || u.UID == 0 {
		t.Errorf("by default: %+v, %v", u, err)
	}
	for _, name := range []string{"root", "no-such-user"} {
		if _, err := (Config{User: name, Supervise: true}).namedUser(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(name + " is missing")
	}
	if said, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, said)
	}
}

// newHostAt starts an engine whose named listens there.
func newHostAt(t *testing.T, listen string) *host {
	t.Helper()
	h := &host{t: t, dir: t.TempDir(), ids: 100, listen: netip.MustParseAddrPort(listen)}
	h.start()
	t.Cleanup(h.stop)
	return h
}

// A root agent's named listens on port 53 at all addresses and has that right alone.
func TestPort53(t *testing.T) {
	t.Parallel()
	if !testkit.InNetwork(t) {
		return
	}
	run(t, "ip", "addr", "add", "10.9.0.1/32", "dev", "lo")
	h := newHostAt(t, "0.0.0.0:53")
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.add(z, record(v, "www", "A", "10.0.0.1"))
	h.applied()
	h.expectRights("0000000000000400")
	h.expectPrivate()
	if silent := h.engine.silentAddresses(t.Context(), "x"); !slices.Contains(silent, "10.9.0.1:53 (tcp), where another program answers") {
		t.Errorf("who expects another named hears %q", silent)
	}
	// An address that comes later is served, too.
	run(t, "ip", "addr", "add", "10.9.0.2/32", "dev", "lo")
	at := netip.MustParseAddrPort("10.9.0.2:53")
	h.until("named listens on the new address", func(protocol.Report) bool {
		_, err := serverIDAt(t.Context(), "udp", at.String(), lookTimeout)
		return err == nil
	})
}

// A named that cannot listen at all is reported, with its own words, and changes fail;
// once it can listen they are applied.
func TestSilentNamedIsReported(t *testing.T) {
	t.Parallel()
	if !testkit.InNetwork(t) {
		return
	}
	h := &host{t: t, dir: t.TempDir(), ids: 100, listen: netip.MustParseAddrPort("127.0.0.1:53"), without: true}
	h.start()
	t.Cleanup(h.stop)
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.add(z, record(v, "www", "A", "10.0.0.1"))
	h.until("the report says it", func(r protocol.Report) bool {
		return len(r.Failures) > 0 && r.Failures[0].More && r.Failures[0].Since <= h.position && r.Applied < h.position &&
			strings.Contains(r.Failures[0].Message, "does not answer at 127.0.0.1:53") &&
			strings.Contains(r.Failures[0].Message, "interface ignored")
	})
	h.stop()
	h.without = false
	h.start()
	h.applied()
}

// One address where a stranger listens is reported while the stranger is there.
func TestStrangersAddressIsReported(t *testing.T) {
	t.Parallel()
	if !testkit.InNetwork(t) {
		return
	}
	h := newHostAt(t, "0.0.0.0:53")
	v := h.view("all", "any")
	z, _ := h.zone("a.test", v)
	h.applied()
	early := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_FREEBIND, 1) })
		return errors.Join(err, failed)
	}}
	stranger, err := early.ListenPacket(t.Context(), "udp", "10.9.0.3:53")
	if err != nil {
		t.Fatal(err)
	}
	run(t, "ip", "addr", "add", "10.9.0.3/32", "dev", "lo")
	go func() {
		buffer := make([]byte, 512)
		for {
			n, from, err := stranger.ReadFrom(buffer)
			if err != nil {
				return
			}
			buffer[2] |= 0x80 // as an answer without a record
			_, _ = stranger.WriteTo(buffer[:n], from)
		}
	}()
	// Beside it stands, sooner or later, that clients there do not get what the log says.
	reported := func(r protocol.Report) bool {
		return slices.ContainsFunc(r.Failures, func(f protocol.Failure) bool {
			return f.More && !f.Now && f.Since <= h.position+1 && strings.Contains(f.Message, "10.9.0.3:53 (udp)")
		})
	}
	h.until("the address is reported", reported)
	h.add(z, record(v, "www", "A", "10.0.0.1"))
	h.until("the record is applied beside it", func(r protocol.Report) bool { return r.Applied == h.position })
	if r := h.engine.Status(); !reported(r) {
		t.Errorf("a change now would not count as failed: %+v at %d", r.Failures, h.position)
	}
	if err := stranger.Close(); err != nil {
		t.Fatal(err)
	}
	h.applied()
	if _, err := serverIDAt(t.Context(), "udp", "10.9.0.3:53", lookTimeout); err != nil {
		t.Errorf("named does not listen where the stranger was: %v", err)
	}
}

// An agent without the right to listen on the port says at its start what to do.
func TestPortNeedsARight(t *testing.T) {
	t.Parallel()
	if !testkit.InNetwork(t) {
		return
	}
	dir := t.TempDir()
	dropped := make(chan error, 1)
	go func() { // its thread ends with it
		runtime.LockOSThread()
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var none [2]unix.CapUserData
		if err := unix.Capset(&header, &none[0]); err != nil {
			dropped <- fmt.Errorf("drop the rights: %w", err)
			return
		}
		_, err := New(Config{Dir: dir, Supervise: true, Listen: netip.MustParseAddrPort("127.0.0.1:53"), Log: slog.New(slog.DiscardHandler)})
		dropped <- err
	}()
	err := <-dropped
	for _, want := range []string{"127.0.0.1:53", "setcap cap_net_bind_service", "ip_unprivileged_port_start", "another port"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
	if capabilities, err := capabilitiesFor(5353); err != nil || len(capabilities) != 0 {
		t.Errorf("a port that needs no right: %v, %v", capabilities, err)
	}
	if capabilities, err := capabilitiesFor(53); err != nil || len(capabilities) != 1 {
		t.Errorf("with the right: %v, %v", capabilities, err)
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte("50"), 0o644); err == nil {
		if capabilities, err := capabilitiesFor(53); err != nil || len(capabilities) != 0 {
			t.Errorf("where everybody may listen: %v, %v", capabilities, err)
		}
	}
}
