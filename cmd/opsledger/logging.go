package main

import (
	"errors"
	"io"
	"log/slog"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/internal/program"
)

// logging is what the flags of every command say about its log.
type logging struct {
	Level, Format string

	level  slog.Level
	format program.LogFormat
}

func (l *logging) flags() []cli.Flag {
	return group("General",
		textFlag("log-level", "`level` from which on lines are written: debug, info, warn or error", "info", &l.Level),
		textFlag("log-format", "`format` of the lines: text or json (default: text at a terminal, json elsewhere)", "", &l.Format),
	)
}

// check completes the derived fields.
func (l *logging) check() error {
	err := named("--log-level", l.level.UnmarshalText([]byte(l.Level)))
	var wrong error
	l.format, wrong = program.ParseLogFormat(l.Format)
	return errors.Join(err, named("--log-format", wrong))
}

// logger writes as the flags say, which check has read.
func (l *logging) logger(w io.Writer) *slog.Logger { return program.NewLogger(w, l.level, l.format) }
