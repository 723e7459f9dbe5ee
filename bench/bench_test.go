package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/bench"
	"github.com/opsledger/opsledger/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// Every case runs, tiny, and prints lines that a program can read. No figure is judged.
func TestCases(t *testing.T) {
	t.Parallel()
	program := testkit.Program(t)
	for _, c := range bench.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := runCase(t, c, bench.Config{DatabaseURL: testkit.PostgresURL(t), Program: program, JSON: true, Out: &out}); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			for _, line := range lines {
				var got struct {
					Case           string
					Params, Result map[string]any
					Machine        string
				}
				if err := json.Unmarshal([]byte(line), &got); err != nil {
					t.Fatalf("%q: %v", line, err)
				}
				if got.Case != c.Name || len(got.Params) == 0 || len(got.Result) == 0 || !strings.Contains(got.Machine, "PostgreSQL") {
					t.Errorf("incomplete: %s", line)
				}
			}
		})
	}
}

// runCase parses the case's tiny arguments, and more, as the program does, and runs it.
func runCase(t *testing.T, c bench.Case, cfg bench.Config, more ...string) error {
	t.Helper()
	command := &cli.Command{Name: c.Name, Flags: c.Flags}
	command.Action = func(ctx context.Context, _ *cli.Command) error { return bench.Run(ctx, c, cfg) }
	return command.Run(t.Context(), append(append([]string{c.Name}, c.Tiny...), more...))
}

// What would measure nothing is refused before anything is started.
func TestNumbersOfNothing(t *testing.T) {
	t.Parallel()
	for _, bad := range []struct {
		c           bench.Case
		flag, value string
	}{
		{bench.Append(), "--writers", "1,0"}, {bench.Live(), "--clients", "x"}, {bench.Live(), "--zones", "0"}, {bench.Tasks(), "--counts", ""},
		{bench.Tasks(), "--listed", "0"}, {bench.Tasks(), "--percents", "-1"}, {bench.Bulk(), "--batch", "0"}, {bench.Import(), "--records", "0"},
	} {
		if err := runCase(t, bad.c, bench.Config{Out: io.Discard}, bad.flag, bad.value); err == nil || !strings.Contains(err.Error(), bad.flag) {
			t.Errorf("%s %s %q: %v", bad.c.Name, bad.flag, bad.value, err)
		}
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	var l bench.Latencies
	if got := l.Percentile(50); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
	for i := range 200 {
		l.Add(time.Duration(200-i) * time.Millisecond)
	}
	for p, want := range map[float64]time.Duration{50: 100 * time.Millisecond, 99: 198 * time.Millisecond, 99.9: 200 * time.Millisecond, 100: 200 * time.Millisecond, 0: time.Millisecond} {
		if got := l.Percentile(p); got != want {
			t.Errorf("p%v is %v, want %v", p, got, want)
		}
	}
}

// A table has a header for each set of columns; the machine stands above.
func TestTable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := bench.Case{Name: "x", Run: func(_ context.Context, e *bench.Env) error {
		e.Note("named 9")
		for _, l := range []bench.Line{
			{Params: []bench.Field{{Name: "n", Value: 1}}, Result: []bench.Field{{Name: "p50_ms", Value: 1.23456}}},
			{Params: []bench.Field{{Name: "n", Value: 2}}, Result: []bench.Field{{Name: "p50_ms", Value: 12345.678}}},
			{Params: []bench.Field{{Name: "n", Value: 3}}, Result: []bench.Field{{Name: "p50_ms", Value: 2.0}}, Baseline: []bench.Field{{Name: "p50_ms", Value: 4.0}}, Ratio: 0.5},
		} {
			if err := e.Print(l); err != nil {
				return err
			}
		}
		return nil
	}}
	if err := bench.Run(t.Context(), c, bench.Config{Out: &out}); err != nil {
		t.Fatal(err)
	}
	machine, table, _ := strings.Cut(out.String(), "\n")
	if !strings.HasPrefix(machine, "machine: ") || !strings.HasSuffix(machine, "named 9") {
		t.Errorf("machine line %q", machine)
	}
	const want = "\n  n  p50_ms\n  1    1.23\n  2   12346\n\n  n  p50_ms  baseline p50_ms  ratio\n  3       2                4    0.5\n"
	if table != want {
		t.Errorf("got\n%s\nwant\n%s", table, want)
	}
}
