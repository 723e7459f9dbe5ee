package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/translog"
	"github.com/opsledger/opsledger/translog/verify"
)

// Verify measures how fast a log is put into its tree, and how fast it is checked.
func Verify() Case {
	var c verifyCase
	return Case{
		Name:  "verify",
		Usage: "the log checked against its tree and its tag index, next to a bare SELECT of its rows",
		Description: `The log holds record creations of many zones. First all of it is put into the tree, from nothing to the checkpoint that
covers it. Then what opsledger verify does is timed: once without the tag index (hashes, chain, tree, checkpoint), once
with it. The baseline is one SELECT of the rows by position on one connection, which drops each row undecoded.`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "events", Usage: "length of the log", Value: 500_000, Destination: &c.events},
			&cli.IntFlag{Name: "rounds", Usage: "turns of each", Value: 3, Destination: &c.rounds},
		},
		Tiny: []string{"--events", "500", "--rounds", "1"},
		Run:  c.run,
	}
}

type verifyCase struct{ events, rounds int }

func (c *verifyCase) run(ctx context.Context, e *Env) error {
	s, err := newEstate(ctx, e, 100)
	if err != nil {
		return err
	}
	if err := s.fill(ctx, e, c.events); err != nil {
		return err
	}
	sealed, err := s.publish(ctx, e)
	if err != nil {
		return err
	}
	for _, tags := range []bool{false, true} {
		checked, bare, err := AB(ctx, c.rounds,
			func(ctx context.Context) (Work, error) {
				return timed(func() (int, error) { return s.verify(ctx, tags) })
			},
			func(ctx context.Context, _ Work) (Work, error) {
				return timed(func() (int, error) { return s.selectRows(ctx) })
			})
		if err != nil {
			return err
		}
		if err := e.Print(Line{
			Params:   []Field{{"events", sealed.N}, {"tag_index", tags}},
			Result:   []Field{{"events_per_s", checked.Rate()}, {"put_into_the_tree_per_s", sealed.Rate()}},
			Baseline: []Field{{"rows_per_s", bare.Rate()}},
			Ratio:    checked.Rate() / bare.Rate(),
		}); err != nil {
			return err
		}
	}
	return nil
}

// publish puts the whole log into the tree.
func (s *estate) publish(ctx context.Context, e *Env) (w Work, err error) {
	dir, err := os.MkdirTemp("", "opsledger-bench-")
	if err != nil {
		return Work{}, err
	}
	e.Defer(func() error { return os.RemoveAll(dir) })
	keyFile := filepath.Join(dir, "vault.key")
	secrets, err := vault.Open(s.pool, keyFile)
	if err != nil {
		return Work{}, err
	}
	bus, err := embeddednats.Start(embeddednats.Config{Dir: filepath.Join(dir, "nats")})
	if err != nil {
		return Work{}, err
	}
	defer bus.Stop()
	nc, err := bus.Connect()
	if err != nil {
		return Work{}, err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return Work{}, err
	}
	head, err := s.store.Head(ctx)
	if err != nil {
		return Work{}, err
	}
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	began := time.Now()
	go func() {
		done <- translog.NewPublisher(translog.Config{
			Pool: s.pool, Store: s.store, Vault: secrets, JS: js, Origin: translog.DefaultOrigin(s.store.LogID()), KeyFile: keyFile, Log: e.Log,
		}).Run(running)
	}()
	defer func() { stop(); err = errors.Join(err, <-done) }()
	for reader := translog.NewReader(s.pool, s.store); ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
		if newest, err := reader.Checkpoint(ctx); err == nil && newest.Size == int64(head.Position) {
			break
		}
	}
	return Work{N: int(head.Position), Took: time.Since(began)}, ctx.Err()
}

// verify checks the whole log.
func (s *estate) verify(ctx context.Context, tags bool) (int, error) {
	report, err := verify.Database(ctx, verify.DatabaseConfig{
		Connect: func(ctx context.Context) (*pgx.Conn, error) {
			return pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig.Copy())
		},
		Connections: max(2, runtime.GOMAXPROCS(0)), SkipTags: !tags,
	}, verify.Options{})
	if err == nil && report.Sealed != report.Events {
		err = fmt.Errorf("%d of %d events are under a checkpoint", report.Sealed, report.Events)
	}
	return int(report.Events), err
}
