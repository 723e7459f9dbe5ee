package main

import (
	"io"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/bench"
)

// Help names every case, with what it measures.
func TestHelp(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	if err := run(t.Context(), []string{"opsledger-bench", "--help"}, &said, io.Discard); err != nil {
		t.Fatal(err)
	}
	words := strings.Join(strings.Fields(said.String()), " ") // lines are broken anywhere
	for _, c := range bench.Cases() {
		if !strings.Contains(said.String(), "\n  "+c.Name+" ") || !strings.Contains(words, c.Name+" "+c.Usage) {
			t.Errorf("help does not tell of %s:\n%s", c.Name, said.String())
		}
	}
}

// What the command line says wrong is refused before anything is started.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, says string }{
		{"nonsense", `no command "nonsense"`},
		{"append extra", "takes no argument"},
		{"append --log-level loud", "--log-level"},
		{"append --writers 0", "--writers"},
		{"http --rounds 1 --program /does/not/exist", "/does/not/exist"},
	} {
		err := run(t.Context(), append([]string{"opsledger-bench"}, strings.Fields(c.args)...), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.args, err)
		}
	}
}
