package embeddednats

import (
	"fmt"
	"log/slog"
	"sync"
)

// logSink implements [server.Logger] on slog. The library calls Fatalf for what
// keeps it from starting and expects the process to end; here the message
// becomes Start's error.
type logSink struct {
	log *slog.Logger

	mu    sync.Mutex
	first error
}

func newLogSink(log *slog.Logger) *logSink {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &logSink{log: log.With("component", "nats")}
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
func (l *logSink) Errorf(format string, v ...any) { l.log.Error(fmt.Sprintf(format, v...)) }

// Warnf implements [server.Logger].
func (l *logSink) Warnf(format string, v ...any) { l.log.Warn(fmt.Sprintf(format, v...)) }

// Noticef implements [server.Logger]. The library's notices are news for its
// developers: versions, thresholds, recovered streams.
func (l *logSink) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }

// Debugf implements [server.Logger].
func (l *logSink) Debugf(string, ...any) {}

// Tracef implements [server.Logger].
func (l *logSink) Tracef(string, ...any) {}
