package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/internal/pgtls"
)

const (
	// awaitLeast and awaitMost bound the pause between two tries of what is waited for; each
	// failed one is logged.
	awaitLeast, awaitMost = 250 * time.Millisecond, 10 * time.Second
	// knockTimeout bounds one try to reach PostgreSQL.
	knockTimeout = 5 * time.Second
)

// await repeats a step of the start while away says of its error that what it needs is not
// there yet: after a power failure the machines of PostgreSQL and NATS come up when they
// will. Any other error, and ctx's, ends the start.
func await(ctx context.Context, log *slog.Logger, what string, away func(error) bool, step func(context.Context) error) error {
	pause := backoff.Growing{Least: awaitLeast, Most: awaitMost}
	for {
		err := step(ctx)
		if err == nil || ctx.Err() != nil || !away(err) {
			return err
		}
		log.Warn("waiting for "+what, "error", err)
		if !pause.Wait(ctx, nil) {
			return ctx.Err()
		}
	}
}

// awaitDatabase returns once the PostgreSQL of the address takes connections. What is wrong
// with the address or the credentials is left to who opens the database.
func awaitDatabase(ctx context.Context, url string, log *slog.Logger) error {
	config, err := pgx.ParseConfig(url)
	if url == "" || err != nil {
		return nil
	}
	pgtls.Protect(&config.Config)
	err = await(ctx, log, "PostgreSQL (--database-url)", databaseAway, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, knockTimeout)
		defer cancel()
		conn, err := pgx.ConnectConfig(ctx, config)
		if err == nil {
			err = conn.Close(ctx)
		}
		return err
	})
	if ctx.Err() != nil {
		return err
	}
	return nil
}

// startingUp are PostgreSQL's codes for a server that is about to serve: it starts or is
// being stopped, or has no place for another connection.
var startingUp = []string{"57P01", "57P02", "57P03", "53300"}

// databaseAway says whether PostgreSQL is not there yet, rather than refusing.
func databaseAway(err error) bool {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return slices.Contains(startingUp, refused.Code)
	}
	return unreachable(err)
}

// natsAway says whether NATS, or its JetStream, is not there yet, rather than refusing.
func natsAway(err error) bool {
	if refused, ok := errors.AsType[*jetstream.APIError](err); ok {
		return refused.Code == http.StatusServiceUnavailable // no leader yet, or too few nodes
	}
	for _, gone := range []error{
		nats.ErrNoServers, nats.ErrTimeout, nats.ErrNoResponders, nats.ErrDisconnected, jetstream.ErrJetStreamNotEnabled,
	} {
		if errors.Is(err, gone) {
			return true
		}
	}
	return unreachable(err)
}

// unreachable says whether nobody answers at an address.
func unreachable(err error) bool {
	dial, ok := errors.AsType[*net.OpError](err)
	return ok && dial.Op == "dial" || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}
