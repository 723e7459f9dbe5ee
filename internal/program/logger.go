package program

import (
	"fmt"
	"io"
	"log/slog"
	"os"
)

// LogFormat is how log lines are written. The zero value chooses: text for people at a
// terminal, JSON for machines elsewhere.
type LogFormat string

// The formats.
const (
	LogAuto LogFormat = ""
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// ParseLogFormat reads a format; the empty text is [LogAuto].
func ParseLogFormat(text string) (LogFormat, error) {
	switch format := LogFormat(text); format {
	case LogAuto, LogText, LogJSON:
		return format, nil
	}
	return LogAuto, fmt.Errorf("%q is neither text nor json", text)
}

// NewLogger writes lines of the level and above to w.
func NewLogger(w io.Writer, level slog.Level, format LogFormat) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == LogText || format == LogAuto && isTerminal(w) {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
