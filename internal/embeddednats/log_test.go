package embeddednats

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A client that does wrong with each message fills no log.
func TestErrorsAreLoggedAtAPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		sink := newLogSink(slog.New(slog.NewTextHandler(&out, nil)))
		for range 5000 {
			sink.Errorf("Publish Violation - %s", "x")
			sink.Warnf("slow consumer")
		}
		time.Sleep(time.Second)
		sink.Errorf("the next")
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != linesAtOnce+1 || !strings.Contains(lines[linesAtOnce], "left_out=9980") {
			t.Errorf("%d lines, the last is %s", len(lines), lines[len(lines)-1])
		}
	})
}
