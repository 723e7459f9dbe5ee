package embeddednats

import (
	"bytes"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func startTest(t *testing.T, cfg Config) *Server {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = filepath.Join(t.TempDir(), "nats")
	}
	s, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func connect(t *testing.T, s *Server) *nats.Conn {
	t.Helper()
	nc, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func TestStreamsSurviveARestart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "nats")
	s := startTest(t, Config{Dir: dir})
	js, err := jetstream.New(connect(t, s))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s.>"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "s.1", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if s.URL() != "" {
		t.Errorf("a server without listener says that it listens on %q", s.URL())
	}
	s.Stop()

	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("data directory: %v %v, want mode 0700", info.Mode(), err)
	}
	if js, err = jetstream.New(connect(t, startTest(t, Config{Dir: dir}))); err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), "S")
	if err != nil {
		t.Fatal(err)
	}
	if got := stream.CachedInfo().State.LastSeq; got != 1 {
		t.Errorf("last sequence %d, want 1", got)
	}
}

func TestPortZeroIsReported(t *testing.T) {
	t.Parallel()
	s := startTest(t, Config{Listen: ":0"})
	host, port, err := net.SplitHostPort(strings.TrimPrefix(s.URL(), "nats://"))
	if err != nil || host != "127.0.0.1" || port == "0" {
		t.Fatalf("listens on %s:%s (%v), want some port of loopback", host, port, err)
	}
	nc, err := nats.Connect(s.URL(), nats.Timeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	used := filepath.Join(t.TempDir(), "nats")
	startTest(t, Config{Dir: used})
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cfg  Config
		want string
	}{
		"port in use":         {Config{Dir: t.TempDir(), Listen: taken.Addr().String()}, "address already in use"},
		"directory in use":    {Config{Dir: used}, ErrInUse.Error()},
		"no directory":        {Config{}, "no data directory"},
		"directory is a file": {Config{Dir: file}, "not a directory"},
		"no port":             {Config{Dir: t.TempDir(), Listen: "localhost"}, "missing port"},
		"no such port":        {Config{Dir: t.TempDir(), Listen: "localhost:70000"}, "not a number from 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Start(c.cfg)
			if err == nil {
				s.Stop()
				t.Fatal("started")
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q, want one line with %q", err, c.want)
			}
		})
	}
}

// A child has copies of its parent's sockets until it runs its program, so a
// server that is started again where it was may have to wait for those.
func TestStartWaitsForSocketsOfChildren(t *testing.T) {
	t.Parallel()
	copied, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	time.AfterFunc(50*time.Millisecond, func() { closed <- copied.Close() })
	startTest(t, Config{Listen: copied.Addr().String()})
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// What the claim cannot foresee, such as a port that is none of the claim's, comes out
// of the library as a fatal message: that must end Start, not the process.
func TestFatalMessagesOfTheLibraryAreErrors(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	cfg := Config{Dir: t.TempDir(), Listen: "127.0.0.1:0"}
	opts, err := options(cfg)
	if err != nil {
		t.Fatal(err)
	}
	opts.Port = taken.Addr().(*net.TCPAddr).Port
	if _, err := run(opts, cfg); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("error %v, want address already in use", err)
	}
}

func TestMessagesGoToSlog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := newLogSink(slog.New(slog.NewTextHandler(&out, nil)))
	l.Errorf("bad %d", 1)
	l.Warnf("odd %d", 2)
	l.Noticef("news")
	if got := out.String(); !strings.Contains(got, "level=ERROR msg=\"bad 1\"") || !strings.Contains(got, "level=WARN") || strings.Contains(got, "news") {
		t.Errorf("log is %q", got)
	}
}
