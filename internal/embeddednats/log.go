package embeddednats

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"golang.org/x/time/rate"
)

// logSink implements [server.Logger] on slog. The library calls Fatalf for what
// keeps it from starting and expects the process to end; here the message
// becomes Start's error.
//
// Invariant: what clients do wrong, which is an error or a warning for each message, is at
// most a line a second, after a few at once.
type logSink struct {
	log  *slog.Logger
	pace *rate.Limiter
	// dropped counts the messages since the last line.
	dropped atomic.Int64

	mu    sync.Mutex
	first error
}

// linesAtOnce is how many errors and warnings are logged as they come.
const linesAtOnce = 20

func newLogSink(log *slog.Logger) *logSink {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &logSink{log: log.With("component", "nats"), pace: rate.NewLimiter(1, linesAtOnce)}
}

// fatal returns the first fatal message so far.
func (l *logSink) fatal() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first
}

// Fatalf implements [server.Logger].
func (l *logSink) Fatalf(format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first == nil {
		l.first = fmt.Errorf(format, v...)
	}
}

// Errorf implements [server.Logger].
func (l *logSink) Errorf(format string, v ...any) { l.say(slog.LevelError, format, v) }

// Warnf implements [server.Logger].
func (l *logSink) Warnf(format string, v ...any) { l.say(slog.LevelWarn, format, v) }

func (l *logSink) say(level slog.Level, format string, v []any) {
	if !l.pace.Allow() {
		l.dropped.Add(1)
		return
	}
	log := l.log
	if n := l.dropped.Swap(0); n > 0 {
		log = log.With("left_out", n)
	}
	log.Log(context.Background(), level, fmt.Sprintf(format, v...))
}

// Noticef implements [server.Logger]. The library's notices are news for its
// developers: versions, thresholds, recovered streams.
func (l *logSink) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }

// Debugf implements [server.Logger].
func (l *logSink) Debugf(string, ...any) {}

// Tracef implements [server.Logger].
func (l *logSink) Tracef(string, ...any) {}
